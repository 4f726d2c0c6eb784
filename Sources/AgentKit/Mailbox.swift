internal import KeyExchange
internal import Synchronization

/// What the agent's loop is woken for.
enum Signal: Sendable {
    /// Something happened on the link of this number.
    case link(Int, LinkEvent)
    /// A timer has run out.
    case timer(Timers.Purpose, Int)
    /// The run of the hook with this number has ended.
    case hook(Int)
    /// Somebody at the device asks for a contact.
    case contact
    /// The process shall end.
    case stop
}

/// The signals that wait for the loop, bounded: messages beyond the limit are dropped, the agent's own
/// signals never are.
final class Mailbox: Sendable {
    /// Messages that may wait; the protocol repeats what is dropped.
    private static let capacity = 32

    private struct State {
        var own: [Signal] = []
        var messages: [Signal] = []
        var reader: CheckedContinuation<Signal, Never>?
    }

    private let state = Mutex(State())

    /// Leaves a signal.
    func post(_ signal: Signal) {
        let reader = state.withLock { state -> CheckedContinuation<Signal, Never>? in
            if let reader = state.reader {
                state.reader = nil
                return reader
            }
            if case .link(_, .message(_, let payload, _)) = signal {
                if state.messages.count < Self.capacity, payload.count <= MessageLimits.payload {
                    state.messages.append(signal)
                }
            } else {
                state.own.append(signal)
            }
            return nil
        }
        reader?.resume(returning: signal)
    }

    /// The next signal, for the one loop.
    func next() async -> Signal {
        await withCheckedContinuation { continuation in
            let found = state.withLock { state -> Signal? in
                if !state.own.isEmpty { return state.own.removeFirst() }
                if !state.messages.isEmpty { return state.messages.removeFirst() }
                state.reader = continuation
                return nil
            }
            if let found { continuation.resume(returning: found) }
        }
    }
}
