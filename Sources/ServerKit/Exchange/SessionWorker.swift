internal import CBOR
internal import EDHOC
internal import Fleet
internal import KeyExchange
internal import Logging
internal import Registry
internal import Secrets

/// The bounds of the table of sessions.
public struct SessionLimits: Sendable {
    /// Sessions of all workers together.
    public var sessions = 4096
    /// How long a session may take in all.
    public var sessionSeconds = 30
    /// How long a half-open session is safe from being replaced when the table is full.
    public var patience = Duration.seconds(2)
    /// message_1 a second, enrolling devices and enrolled ones counted apart.
    public var startsPerSecond = 2000.0
    /// message_1 at once after a pause.
    public var startsBurst = 4000.0

    /// The defaults.
    public init() {}
}

/// Performs the sessions of one share of the connection identifiers.
///
/// What costs time elsewhere (the registry, an identity key in hardware) is awaited in a task of its own,
/// so one slow session never holds up the others.
actor SessionWorker {
    /// What all workers have in common.
    struct Shared: Sendable {
        let fleet: FleetID
        let responder: Responder
        let identity: any LongTermKey
        let registry: Registry
        let crypto: any Crypto
        let counters: Counters
        let limits: SessionLimits
        let logger: Logger
        /// Hands a payload to the broker.
        let send: @Sendable (Channel, [UInt8]) -> Void
        /// Seconds since 1970, for the audit log alone.
        let wallClock: @Sendable () -> Int64
    }

    private let index: Int
    private let workers: Int
    private let shared: Shared
    private var table: SessionTable
    private var isClosing = false
    private var refusalAudits: TokenBucket

    init(index: Int, of workers: Int, shared: Shared) {
        self.index = index
        self.workers = workers
        self.shared = shared
        table = SessionTable(capacity: max(1, shared.limits.sessions / workers))
        // An attacker with an account at the broker could otherwise fill the audit log.
        refusalAudits = TokenBucket(perSecond: 5, burst: 50, now: .now)
    }

    /// Takes one payload from a device.
    func receive(_ payload: [UInt8], on channel: Channel) {
        guard let frame = try? Frame(parsing: payload) else {
            shared.counters.add(.payloadsIgnored)
            return
        }
        switch frame {
        case .start(let message1): start(payload, message1, on: channel)
        case .next(let connection, _, _): go(on: connection, payload, channel)
        case .error(let connection, let message):
            // Nobody authenticates an error message, so it ends nothing: time does.
            shared.logger.debug(
                "a device reports an error",
                metadata: ["channel": "\(channel)", "error": "\(message)"])
            _ = connection
        }
    }

    /// Ends what has taken too long.
    func expire() {
        let before = table.count
        let (_, unfinished) = table.expire(now: .now)
        if unfinished > 0 { shared.counters.add(.sessionsExpired, unfinished) }
        shared.counters.add(.sessionsOpen, table.count - before)
    }

    /// Takes no new session from now on; returns how many have work under way.
    func close() -> Int {
        isClosing = true
        return table.busyCount
    }

    // MARK: - Steps

    private func start(_ payload: [UInt8], _ message1: [UInt8], on channel: Channel) {
        if let open = table.entry(on: channel) {
            // The broker repeats, and so do devices: the same bytes get the same answer.
            if open.beginning == payload {
                shared.counters.add(.answersRepeated)
                return perform(open.session.receive(payload), open)
            }
            guard !open.isBusy else { return }
        }
        guard !isClosing else { return }
        let before = table.count
        defer { shared.counters.add(.sessionsOpen, table.count - before) }
        guard table.makeRoom(now: .now, patience: shared.limits.patience) else {
            shared.counters.add(.startsCrowdedOut)
            return
        }
        do {
            let connection = try freshConnection()
            let session = try ServerSession.begin(
                payload: payload, message1: message1, fleet: shared.fleet,
                responder: shared.responder, connection: connection, crypto: shared.crypto)
            if case .enrolment(let identifier) = channel {
                // The topic of an enrolling device is its C_I, so that nobody answers for another.
                guard hexadecimal(session.peerConnection.bytes) == identifier else {
                    shared.counters.add(.payloadsIgnored)
                    return
                }
            }
            shared.counters.add(.handshakesStarted)
            let operation = session.operation
            let now = ContinuousClock.now
            let entry = SessionTable.Entry(
                session: session, channel: channel, beginning: payload, began: now,
                deadline: now + .seconds(shared.limits.sessionSeconds))
            table.insert(entry, connection)
            ask(operation, entry)
        } catch let error as EDHOCError {
            shared.counters.add(.handshakesFailed)
            log("message_1 refused", .handshake(error), channel)
            answer(error, to: message1, on: channel)
        } catch {
            shared.counters.add(.handshakesFailed)
            shared.logger.error("no random numbers", metadata: ["error": "\(error)"])
        }
    }

    private func go(on connection: ConnectionID, _ payload: [UInt8], _ channel: Channel) {
        guard let entry = table.entry(connection, on: channel) else {
            shared.counters.add(.payloadsIgnored)
            return
        }
        perform(entry.session.receive(payload), entry)
    }

    private func perform(_ event: ServerEvent, _ entry: SessionTable.Entry) {
        switch event {
        case .nothing: break
        case .send(let bytes): shared.send(entry.channel, bytes)
        case .sendAndClose(let bytes):
            entry.isOver = true
            shared.send(entry.channel, bytes)
        case .perform(let operation): ask(operation, entry)
        case .identify(let id): perform(entry.session.identified(credential(id, entry)), entry)
        case .reconcile(let introduction): reconcile(introduction, entry)
        case .confirm(let operation, let results, let verdicts):
            confirm(operation, results, verdicts, entry)
        case .acknowledge(let receipt): acknowledge(receipt, entry)
        case .failed(let failure): end(entry, failure)
        case .failedTelling(let failure, let bytes):
            shared.send(entry.channel, bytes)
            end(entry, failure)
        }
    }

    private func end(_ entry: SessionTable.Entry, _ failure: SessionFailure) {
        shared.counters.add(.handshakesFailed)
        log("session failed", failure, entry.channel)
        let before = table.count
        table.remove(entry.session.connection)
        shared.counters.add(.sessionsOpen, table.count - before)
        if case .handshake(let error) = failure, error.code == .unknownCredential {
            auditRefusal(Problem(.unknownDevice), entry)
        }
    }

    private func auditRefusal(_ problem: Problem, _ entry: SessionTable.Entry) {
        guard refusalAudits.take(now: .now), case .device(let id) = entry.channel else { return }
        let shared = shared
        Task {
            try? await shared.registry.refused(
                problem, about: id.description, now: shared.wallClock())
        }
    }

    private func credential(_ id: CredentialID, _ entry: SessionTable.Entry) -> Credential? {
        switch entry.channel {
        case .enrolment:
            // Only who enrols sends a credential whole, and only it may come without a name.
            guard let ccs = id.credentialByValue else { return nil }
            return try? Credential(ccs: ccs, sentByValue: true)
        case .device(let device):
            guard let kid = id.kid else { return nil }
            let found: Credential?
            do { found = try shared.registry.knownCredential(kid: kid) } catch {
                shared.counters.add(.registryFailures)
                return nil
            }
            // The broker vouches for the topic, the handshake for the key: both must be one device.
            guard found?.subject == device.description else { return nil }
            return found
        }
    }

    private func freshConnection() throws(CryptoError) -> ConnectionID {
        while true {
            var bytes = try shared.crypto.randomBytes(Profile.connectionIDLength)
            // The first byte says which worker has the session.
            bytes[0] = UInt8(
                (Int(bytes[0]) / workers * workers + index) % (256 / workers * workers))
            let connection = ConnectionID(bytes)
            if table.isFree(connection) { return connection }
        }
    }

    private func answer(_ error: EDHOCError, to message1: [UInt8], on channel: Channel) {
        // Only a wrong suite can be mended by the device; everything else gets silence, which is of no
        // use to a flood.
        guard case .unsupportedSuite = error.code,
            let connection = try? Self.connection(in: message1)
        else { return }
        shared.send(channel, Frame.error(connection, error.errorMessage).encoded)
    }

    /// C_I of a message_1 that was refused: its fourth item.
    private static func connection(in message1: [UInt8]) throws -> ConnectionID {
        var reader = CBORReader(message1.rawSpan)
        for _ in 0..<3 { try reader.skip() }
        return try ConnectionID(encoded: try reader.item())
    }

    private func log(_ what: Logger.Message, _ failure: SessionFailure, _ channel: Channel) {
        shared.logger.info(
            what, metadata: ["channel": "\(channel)", "reason": "\(failure)"])
    }
}

