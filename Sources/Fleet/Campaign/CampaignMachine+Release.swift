/// Waves, gates and how many members go now.
extension CampaignMachine {
    enum Gate { case closed, failed, needsApproval, open }

    /// The wave that would open next; nil when all are open.
    func nextWave(_ counts: CampaignCounts) -> Int? {
        state.openWave + 1 < plan.waves.count ? state.openWave + 1 : nil
    }

    /// Whether a wave may open, from what became of the one before.
    func gate(before wave: Int, _ counts: CampaignCounts) -> Gate {
        let rule = plan.waves[wave]
        if wave > 0 {
            guard counts.waves[..<wave].allSatisfy({ $0.isQuiet }) else { return .closed }
            if rule.successPercent > 0, state.passedGate < wave {
                // A share of few devices may come to nobody: the last wave that touched someone speaks.
                guard let before = counts.waves[..<wave].last(where: { $0.touched > 0 }) else {
                    return approval(of: wave)
                }
                let good = before[.settled] + before[.kept]
                let bad = before[.failed] + before[.rolledBack] + before[.rollingBack]
                let open = before.suspectsAsEvidence
                // Nobody failed, and nobody settled either: success is what was to be seen.
                if good + open == 0 { return .failed }
                // Suspects count as failed once they are closed; as long as they can decide, they are waited for.
                if (good + open) * 100 < rule.successPercent * (good + bad + open) {
                    return .failed
                }
                if good * 100 < rule.successPercent * (good + bad + open) { return .closed }
            }
        }
        return approval(of: wave)
    }

    private func approval(of wave: Int) -> Gate {
        plan.waves[wave].needsApproval && state.approvedWave < wave ? .needsApproval : .open
    }

    /// Releases what pace, windows, waves and the limit in flight allow.
    mutating func release(_ counts: CampaignCounts, at now: Int64) -> [CampaignStep] {
        state.pacer.count(rate: rate(counts, at: now), at: now)
        var left = min(
            state.pacer.available,
            max(0, plan.maximumInFlight - counts.inFlight)
        )
        var steps: [CampaignStep] = []
        for wave in 0..<(state.openWave + 1) where left > 0 {
            let open = openClocks(counts.waves[wave], counts.clocks, at: now)
            let count = min(left, open.count)
            guard count > 0 else { continue }
            left -= count
            state.pacer.spend(count)
            steps.append(.release(wave: wave, count: count, clocks: open.clocks))
        }
        return steps
    }

    /// Thousandths of a member in a minute: pace, growth, deadline, and what slowed it down.
    public func rate(_ counts: CampaignCounts, at now: Int64) -> Int {
        let pace = plan.pace
        let settled = counts[.settled]
        var rate = pace.rate(confirmed: settled)
        let isProven: Bool
        switch pace.kind {
        case .constant: isProven = true
        // Nobody skips the careful beginning for the sake of a date.
        case .exponential(_, let every): isProven = settled >= every
        }
        if let deadline = plan.deadline, isProven, state.halvings == 0 {
            let left = counts[.waiting] + counts[.blocked]
            rate = max(rate, rateNeeded(for: left, counts.clocks, from: now, until: deadline))
        }
        rate = min(rate, pace.maximumPerMinute * 1000)
        return max(rate >> min(state.halvings, 20), min(rate, Pace.slowest))
    }

    /// Waiting members of open waves whose window is open.
    func openWaiting(_ counts: CampaignCounts, at now: Int64) -> Int {
        counts.waves.prefix(state.openWave + 1).reduce(0) {
            $0 + openClocks($1, counts.clocks, at: now).count
        }
    }

    /// When a window opens for one of the waiting members of open waves.
    func nextOpening(_ counts: CampaignCounts, at now: Int64) -> Int64? {
        var numbers: Set<Int> = []
        for wave in counts.waves.prefix(state.openWave + 1) {
            numbers.formUnion(wave.waitingByClock.filter { $0.value > 0 }.keys)
        }
        return numbers.compactMap { counts.clocks[$0] }
            .compactMap { plan.firstOpening(from: now, clock: $0) }.min()
    }

