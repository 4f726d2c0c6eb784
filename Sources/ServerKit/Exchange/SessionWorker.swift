internal import CBOR
internal import EDHOC
internal import Fleet
internal import KeyExchange
internal import Logging
internal import Registry
internal import Secrets

/// Performs the sessions of one share of the connection identifiers.
///
/// What costs time elsewhere (the registry, an identity key in hardware) is awaited in a task of its own,
/// so one slow session never holds up the others.
actor SessionWorker {
    /// What all workers have in common.
    struct Shared: Sendable {
        let fleet: FleetID
        /// Who answers a device that has pinned a generation of the server's anchor, or names none.
        let answering: @Sendable (UInt32?) -> Answering?
        let registry: Registry
        let crypto: any Crypto
        let counters: Counters
        let limits: SessionLimits
        let logger: Logger
        /// Hands a payload to the broker.
        let send: @Sendable (Channel, [UInt8]) -> Void
        /// Seconds since 1970, for the audit log alone.
        let wallClock: @Sendable () -> Int64
        /// For tests.
        var faults: ServerFaults? = nil

        var clerk: Clerk { Clerk(registry, crypto: crypto) }
    }

    /// The most workers: C_R's first byte names one.
    static let maximumCount = 64

    nonisolated let shared: Shared
    private let index: Int
    private let workers: Int
    private var table: SessionTable
    private var isClosing = false
    var refusalAudits: TokenBucket
    /// What the gauge of open sessions says of this worker.
    private var shown = 0

    init(index: Int, of workers: Int, shared: Shared) {
        precondition((1...Self.maximumCount).contains(workers) && (0..<workers).contains(index))
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
        case .error(_, let message):
            // Nobody authenticates an error message, so it ends nothing: time does.
            shared.logger.debug(
                "a device reports an error",
                metadata: ["channel": "\(channel)", "error": "\(message)"]
            )
        }
    }

    /// Ends what has taken too long.
    func expire() {
        let unfinished = table.expire(now: .now)
        if unfinished > 0 { shared.counters.add(.sessionsExpired, unfinished) }
        showCount()
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
        if case .enrolment(let identifier) = channel {
            // The topic of an enrolling device is its C_I, so that nobody answers for another.
            guard let named = Self.connection(in: message1), hexadecimal(named.bytes) == identifier
            else {
                shared.counters.add(.payloadsIgnored)
                return
            }
        }
        if table.isFull { expire() }
        guard
            table.entry(on: channel) != nil
                || table.makeRoom(now: .now, patience: shared.limits.patience)
        else {
            shared.counters.add(.startsCrowdedOut)
            return
        }
        do {
            let connection = try freshConnection()
            var answering: Answering?
            // Before message_2 is made: the device's answer to it is then later than this.
            let ticket = shared.clerk.ticket()
            let session = try ServerSession.begin(
                payload: payload,
                message1: message1,
                fleet: shared.fleet,
                responder: { hint in
                    answering = shared.answering(hint)
                    return answering?.responder
                },
                connection: connection,
                crypto: shared.crypto
            )
            guard let answering else { preconditionFailure("a session that nobody answers") }
            shared.counters.add(.handshakesStarted)
            let operation = session.operation
            let now = ContinuousClock.now
            let entry = SessionTable.Entry(
                session: session,
                answering: answering,
                channel: channel,
                beginning: payload,
                began: now,
                deadline: now + .seconds(shared.limits.sessionSeconds),
                ticket: ticket
            )
            table.insert(entry)
            ask(operation, entry)
        } catch let error as EDHOCError {
            shared.counters.add(.handshakesFailed)
            log("message_1 refused", .handshake(error), channel)
            // Only a wrong suite can be mended by the device; everything else gets silence, which is
            // of no use to a flood.
            if case .unsupportedSuite = error.code,
                let refusal = Frame.refusal(of: message1, because: error)
            {
                shared.send(channel, refusal.encoded)
            }
        } catch {
            shared.counters.add(.handshakesFailed)
            shared.logger.error("no random numbers", metadata: ["error": "\(error)"])
        }
        showCount()
    }

    private func go(on connection: ConnectionID, _ payload: [UInt8], _ channel: Channel) {
        guard let entry = table.entry(connection, on: channel) else {
            shared.counters.add(.payloadsIgnored)
            return
        }
        perform(entry.session.receive(payload), entry)
    }

    func perform(_ event: ServerEvent, _ entry: SessionTable.Entry) {
        switch event {
        case .nothing: break
        case .send(let bytes): shared.send(entry.channel, bytes)
        case .sendAndClose(let bytes):
            table.move(entry, to: .over, now: .now)
            shared.send(entry.channel, bytes)
        case .perform(let operation): ask(operation, entry)
        case .identify(let id): identify(id, entry)
        case .reconcile(let introduction):
            table.move(entry, to: .authentic, now: .now)
            reconcile(introduction, entry)
        case .confirm(let operation, let results, let verdicts):
            confirm(operation, results, verdicts, entry)
        case .acknowledge(let receipt): acknowledge(receipt, entry)
        case .failed(let failure): end(entry, failure)
        case .failedTelling(let failure, let bytes):
            shared.send(entry.channel, bytes)
            end(entry, failure)
        }
    }

    /// Takes the identity key's answer, by which message_2 is made.
    func provide(_ result: consuming LongTermResult, _ entry: SessionTable.Entry) {
        table.move(entry, to: .challenged, now: .now)
        perform(entry.session.provide(result), entry)
    }

    func end(_ entry: SessionTable.Entry, _ failure: SessionFailure) {
        shared.counters.add(.handshakesFailed)
        log("session failed", failure, entry.channel)
        remove(entry)
        if case .handshake(let error) = failure, error.code == .unknownCredential {
            auditRefusal(Problem(.unknownDevice), entry)
        }
    }

    func remove(_ entry: SessionTable.Entry) {
        table.remove(entry.session.connection)
        showCount()
    }

    /// The gauge follows the table from this one place, so that it never drifts.
    private func showCount() {
        guard table.count != shown else { return }
        shared.counters.add(.sessionsOpen, table.count - shown)
        shown = table.count
    }

    private func freshConnection() throws(CryptoError) -> ConnectionID {
        while true {
            var bytes = try shared.crypto.randomBytes(Profile.connectionIDLength)
            // The first byte says which worker has the session.
            bytes[0] = UInt8(
                (Int(bytes[0]) / workers * workers + index) % (256 / workers * workers)
            )
            let connection = ConnectionID(bytes)
            if table.isFree(connection) { return connection }
        }
    }

    /// C_I, the fourth item of message_1.
    private static func connection(in message1: [UInt8]) -> ConnectionID? {
        do {
            var reader = CBORReader(message1.rawSpan)
            for _ in 0..<3 { try reader.skip() }
            return try ConnectionID(encoded: try reader.item())
        } catch {
            return nil
        }
    }

    private func log(_ what: Logger.Message, _ failure: SessionFailure, _ channel: Channel) {
        shared.logger.info(
            what,
            metadata: ["channel": "\(channel)", "reason": "\(failure)"]
        )
    }
}
