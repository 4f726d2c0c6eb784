#if DEBUG
internal import ArgumentParser
internal import Glibc
internal import ServerKit
internal import Synchronization

/// The death of this process at a chosen fault point, for tests; a release does not have it.
///
/// `LATCHKEY_FAULT=any:N` ends it at the N-th point that is reached, `settle:N` at the N-th from the
/// first CONFIRM to its answer.
enum Fate {
    private struct Progress {
        var left: Int
        let isSettleAlone: Bool
        var hasBegun: Bool
    }

    static func faults() throws -> ServerFaults? {
        guard let text = unsafe getenv("LATCHKEY_FAULT").map({ unsafe String(cString: $0) })
        else { return nil }
        let parts = text.split(separator: ":")
        guard parts.count == 2, ["any", "settle"].contains(parts[0]),
            let number = Int(parts[1]), number > 0
        else { throw ValidationError("LATCHKEY_FAULT: want any:N or settle:N, have \(text)") }
        let progress = Fated(left: number, isSettleAlone: parts[0] == "settle")
        return { point in
            guard progress.isDue(at: point) else { return }
            kill(getpid(), SIGKILL)
        }
    }

    private final class Fated: Sendable {
        private let progress: Mutex<Progress>

        init(left: Int, isSettleAlone: Bool) {
            progress = Mutex(
                Progress(left: left, isSettleAlone: isSettleAlone, hasBegun: !isSettleAlone)
            )
        }

        func isDue(at point: ServerFaultPoint) -> Bool {
            progress.withLock { progress in
                if point == .confirmReceived { progress.hasBegun = true }
                guard progress.hasBegun else { return false }
                progress.left -= 1
                if progress.left == 0 { return true }
                // A negative number never comes to nothing.
                if progress.isSettleAlone, point == .answered { progress.left = -1 }
                return false
            }
        }
    }
}
#endif
