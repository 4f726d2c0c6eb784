internal import CMosquitto
internal import Glibc
internal import Synchronization

typealias Answer = CheckedContinuation<Result<Void, MQTTError>, Never>
typealias Instant = SuspendingClock.Instant

/// What a caller asks of the thread.
enum Command: Sendable {
    case publish(MQTTPublication, Answer?)
    case subscribe([String], Answer?)
}

/// Where the callers and the connection's thread meet: the only state that they share.
final class Switchboard: Sendable {
    let configuration: MQTTConfiguration
    let messages: AsyncStream<MQTTMessage>
    let events: AsyncStream<MQTTEvent>
    /// An eventfd: readable while there is something new for the thread.
    let bell: CInt
    let inbox: AsyncStream<MQTTMessage>.Continuation
    let eventSink: AsyncStream<MQTTEvent>.Continuation
    let state = Mutex(State())

    struct State {
        var phase = Phase.idle
        var isConnected = false
        var commands: [Command] = []
        var filters: [String] = []
        /// Publications that were taken and neither acknowledged nor given up.
        var outstanding = 0
        var connectionWaiters: [(deadline: Instant, answer: Answer)] = []
        var closeWaiters: [CheckedContinuation<Void, Never>] = []
        var lastFailure: MQTTError?
        var counters = MQTTCounters()
    }

    enum Phase { case idle, running, closing, closed }

    init(_ configuration: MQTTConfiguration) throws(MQTTError) {
        self.configuration = configuration
        (messages, inbox) = AsyncStream.makeStream(
            bufferingPolicy: .bufferingOldest(configuration.inboxCapacity)
        )
        (events, eventSink) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(64))
        bell = eventfd(0, CInt(EFD_CLOEXEC | EFD_NONBLOCK))
        guard bell >= 0 else { throw MQTTError(.system, "eventfd: \(errorText(errno))") }
    }

    deinit { Glibc.close(bell) }
}

// Called from anywhere.
extension Switchboard {
    var isConnected: Bool { state.withLock { $0.isConnected } }
    var counters: MQTTCounters { state.withLock { $0.counters } }

    func start() throws(MQTTError) {
        let isFirst = state.withLock { state in
            guard state.phase == .idle else { return false }
            state.phase = .running
            return true
        }
        precondition(isFirst, "a connection is started once")
        do throws(MQTTError) {
            try Loop.spawn(self)
        } catch {
            state.withLock { $0.phase = .idle }
            throw error
        }
    }

    func check(_ publication: MQTTPublication) throws(MQTTError) {
        try checkTopic(publication.topic)
        if let topic = publication.responseTopic { try checkTopic(topic) }
        let limit = configuration.maximumPayload
        guard publication.payload.count <= limit, publication.correlation?.count ?? 0 <= 1024 else {
            throw MQTTError(
                .tooLarge,
                "want \(limit) bytes at most, have \(publication.payload.count)"
            )
        }
    }

    /// Hands a publication to the thread, or says why not; then the answer is still the caller's.
    func enqueue(_ publication: MQTTPublication, _ answer: Answer?) -> MQTTError? {
        let failure: MQTTError? = state.withLock { state in
            guard state.phase == .running || state.phase == .idle else {
                return MQTTError(.closed, "the connection was closed")
            }
            guard state.isConnected else {
                return MQTTError(.notConnected, state.lastFailure?.description ?? "not yet")
            }
            let capacity = configuration.outboxCapacity
            guard state.outstanding < capacity else {
                return MQTTError(.queueFull, "\(capacity) messages are not yet acknowledged")
            }
            state.outstanding += 1
            state.commands.append(.publish(publication, answer))
            return nil
        }
        if failure == nil { ring() }
        return failure
    }

    func subscribe(to filters: [String], _ answer: Answer) {
        let isQueued = state.withLock { state in
            for filter in filters where !state.filters.contains(filter) {
                state.filters.append(filter)
            }
            guard state.isConnected else { return false }
            state.commands.append(.subscribe(filters, answer))
            return true
        }
        // Not connected: they are asked for as soon as we are let in.
        if isQueued { ring() } else { answer.resume(returning: .success(())) }
    }

    func awaitConnection(until deadline: Instant, _ answer: Answer) {
        let result: Result<Void, MQTTError>? = state.withLock { state in
            if state.isConnected { return .success(()) }
            guard state.phase == .running else {
                return .failure(MQTTError(.closed, "the connection does not run"))
            }
            state.connectionWaiters.append((deadline, answer))
            return nil
        }
        if let result { answer.resume(returning: result) } else { ring() }
    }

    func beginClosing() {
        let hasThread = state.withLock { state in
            guard state.phase == .running else {
                if state.phase == .idle { state.phase = .closed }
                return false
            }
            state.phase = .closing
            return true
        }
        if hasThread { ring() } else if !isClosing { endStreams() }
    }

    func close(_ done: CheckedContinuation<Void, Never>) {
        beginClosing()
        let isClosed = state.withLock { state in
            guard state.phase != .closed else { return true }
            state.closeWaiters.append(done)
            return false
        }
        if isClosed { done.resume() }
    }

    private func ring() {
        var one: UInt64 = 1
        // Fails only when the counter is full, and then the bell rings anyway.
        _ = unsafe write(bell, &one, 8)
    }

    func endStreams() {
        inbox.finish()
        eventSink.finish()
    }
}

extension MQTTError {
    /// Whether the broker answered and said no.
    var isRefusal: Bool { code == .badCredentials || code == .notAuthorised || code == .refused }
}

/// The system's words for an error number.
func errorText(_ number: CInt) -> String {
    unsafe String(cString: strerror(number))
}