    /// Members that may go now, and their clocks' numbers; nil when no clock matters.
    private func openClocks(
        _ wave: CampaignCounts.WaveCounts,
        _ clocks: CampaignClocks,
        at now: Int64
    ) -> (count: Int, clocks: Set<Int>?) {
        guard !plan.windows.isEmpty else { return (wave[.waiting], nil) }
        let open = wave.waitingByClock.filter { number, count in
            count > 0 && clocks[number].map { plan.isOpen(at: now, clock: $0) } ?? false
        }
        return (min(open.values.reduce(0, +), wave[.waiting]), Set(open.keys))
    }

    /// Thousandths of a member in a minute that end in time, counting open windows alone; as many as the
    /// plan allows when even that is too few, or when no window opens any more.
    private func rateNeeded(
        for members: Int,
        _ clocks: CampaignClocks,
        from now: Int64,
        until deadline: Int64
    ) -> Int {
        let most = Double(plan.pace.maximumPerMinute * 1000)
        let needed = idealRate(for: members, clocks, from: now, until: deadline) ?? most
        return Int(min(needed, most))
    }

    /// The same, whatever the plan allows; nil when no window opens any more.
    private func idealRate(
        for members: Int,
        _ clocks: CampaignClocks,
        from now: Int64,
        until deadline: Int64
    ) -> Double? {
        guard members > 0 else { return 0 }
        let seconds = plan.openSeconds(
            from: now,
            until: deadline,
            clock: plan.standardClock(clocks)
        )
        guard seconds > 0 else { return nil }
        return (Double(members) * 60_000 / Double(seconds)).rounded(.up)
    }

    /// Says that the deadline is out of reach, while there is something to be done about it.
    public func deadlineWarning(_ counts: CampaignCounts, at now: Int64) -> String? {
        let left = counts[.waiting] + counts[.blocked]
        guard let deadline = plan.deadline, deadline > now, left > 0,
            state.phase == .running || state.phase == .paused
        else { return nil }
        guard let needed = idealRate(for: left, counts.clocks, from: now, until: deadline) else {
            return "no window opens any more before the deadline, and \(left) devices wait"
        }
        // A rate that was halved is not raised for the sake of a date.
        let most = state.halvings > 0 ? rate(counts, at: now) : plan.pace.maximumPerMinute * 1000
        guard needed > Double(most) else { return nil }
        return "the deadline cannot be met: \(left) devices wait, which needs "
            + "\(Int(min(needed / 1000, 1e9).rounded(.up))) in a minute, and at most "
            + "\((most + 999) / 1000) are released"
    }
}

extension CampaignCounts.WaveCounts {
    /// Members that were released, whatever came of it.
    var touched: Int {
        inFlight + self[.suspect] + self[.settled] + self[.failed] + self[.rolledBack] + self[.kept]
            + (skips[.absent] ?? 0)
    }

    /// Whether nobody waits or is in flight; suspects may be left.
    var isQuiet: Bool { self[.waiting] + self[.blocked] + inFlight == 0 }
}

extension Pace {
    /// The rate that slowing down ends at, in thousandths of a member in a minute: one in ten minutes.
    static let slowest = 100

    /// Thousandths of a member in a minute, after so many members settled.
    func rate(confirmed: Int) -> Int {
        guard case .exponential(let factor, let every) = kind else { return perMinute * 1000 }
        var rate = perMinute * 1000
        // The factor is at least 1.1 and a rate at most 100,000, so this ends soon.
        var steps = max(confirmed, 0) / every
        while steps > 0, rate < maximumPerMinute * 1000 {
            rate = rate * factor / 1000
            steps -= 1
        }
        return min(rate, maximumPerMinute * 1000)
    }
}
