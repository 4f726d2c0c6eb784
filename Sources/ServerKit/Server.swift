internal import AdminAPI
internal import BoringCrypto
internal import CLinux
internal import EDHOC
internal import Glibc
internal import KeyExchange
public import Logging
internal import MQTTLink
internal import Registry
internal import Secrets
internal import ServiceLifecycle
internal import UnixSignals

/// The provisioning server: opens what it needs, wires it, and runs until it is told to end.
public struct Server: Sendable {
    private let configuration: ServerConfiguration
    private let logger: Logger
    private let faults: ServerFaults?

    /// Takes settings that have been checked; `faults` is for tests.
    public init(
        _ configuration: ServerConfiguration,
        logger: Logger,
        faults: ServerFaults? = nil
    ) {
        self.faults = faults
        self.configuration = configuration
        self.logger = logger
    }

    /// Runs until SIGTERM or SIGINT; then sessions with work under way are finished first.
    public func run() async throws {
        // No other process may read our memory, and no crash writes it to the disk.
        guard latchkey_forbid_dumps() == 0 else {
            throw RegistryError(.failed, "prctl: \(systemErrorText())")
        }
        let crypto = BoringCrypto()
        let registry = try Registry.open(
            folder: configuration.dataFolder,
            rootKey: try configuration.rootKey(),
            crypto: crypto,
            reservedBytes: Registry.reservedBytes,
            faults: { [faults] point in
                faults?(.registry(point))
                return nil
            }
        )
        let counters = Counters()
        let connection = try connection(registry, crypto)
        let topics = Topics(fleet: registry.fleet)
        let workers = makeWorkers(registry, crypto, counters, connection, topics)
        let exchange = ExchangeService(
            connection: connection,
            topics: topics,
            inboxes: workers.map { WorkerInbox($0) },
            registry: registry,
            counters: counters,
            limits: configuration.limits,
            logger: logger
        )
        var services: [any Service] = [
            exchange,
            SweepService(registry: registry, wallClock: wallClock, logger: logger),
            CampaignDriver(registry: registry, wallClock: wallClock, logger: logger),
            adminServer(registry, counters, connection),
        ]
        if let accounts = try accountFile(registry, crypto) { services.append(accounts) }
        logger.info(
            "latchkeyd runs",
            metadata: [
                "fleet": "\(registry.fleet)", "data": "\(configuration.dataFolder)",
                "socket": "\(configuration.adminSocket)",
            ]
        )
        let group = ServiceGroup(
            configuration: .init(
                services: services,
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: logger
            )
        )
        do {
            try await group.run()
        } catch {
            await registry.close()
            throw error
        }
        await registry.close()
        logger.info("latchkeyd ends")
    }

    private func makeWorkers(
        _ registry: Registry,
        _ crypto: BoringCrypto,
        _ counters: Counters,
        _ connection: MQTTConnection,
        _ topics: Topics
    ) -> [SessionWorker] {
        let suites = configuration.suites.map { CipherSuite.ID(rawValue: $0) }
        let shared = SessionWorker.Shared(
            fleet: registry.fleet,
            answering: { hint in
                registry.answering(hint, suites: suites, crypto: crypto)
            },
            registry: registry,
            crypto: crypto,
            counters: counters,
            limits: configuration.limits,
            logger: logger,
            send: { channel, payload in
                do {
                    try connection.send(
                        MQTTPublication(topic: topics.down(channel), payload: payload)
                    )
                } catch {
                    // The device asks again, and gets the same bytes.
                    counters.add(.publishFailures)
                }
            },
            wallClock: wallClock,
            faults: faults
        )
        let count = min(max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))), SessionWorker.maximumCount)
        return (0..<count).map { SessionWorker(index: $0, of: count, shared: shared) }
    }

    private func connection(
        _ registry: Registry,
        _ crypto: BoringCrypto
    ) throws -> MQTTConnection {
        let authorityFile = "\(configuration.dataFolder)/broker-authority.pem"
        var settings = MQTTConfiguration(
            host: configuration.brokerHost ?? registry.broker.host,
            port: configuration.brokerPort ?? registry.broker.port,
            // Not guessable: a client that connects with the same name would throw the server out.
            clientID: "latchkeyd-\(hexadecimal(try crypto.randomBytes(8)))",
            authorityFile: registry.broker.authority.isEmpty ? nil : authorityFile
        )
        settings.username = "@server"
        settings.password = MQTTPassword(
            try SecretFile.read(configuration.brokerPasswordFile, maximum: 256)
        )
        settings.maximumPayload = MessageLimits.payload
        settings.inboxCapacity = 8192
        settings.outboxCapacity = 8192
        settings.backoff = Backoff(minimum: .milliseconds(500), maximum: .seconds(30))
        return try MQTTConnection(settings)
    }

    private func adminServer(
        _ registry: Registry,
        _ counters: Counters,
        _ connection: MQTTConnection
    ) -> AdminServer {
        let admin = RegistryAdmin(
            registry: registry,
            counters: counters,
            wallClock: wallClock,
            broker: { connection.isConnected ? "connected" : "not connected" }
        )
        return AdminServer(
            service: admin,
            configuration: .init(
                socketPath: configuration.adminSocket,
                access: AccessPolicy(
                    ownUID: geteuid(),
                    uids: Set(configuration.adminUIDs),
                    gids: Set(configuration.adminGIDs)
                ),
                socketGroup: configuration.adminGIDs.first
            ),
            logger: logger
        )
    }

    private func accountFile(
        _ registry: Registry,
        _ crypto: BoringCrypto
    ) throws -> BrokerAccountFile? {
        guard let path = configuration.brokerAccountsFile else { return nil }
        return BrokerAccountFile(
            path: path,
            processIDFile: configuration.brokerProcessIDFile,
            registry: registry,
            crypto: crypto,
            serverPassword: KeyMaterial(
                try SecretFile.read(configuration.brokerPasswordFile, maximum: 256)
            ),
            logger: logger
        )
    }
}

/// Seconds since 1970, for the audit log and for what admins set in days; nothing else trusts it.
let wallClock: @Sendable () -> Int64 = { Int64(time(nil)) }
