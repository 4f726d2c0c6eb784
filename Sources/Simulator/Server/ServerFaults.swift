internal import Registry
internal import Synchronization

/// Where the server's process ends inside of a change, and whether its disk takes anything.
final class ServerFaults: Sendable {
    private struct State {
        var end: (point: ChangePoint, steps: Int)?
        var hasEnded = false
        var isFull = false
    }

    private let state = Mutex(State())

    /// What the registry is opened with.
    var hook: ChangeFaults { { [self] point in reached(point) } }

    /// Whether the process has come to the end that was planned for it.
    var hasEnded: Bool { state.withLock(\.hasEnded) }

    /// Plans the end of the process at such a point, after so many of them.
    func plan(_ point: ChangePoint, after steps: Int) {
        state.withLock { $0.end = (point, steps) }
    }

    func setFull(_ isFull: Bool) { state.withLock { $0.isFull = isFull } }

    /// A new process.
    func reset() { state.withLock { ($0.end, $0.hasEnded) = (nil, false) } }

    private func reached(_ point: ChangePoint) -> RegistryError? {
        state.withLock { state in
            if state.hasEnded { return RegistryError(.failed, "the process has ended") }
            if let end = state.end, end.point == point {
                if end.steps == 0 {
                    state.hasEnded = true
                    return RegistryError(.failed, "the process ends")
                }
                state.end?.steps -= 1
            }
            if state.isFull, point == .committing {
                return RegistryError(.diskFull, "the disk is full")
            }
            return nil
        }
    }
}
