import BrokerHarness
import MQTTLink
import Secrets
import Testing

/// A broker of one's own with the accounts of a small fleet, and what connects to it.
struct Fixture {
    let folder: TemporaryFolder
    let broker: Broker

    static let accounts: [Broker.Account] = [
        .init("@server", password: "of-the-server"), .init("@enrol", password: "of-who-enrols"),
        .init("lamp-1", password: "of-lamp-1"), .init("lamp-2", password: "of-lamp-2"),
    ]

    init(_ transport: Broker.Transport = .tls, settings: [String] = []) async throws {
        folder = try TemporaryFolder()
        broker = try await Broker.start(
            in: folder.path,
            transport: transport,
            accounts: Self.accounts,
            settings: settings
        )
    }

    /// How an account reaches the broker, quick to try again.
    func configuration(
        _ account: String?,
        password: String? = nil,
        clientID: String? = nil,
        port: UInt16? = nil
    ) -> MQTTConfiguration {
        var configuration = MQTTConfiguration(
            host: broker.authorityFile == nil ? "127.0.0.1" : "localhost",
            port: port ?? broker.port,
            clientID: clientID ?? "\(account ?? "nobody")-\(UInt64.random(in: 0 ... .max))",
            authorityFile: broker.authorityFile
        )
        configuration.backoff = Backoff(minimum: .milliseconds(20), maximum: .milliseconds(200))
        // A connection made while a broker dies may hang unanswered: it is soon tried again.
        configuration.connectTimeout = .seconds(1)
        if let account {
            configuration.username = account
            let usual = Self.accounts.first { $0.name == account }?.password
            var bytes = Array((password ?? usual ?? "").utf8)
            configuration.password = MQTTPassword(Secret(taking: &bytes))
        }
        return configuration
    }

    /// A connection that stands.
    func connect(
        _ account: String?,
        password: String? = nil,
        clientID: String? = nil,
        port: UInt16? = nil,
        change: (inout MQTTConfiguration) -> Void = { _ in }
    ) async throws -> MQTTConnection {
        var configuration = configuration(
            account,
            password: password,
            clientID: clientID,
            port: port
        )
        change(&configuration)
        let connection = try MQTTConnection(configuration)
        try connection.start()
        try await connection.waitUntilConnected(within: .seconds(30))
        return connection
    }
}

extension MQTTConnection {
    /// Publishes words.
    func say(_ words: String, at topic: String) async throws(MQTTError) {
        try await publish(MQTTPublication(topic: topic, payload: Array(words.utf8)))
    }

    /// The words of the next message, or nil when none comes in time.
    func hear(within limit: Duration = .seconds(30)) async -> String? {
        await firstValue(of: messages, within: limit).map {
            String(decoding: $0.payload, as: UTF8.self)
        }
    }

    /// The next event that `isWanted`, or nil when none comes in time.
    func event(
        within limit: Duration = .seconds(30),
        where isWanted: @escaping @Sendable (MQTTEvent) -> Bool
    ) async -> MQTTEvent? {
        await firstValue(of: events, within: limit, where: isWanted)
    }
}

func firstValue<Element: Sendable>(
    of stream: AsyncStream<Element>,
    within limit: Duration,
    where isWanted: @escaping @Sendable (Element) -> Bool = { _ in true }
) async -> Element? {
    await withTaskGroup(of: Element?.self) { group in
        group.addTask { await stream.first(where: isWanted) }
        group.addTask {
            try? await Task.sleep(for: limit)
            return nil
        }
        defer { group.cancelAll() }
        return await group.next() ?? nil
    }
}

/// Waits until something is so, thirty seconds at the most; whether it became so.
func becomes(_ condition: () throws -> Bool) async rethrows -> Bool {
    let deadline = ContinuousClock.now + .seconds(30)
    while try !condition() {
        guard .now < deadline else { return false }
        try? await Task.sleep(for: .milliseconds(5))
    }
    return true
}
