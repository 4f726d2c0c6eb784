internal import Synchronization

/// Chance for closures that may be called from anywhere.
final class Draws: Sendable {
    private let chance: Mutex<Chance>
    init(_ chance: Chance) { self.chance = Mutex(chance) }
    func next() -> UInt64 { chance.withLock { $0.next() } }
}
