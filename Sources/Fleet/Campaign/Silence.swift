/// When a device's silence says something: its own rhythm of contact decides.
public struct Silence: Hashable, Sendable {
    /// How many times its usual interval a device may take, in tenths.
    public static let factorRange = 11...1000
    /// Seconds of a floor or ceiling: a minute to two years.
    public static let limitRange: ClosedRange<Int64> = 60...(2 * 366 * 86_400)

    /// How many times its usual interval a device may take before it is suspect, in tenths.
    public let factorTenths: Int
    /// The least time that a device is given, in seconds.
    public let floorSeconds: Int64
    /// The most time that a device is given, in seconds; also for one whose rhythm is not known.
    public let ceilingSeconds: Int64

    /// Three intervals, at least fifteen minutes, at most two weeks.
    public static let standard = Silence(factor: 30, floor: 900, ceiling: 14 * 86_400)

    /// Checks the numbers.
    public init(
        factorTenths: Int,
        floorSeconds: Int64 = Silence.standard.floorSeconds,
        ceilingSeconds: Int64 = Silence.standard.ceilingSeconds
    ) throws(FleetError) {
        guard Self.factorRange.contains(factorTenths) else {
            throw FleetError(
                "silence: want a factor of 1.1 to 100, have \(factorTenths / 10).\(abs(factorTenths % 10))"
            )
        }
        for limit in [floorSeconds, ceilingSeconds] where !Self.limitRange.contains(limit) {
            throw FleetError(
                "silence: want limits of \(Self.limitRange.lowerBound) to "
                    + "\(Self.limitRange.upperBound) seconds, have \(limit)"
            )
        }
        guard floorSeconds <= ceilingSeconds else {
            throw FleetError(
                "silence: the least time of \(floorSeconds) seconds is more than the most, "
                    + "\(ceilingSeconds)"
            )
        }
        self.init(factor: factorTenths, floor: floorSeconds, ceiling: ceilingSeconds)
    }

    private init(factor: Int, floor: Int64, ceiling: Int64) {
        factorTenths = factor
        floorSeconds = floor
        ceilingSeconds = ceiling
    }

    /// How long a device may be silent, in seconds; `interval` is the usual time between its contacts.
    public func allowance(interval: Int64?) -> Int64 {
        guard let interval, interval > 0 else { return ceilingSeconds }
        // The longest interval that matters is the ceiling itself, so nothing can overflow.
        let grown = min(interval, ceilingSeconds) * Int64(factorTenths) / 10
        return min(max(grown, floorSeconds), ceilingSeconds)
    }

    /// When a member released at `releasedAt` becomes suspect if it is not heard, in seconds since 1970.
    public func suspectAt(releasedAt: Int64, interval: Int64?) -> Int64 {
        releasedAt.saturatingAdding(allowance(interval: interval))
    }

    /// When a suspect is given up, as `silent` or `absent`: after as long again as it was allowed.
    public func closeAt(suspectAt: Int64, interval: Int64?) -> Int64 {
        suspectAt.saturatingAdding(allowance(interval: interval))
    }

    /// The latest moment at which something may be expected of a member now.
    ///
    /// What is later was computed by a clock that was ahead. Nil for a state in which nothing is expected.
    public func latest(_ state: MemberState, interval: Int64?, at now: Int64) -> Int64? {
        switch state {
        case .released, .offered: suspectAt(releasedAt: now, interval: interval)
        case .suspect: closeAt(suspectAt: now, interval: interval)
        case .rollingBack:
            closeAt(suspectAt: suspectAt(releasedAt: now, interval: interval), interval: interval)
        case .waiting, .blocked, .settled, .failed, .skipped, .cancelled, .rolledBack, .kept: nil
        }
    }

    /// Whether the silence of a member says anything about the campaign.
    ///
    /// A device that was overdue (or never heard) before it was released is silent for a reason of its own.
    public func isEvidence(releasedAt: Int64, lastSeenBefore: Int64?, interval: Int64?) -> Bool {
        guard let lastSeenBefore else { return false }
        return releasedAt.saturatingSubtracting(lastSeenBefore) <= allowance(interval: interval)
    }
}