// MARK: - Work that is awaited

extension SessionWorker {
    private func ask(_ operation: LongTermOperation, _ entry: SessionTable.Entry) {
        if let identity = shared.identity as? SoftwareKey {
            do {
                perform(entry.session.provide(try identity.performNow(operation)), entry)
            } catch {
                end(entry, .crypto(error))
            }
            return
        }
        entry.isBusy = true
        Task {
            do throws(CryptoError) {
                let result = try await shared.identity.perform(operation)
                entry.isBusy = false
                perform(entry.session.provide(result), entry)
            } catch {
                entry.isBusy = false
                end(entry, .crypto(error))
            }
        }
    }

    private func reconcile(_ introduction: Introduction, _ entry: SessionTable.Entry) {
        entry.isHalfOpen = false
        work(entry) { shared throws(RegistryError) in
            let contact = Contact(
                credential: introduction.credential, isByValue: introduction.isByValue,
                claim: introduction.enrolment.map {
                    EnrolmentClaim(
                        tokenID: $0.tokenID, proof: $0.mac,
                        message: introduction.enrolmentMessage)
                },
                report: introduction.report,
                brokerPasswordHash: introduction.isByValue
                    ? try BrokerAccountLine.hash(introduction.brokerPassword, shared.crypto)
                    : nil,
                now: shared.wallClock())
            return try await shared.registry.reconcile(contact)
        } then: { entry, shared, answer in
            switch answer {
            case .offer(let device, let offer, let verdicts):
                entry.device = device
                shared.counters.add(.offers)
                return entry.session.decided(.offer(offer, verdicts: verdicts))
            case .settle(let device, let settle):
                entry.device = device
                shared.counters.add(.settlements)
                return entry.session.decided(.settle(settle))
            case .retire(let device, let retire):
                entry.device = device
                return entry.session.decided(.retire(retire))
            case .refuse(let problem):
                shared.counters.add(.refusals)
                shared.logger.notice(
                    "device refused",
                    metadata: ["channel": "\(entry.channel)", "code": "\(problem.code)"])
                return entry.session.decided(.refuse(problem))
            }
        }
    }

