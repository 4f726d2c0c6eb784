internal import Glibc
internal import Synchronization

// Called by the connection's thread.
extension Switchboard {
    var isClosing: Bool { state.withLock { $0.phase == .closing } }
    var filters: [String] { state.withLock { $0.filters } }

    /// When the first of those who wait for a connection gives up.
    var earliestDeadline: Instant? {
        state.withLock { $0.connectionWaiters.map(\.deadline).min() }
    }

    func silenceBell() {
        var count: UInt64 = 0
        _ = unsafe read(bell, &count, 8)
    }

    func takeCommands() -> [Command] {
        state.withLock { state in
            guard !state.commands.isEmpty else { return [] }
            let taken = state.commands
            state.commands.removeAll()
            return taken
        }
    }

    func forget(_ filter: String) {
        state.withLock { $0.filters.removeAll { $0 == filter } }
    }

    func deliver(_ message: MQTTMessage) {
        // AsyncStream's own limit: a full inbox drops the newest, so a flood can't push out what
        // was there before it.
        let isDropped = if case .enqueued = inbox.yield(message) { false } else { true }
        state.withLock { state in
            state.counters.received += isDropped ? 0 : 1
            state.counters.inboxOverflows += isDropped ? 1 : 0
        }
    }

    func countOversized() {
        state.withLock { $0.counters.oversized += 1 }
    }

    /// One publication has met its end.
    func settle(isAcknowledged: Bool) {
        state.withLock { state in
            state.outstanding -= 1
            state.counters.acknowledged += isAcknowledged ? 1 : 0
        }
    }

    func report(_ event: MQTTEvent) { eventSink.yield(event) }

    /// Makes the connection count, unless filters came that the thread has not yet asked for: it
    /// returns those.
    func becomeConnected(havingAskedFor asked: Set<String>) -> [String] {
        // One lock for both: a filter that comes a moment later becomes a command.
        let (missing, waiters): ([String], [Answer]) = state.withLock { state in
            let missing = state.filters.filter { !asked.contains($0) }
            guard missing.isEmpty else { return (missing, []) }
            state.isConnected = true
            state.counters.connects += 1
            state.lastFailure = nil
            defer { state.connectionWaiters.removeAll() }
            return ([], state.connectionWaiters.map(\.answer))
        }
        for waiter in waiters { waiter.resume(returning: .success(())) }
        return missing
    }

    /// The connection is gone, or could not be made; what was handed over goes with it.
    func becameDisconnected(_ failure: MQTTError) {
        let isRefusal = failure.isRefusal
        let (commands, waiters) = state.withLock { state in
            state.isConnected = false
            state.lastFailure = failure
            let commands = state.commands
            state.commands.removeAll()
            let waiters = isRefusal ? state.connectionWaiters : []
            if isRefusal { state.connectionWaiters.removeAll() }
            return (commands, waiters)
        }
        for waiter in waiters { waiter.answer.resume(returning: .failure(failure)) }
        for command in commands {
            switch command {
            case .publish(_, let answer):
                settle(isAcknowledged: false)
                answer?.resume(returning: .failure(failure))
            case .subscribe(_, let answer):
                // Kept: it is asked for again when we are let in.
                answer?.resume(returning: .success(()))
            }
        }
    }

    func expireWaiters(at now: Instant) {
        let (late, failure) = state.withLock { state in
            let late = state.connectionWaiters.filter { $0.deadline <= now }
            state.connectionWaiters.removeAll { $0.deadline <= now }
            return (late, state.lastFailure)
        }
        for waiter in late {
            let reason = failure ?? MQTTError(.timedOut, "no connection within the time given")
            waiter.answer.resume(returning: .failure(reason))
        }
    }

    func becameClosed() {
        let reason = MQTTError(.closed, "the connection was closed")
        becameDisconnected(reason)
        let (waiters, closers) = state.withLock { state in
            state.phase = .closed
            let found = (state.connectionWaiters, state.closeWaiters)
            state.connectionWaiters.removeAll()
            state.closeWaiters.removeAll()
            return found
        }
        for waiter in waiters { waiter.answer.resume(returning: .failure(reason)) }
        endStreams()
        for closer in closers { closer.resume() }
    }
}
