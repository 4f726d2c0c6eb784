#if DEBUG
internal import Glibc
internal import KeyStore
internal import Synchronization

/// The death of this process at a chosen point of its work on the disk, for tests; a release does not
/// have it.
///
/// `LATCHKEY_FAULT=any:N` ends it at the N-th point that is reached.
enum Fate {
    static func faults() throws(Failure) -> Faults {
        guard let text = System.environment("LATCHKEY_FAULT") else { return { _ in nil } }
        let parts = text.split(separator: ":")
        guard parts.count == 2, parts[0] == "any", let number = Int(parts[1]), number > 0 else {
            throw Failure(.usage, "LATCHKEY_FAULT: want any:N, have \(text)")
        }
        let countdown = Countdown(number)
        return { _ in
            if countdown.isOver() { kill(getpid(), SIGKILL) }
            return nil
        }
    }

    private final class Countdown: Sendable {
        private let left: Mutex<Int>

        init(_ number: Int) { left = Mutex(number) }

        func isOver() -> Bool {
            left.withLock { left in
                left -= 1
                return left == 0
            }
        }
    }
}
#endif
