internal import KeyExchange

extension CampaignPlan {
    /// Refuses a deadline that is past, or that comes before the first window opens.
    ///
    /// Apart from `init`, since a stored plan is read back at any time.
    public func checkDeadline(
        at now: Int64,
        clocks: CampaignClocks = CampaignClocks()
    ) throws(FleetError) {
        guard let deadline else { return }
        guard deadline > now else {
            throw FleetError("the deadline \(utc(deadline)) is past: it is \(utc(now))")
        }
        guard let opensAt = firstOpening(from: now, clock: standardClock(clocks)) else { return }
        guard opensAt < deadline else {
            throw FleetError(
                "no window opens before the deadline \(utc(deadline)): the first opens at "
                    + utc(opensAt)
            )
        }
    }

    func checkNumbers() throws(FleetError) {
        try Self.check("members in flight", maximumInFlight, Self.inFlightRange)
        try Self.check("priority", priority, Self.priorityRange)
        try Self.check("offset from UTC in minutes", utcOffsetMinutes, MaintenanceWindow.offsets)
        guard timeZone == nil || utcOffsetMinutes == 0 else {
            throw FleetError("want either a time zone or an offset from UTC, have both")
        }
        try Self.check("windows", windows.count, 0...Self.limits.windows)
        try Self.check("stop rules", stopRules.count, 0...Self.limits.stopRules)
        if let deadline, deadline < 0 {
            throw FleetError("want a deadline in seconds since 1970, have \(deadline)")
        }
        guard !isDynamic || deadline != nil else {
            throw FleetError(
                "a dynamic campaign wants a deadline: devices may join it for ever"
            )
        }
        for (kind, budget) in retries.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            guard kind.isRetryable else {
                throw FleetError(
                    "retries: \(kind) fails again however often it is tried; want one of "
                        + CampaignFailure.allCases.filter(\.isRetryable).map(\.description)
                        .joined(separator: ", ")
                )
            }
            try Self.check("retries for \(kind)", budget, Self.retryRange)
        }
    }

    func checkWaves() throws(FleetError) {
        try Self.check("waves", waves.count, 1...Self.limits.waves)
        var percent = 0
        for (index, wave) in waves.enumerated() {
            let name = "wave \(index + 1)"
            switch wave.size {
            case .count(let count): try Self.check("members of \(name)", count, 1...10_000_000)
            case .percent(let share):
                try Self.check("percent of \(name)", share, 1...100)
                percent += share
            case .matching: break
            case .rest:
                guard index == waves.count - 1 else {
                    throw FleetError("\(name) takes the rest: only the last wave can")
                }
            }
            try Self.check("success percent of \(name)", wave.successPercent, 0...100)
        }
        guard percent <= 100 else {
            throw FleetError("the waves add up to \(percent) percent: want at most 100")
        }
        guard waves.last?.size == .rest || percent == 100 else {
            throw FleetError(
                "the waves leave members over: want the rest as the last wave, or shares that "
                    + "add up to 100 percent"
            )
        }
        if let first = waves.first, first.successPercent > 0 {
            throw FleetError("wave 1 waits for the success of the wave before, and there is none")
        }
    }

    func checkReactions() throws(FleetError) {
        let reactions = stopRules.map(\.reaction) + (sequentialTest.map { [$0.reaction] } ?? [])
        guard action != .compromise || !reactions.contains(.rollBackWave) else {
            throw FleetError(
                "a key that is compromised is never rolled back to: want another reaction than "
                    + "rollBackWave"
            )
        }
    }

    private static func check(
        _ what: String,
        _ value: Int,
        _ range: ClosedRange<Int>
    ) throws(FleetError) {
        guard range.contains(value) else {
            throw FleetError(
                "\(what) out of range: want \(range.lowerBound) to \(range.upperBound), "
                    + "have \(value)"
            )
        }
    }
}
