import BrokerHarness
import EDHOC
import Fleet
import KeyExchange
import Logging
import MQTTLink
import Registry
import Secrets
import Testing

@testable import ServerKit

/// The service of a scene, at a broker of its own.
final class Exchange: Sendable {
    let scene: Scene
    let broker: Broker
    private let service: ExchangeService

    init(limits: SessionLimits = SessionLimits()) async throws {
        scene = try await Scene()
        broker = try await Broker.start(
            in: scene.folder.path + "/broker",
            transport: .plain,
            accounts: [
                .init("@server", password: "secret"), .init("@enrol", password: "secret"),
                .init("lamp-1", password: "secret"),
            ]
        )
        let connection = try MQTTConnection(Self.settings("@server", "server", broker))
        let topics = Topics(fleet: scene.registry.fleet)
        let old = scene.worker.shared
        let shared = SessionWorker.Shared(
            fleet: old.fleet,
            answering: old.answering,
            registry: old.registry,
            crypto: old.crypto,
            counters: old.counters,
            limits: limits,
            logger: old.logger,
            send: { channel, payload in
                try? connection.send(MQTTPublication(topic: topics.down(channel), payload: payload))
            },
            wallClock: old.wallClock
        )
        service = ExchangeService(
            connection: connection,
            topics: topics,
            inboxes: (0..<2).map {
                WorkerInbox(SessionWorker(index: $0, of: 2, shared: shared))
            },
            registry: old.registry,
            counters: old.counters,
            limits: limits,
            logger: old.logger
        )
    }

    /// Runs `body` while the service runs, and ends the service.
    func run(_ body: () async throws -> Void) async throws {
        let service = service
        let task = Task { try await service.run() }
        #expect(await becomes { service.connection.isConnected })
        // Asked for again, so that the broker's word is there.
        try await service.connection.subscribe(to: service.topics.incoming)
        do { try await body() } catch { Issue.record(error) }
        task.cancel()
        let began = ContinuousClock.now
        try await task.value
        #expect(began.duration(to: .now) < .seconds(15))
        await broker.stop()
    }

    func connect(_ account: String, _ client: String) async throws -> MQTTConnection {
        let connection = try MQTTConnection(Self.settings(account, client, broker))
        try connection.start()
        try await connection.waitUntilConnected(within: .seconds(30))
        return connection
    }

    private static func settings(
        _ account: String,
        _ client: String,
        _ broker: Broker
    ) -> MQTTConfiguration {
        var settings = MQTTConfiguration(
            host: "127.0.0.1",
            port: broker.port,
            clientID: client,
            authorityFile: nil
        )
        settings.username = account
        var password = Array("secret".utf8)
        settings.password = MQTTPassword(Secret(taking: &password))
        settings.backoff = Backoff(minimum: .milliseconds(20), maximum: .milliseconds(200))
        return settings
    }
}