    private func confirm(
        _ operation: OperationID, _ results: [InstallResult], _ verdicts: [Verdict],
        _ entry: SessionTable.Entry
    ) {
        guard let device = entry.device else { preconditionFailure("an offer names its device") }
        work(entry) { shared throws(RegistryError) in
            try await shared.registry.confirm(
                device: device, operation: operation,
                outcomes: results.map {
                    KeyOutcome(name: $0.name, epoch: $0.epoch, failure: $0.failure)
                },
                verdicts: verdicts, now: shared.wallClock())
        } then: { entry, shared, settle in
            shared.counters.add(.settlements)
            return entry.session.settled(settle)
        }
    }

    private func acknowledge(_ receipt: Receipt, _ entry: SessionTable.Entry) {
        guard let device = entry.device else { preconditionFailure("a retirement names its device") }
        work(entry) { shared throws(RegistryError) in
            try await shared.registry.acknowledge(
                device: device, receipt, now: shared.wallClock())
        } then: { entry, shared, settle in
            shared.counters.add(.retirements)
            return entry.session.settled(settle)
        }
    }

    /// Awaits the registry; when it fails, the device is told to come again, and has lost nothing.
    private func work<Result: Sendable>(
        _ entry: SessionTable.Entry,
        _ body: @escaping @Sendable (Shared) async throws(RegistryError) -> Result,
        then next: @escaping (SessionTable.Entry, Shared, Result) -> ServerEvent
    ) {
        entry.isBusy = true
        let shared = shared
        Task {
            do {
                let result = try await body(shared)
                entry.isBusy = false
                perform(next(entry, shared, result), entry)
            } catch {
                entry.isBusy = false
                shared.counters.add(.registryFailures)
                shared.logger.error(
                    "the registry failed", metadata: ["error": "\(error)"])
                let failure = error as? RegistryError
                let code: ProblemCode = failure?.code == .busy ? .busy : .serverFailed
                perform(entry.session.fail(Problem(code)), entry)
            }
        }
    }
}
