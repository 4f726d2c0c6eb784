internal import Hummingbird
public import Logging
package import NIOCore
public import ServiceLifecycle
internal import Synchronization

/// Serves the admin API over HTTP on a Unix socket until it is told to stop.
///
///     connection ─▶ who is it? (SO_PEERCRED) ─▶ permitted? ─▶ route ─▶ AdminService
///                                                  └─ 403        └─ error ─▶ problem document
public struct AdminServer: Service {
    /// Where the socket is and who may use it.
    public struct Configuration: Sendable {
        /// The socket's path.
        public var socketPath: String
        /// Who may administer.
        public var access: AccessPolicy
        /// The group that owns the socket file; nil for the server's own.
        public var socketGroup: UInt32?
        /// Connections served at once; more wait in the kernel's queue.
        public var connections: Int
        /// How long a connection may stay silent.
        public var idleSeconds: Int64
        /// How long requests under way may take to end when the server stops.
        public var stopSeconds: Int64

        /// States all of it.
        public init(
            socketPath: String,
            access: AccessPolicy,
            socketGroup: UInt32? = nil,
            connections: Int = 64,
            idleSeconds: Int64 = 60,
            stopSeconds: Int64 = 5
        ) {
            self.socketPath = socketPath
            self.access = access
            self.socketGroup = socketGroup
            self.connections = connections
            self.idleSeconds = idleSeconds
            self.stopSeconds = stopSeconds
        }
    }

    private let service: any AdminService
    private let configuration: Configuration
    private let logger: Logger
    private let identify: @Sendable (any Channel) async throws -> PeerCredentials

    /// A server in front of a service.
    public init(service: any AdminService, configuration: Configuration, logger: Logger) {
        self.init(
            service: service,
            configuration: configuration,
            logger: logger,
            identify: PeerCredentials.read
        )
    }

    /// The same with another way to tell who is asking, for tests.
    package init(
        service: any AdminService,
        configuration: Configuration,
        logger: Logger,
        identify: @escaping @Sendable (any Channel) async throws -> PeerCredentials
    ) {
        self.service = service
        self.configuration = configuration
        self.logger = logger
        self.identify = identify
    }

    /// Serves until graceful shutdown or cancellation; the socket file is gone afterwards.
    public func run() async throws {
        let file = try SocketFile(path: configuration.socketPath)
        try file.clear()
        let bound = Mutex<(inode: UInt64?, problem: AdminServerError?)>((nil, nil))
        defer { file.remove(inode: bound.withLock { $0.inode }) }
        let group = configuration.socketGroup
        let logger = logger
        let app = Application(
            router: router,
            server: .http1(configuration: .init(idleTimeout: .seconds(configuration.idleSeconds))),
            configuration: .init(
                address: .unixDomainSocket(path: configuration.socketPath),
                availableConnectionsDelegate: .maximum(configuration.connections, logger: logger)
            ),
            onServerRunning: { channel in
                bound.withLock { $0.inode = file.inode }
                do throws(AdminServerError) {
                    try file.open(toGroup: group)
                    logger.info("admin API ready", metadata: ["socket": "\(file.path)"])
                } catch {
                    bound.withLock { $0.problem = error }
                    channel.close(promise: nil)
                }
            },
            logger: logger
        )
        do {
            try await runBounded(app)
        } catch let error as IOError {
            throw AdminServerError(
                .unusable,
                "can't listen on \(file.path): \(errorText(error.errnoCode)); the folder must exist "
                    + "and be writable for the server"
            )
        }
        if let problem = bound.withLock({ $0.problem }) { throw problem }
    }

    /// Runs until it is told to stop, and then not much longer.
    ///
    /// A client that sent half a request would otherwise hold the server until its connection has been
    /// idle for too long.
    private func runBounded(_ app: some ApplicationProtocol) async throws {
        let patience = configuration.stopSeconds
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await app.run() }
            tasks.addTask {
                try await gracefulShutdown()
                try await Task.sleep(for: .seconds(patience))
            }
            defer { tasks.cancelAll() }
            do {
                try await tasks.next()
            } catch is CancellationError {}
        }
    }

    private var router: Router<AdminContext> {
        let router = Router(context: AdminContext.self)
        router.add(middleware: ProblemMiddleware())
        router.add(middleware: AccessMiddleware(policy: configuration.access, identify: identify))
        for route in Routes(service: service).all { route.add(to: router) }
        return router
    }
}
