/// The pause before the next attempt: random, so that a fleet does not return in step, and longer
/// with each failure, so that it does not hammer a broker that is down.
///
/// The n-th pause is `minimum` plus a random part of `minimum` · 2ⁿ, `maximum` at the most.
public struct Backoff: Sendable {
    /// The shortest pause.
    public var minimum: Duration
    /// The longest pause.
    public var maximum: Duration
    /// Where the random part comes from: any 64 bits each time.
    public var randomBits: @Sendable () -> UInt64
    private var failures = 0

    /// Pauses between two bounds.
    public init(
        minimum: Duration = .seconds(1),
        maximum: Duration = .seconds(120),
        randomBits: @escaping @Sendable () -> UInt64 = { UInt64.random(in: .min ... .max) }
    ) {
        precondition(minimum > .zero && minimum <= maximum, "a pause must be positive and bounded")
        self.minimum = minimum
        self.maximum = maximum
        self.randomBits = randomBits
    }

    /// The pause to make after one more failure.
    public mutating func next() -> Duration {
        // 2^20 times the minimum is past any sensible maximum.
        let range = min(minimum * (1 << min(failures, 20)), maximum)
        failures += 1
        let part = Double(randomBits() >> 11) * 0x1p-53
        return min(minimum + range * part, maximum)
    }

    /// Starts again from the shortest pause.
    public mutating func reset() { failures = 0 }
}
