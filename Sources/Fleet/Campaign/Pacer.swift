/// How much of the next release has accrued: all that a pace remembers, over restarts too.
public struct Pacer: Hashable, Sendable {
    /// One member, in the unit of `credit`: thousandths of a member in a minute, times seconds.
    static let member = 60_000
    /// The longest time that is caught up with, in seconds; a pause or a jump of the clock gives no more.
    static let catchUpSeconds = 15

    /// How far back a clock may be set before it is taken for another one, in seconds.
    static let toleranceSeconds: Int64 = 60

    /// The most that can ever accrue.
    static let maximumCredit = Pace.rateRange.upperBound * 1000 * catchUpSeconds

    /// When time was counted last, in seconds since 1970; nil before the first time.
    public internal(set) var countedAt: Int64?
    /// What has accrued and was not released.
    public internal(set) var credit = 0

    /// Nothing accrued.
    public init() {}

    /// Members that may be released now.
    public var available: Int { credit / Self.member }

    /// Counts the time since the last call at a rate in thousandths of a member in a minute.
    ///
    /// A clock that goes back counts as no time; one that jumps ahead gives at most `catchUpSeconds`.
    mutating func count(rate: Int, at now: Int64) {
        defer { countedAt = now }
        guard let countedAt else { return }
        let elapsed = max(now.saturatingSubtracting(countedAt), 0)
        let most = max(Self.member, rate * Self.catchUpSeconds)
        let (grown, overflows) = rate.multipliedReportingOverflow(by: Int(elapsed))
        credit = overflows ? most : min(credit.addingReportingOverflow(grown).partialValue, most)
        if credit < 0 { credit = most }
    }

    /// Whether time was counted by a clock that was ahead of this one, and not by a little.
    func isAhead(of now: Int64) -> Bool {
        countedAt.map { now < $0.saturatingSubtracting(Self.toleranceSeconds) } ?? false
    }

    /// Takes what was released.
    mutating func spend(_ members: Int) { credit -= members * Self.member }

    /// Forgets what has accrued, as after a pause; a campaign that begins has its first member free, so
    /// that nobody waits for a slow pace to begin.
    mutating func restart(at now: Int64, isFirst: Bool = false) {
        credit = isFirst ? Self.member : 0
        countedAt = now
    }

    /// Seconds until a member may be released at this rate.
    func secondsUntilNext(rate: Int) -> Int64 {
        guard credit < Self.member, rate > 0 else { return 0 }
        return Int64((Self.member - credit + rate - 1) / rate)
    }
}
