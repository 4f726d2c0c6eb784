/// A rate limit: so many a second, and a burst after a pause.
public struct TokenBucket: Sendable {
    /// Tokens that are added each second.
    public let perSecond: Double
    /// The most tokens that gather.
    public let burst: Double
    private var tokens: Double
    private var filledAt: ContinuousClock.Instant

    /// Begins full.
    public init(perSecond: Double, burst: Double, now: ContinuousClock.Instant) {
        self.perSecond = perSecond
        self.burst = burst
        tokens = burst
        filledAt = now
    }

    /// Takes one token; false when there is none.
    public mutating func take(now: ContinuousClock.Instant) -> Bool {
        let passed = filledAt.duration(to: now)
        // A clock that stands still or goes back adds nothing.
        let seconds = max(0, passed / .seconds(1))
        tokens = min(burst, tokens + seconds * perSecond)
        filledAt = max(filledAt, now)
        guard tokens >= 1 else { return false }
        tokens -= 1
        return true
    }
}
