internal import KeyExchange
internal import Synchronization

/// How far the orders that devices have not acknowledged were published again.
///
///     idle ── begin ──▶ due after "" ── a page ──▶ due after its last ── the last page ──▶ idle
///
/// Beginning again on the way begins from the front.
final class OrderRenewal: Sendable {
    /// Where to go on.
    struct Place: Sendable {
        fileprivate let round: Int
        /// The last device that was done; nil at the front.
        let after: DeviceID?
    }

    private struct State: Sendable {
        var round = 0
        var place: Place?
    }

    private let state = Mutex(State())
    private let continuation: AsyncStream<Void>.Continuation
    /// Ticks when there is something to do; for one reader.
    let signals: AsyncStream<Void>

    init() {
        (signals, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Where to go on; nil when nothing is due.
    var place: Place? { state.withLock { $0.place } }

    /// Makes all of it due.
    func begin() {
        state.withLock { state in
            state.round += 1
            state.place = Place(round: state.round, after: nil)
        }
        wake()
    }

    /// Notes that a page was done; `last` is nil when there is none after it.
    func did(_ place: Place, through last: DeviceID?) {
        state.withLock { state in
            guard state.round == place.round else { return }
            state.place = last.map { Place(round: place.round, after: $0) }
        }
    }

    /// Lets the reader look.
    func wake() { continuation.yield() }
}
