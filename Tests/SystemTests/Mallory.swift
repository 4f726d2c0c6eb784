import EstateHarness
import BrokerHarness
import MQTTLink
import Secrets
import Synchronization

/// Whoever controls the broker: hears everything, says anything anywhere.
final class Mallory: Sendable {
    private let connection: MQTTConnection
    private let heard = Mutex<[MQTTMessage]>([])
    private let listener = Mutex<Task<Void, Never>?>(nil)

    /// Connects past any proxy; `react` is called with each message that is heard.
    init(
        _ estate: Estate,
        react: @escaping @Sendable (Mallory, MQTTMessage) -> Void = { _, _ in }
    ) async throws {
        var settings = MQTTConfiguration(
            host: estate.broker.authorityFile == nil ? "127.0.0.1" : "localhost",
            port: estate.broker.port,
            clientID: "mallory-\(UInt64.random(in: 0 ... .max))",
            authorityFile: estate.broker.authorityFile
        )
        settings.username = Estate.mallory.name
        var password = Array(Estate.mallory.password.utf8)
        settings.password = MQTTPassword(Secret(taking: &password))
        settings.inboxCapacity = 65_535
        settings.outboxCapacity = 65_535
        settings.maximumPayload = 20_000
        connection = try MQTTConnection(settings)
        try connection.start()
        try await connection.waitUntilConnected(within: .seconds(30))
        try await connection.subscribe(to: ["latchkey/#"])
        let task = Task { [weak self, connection] in
            for await message in connection.messages {
                guard let self else { return }
                self.heard.withLock { $0.append(message) }
                react(self, message)
            }
        }
        listener.withLock { $0 = task }
    }

    deinit { listener.withLock { $0 }?.cancel() }

    /// All that was heard so far.
    var messages: [MQTTMessage] { heard.withLock { $0 } }

    /// Publishes, and waits until the broker has it.
    func publish(_ payload: [UInt8], at topic: String, isRetained: Bool = false) async throws {
        var publication = MQTTPublication(topic: topic, payload: payload)
        publication.isRetained = isRetained
        try await connection.publish(publication)
    }

    /// Publishes, and does not wait.
    func send(_ payload: [UInt8], at topic: String) throws {
        try connection.send(MQTTPublication(topic: topic, payload: payload))
    }

    /// How many messages the broker has taken.
    var acknowledged: Int { connection.counters.acknowledged }

    func leave() async {
        listener.withLock { $0 }?.cancel()
        await connection.close()
    }
}
