import Synchronization

@testable import Registry

/// Fails at the point that is so many away.
final class Fuse: Sendable {
    private let left = Mutex<Int?>(nil)

    func light(_ points: Int) { left.withLock { $0 = points } }

    /// Whether it has burnt; then it is out.
    func takeIsBurnt() -> Bool {
        left.withLock { left in
            defer { left = nil }
            return left.map { $0 < 0 } ?? false
        }
    }

    func reach(_ point: ChangePoint) -> RegistryError? {
        left.withLock { count in
            guard let now = count else { return nil }
            count = now - 1
            return now <= 0 ? RegistryError(.failed, "the fuse has burnt") : nil
        }
    }
}
