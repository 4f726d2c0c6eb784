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
                // A share of few devices may come to nobody: the last wave that has members speaks.
                let before =
                    counts.waves[..<wave].last { $0.total > 0 } ?? counts.waves[wave - 1]
                let good = before[.settled] + before[.kept]
                let bad = before[.failed] + before[.rolledBack] + before[.rollingBack]
                let open = before.suspectsAsEvidence
                // Suspects count as failed once they are closed; as long as they can decide, they are waited for.
                if (good + open) * 100 < rule.successPercent * (good + bad + open) {
                    return .failed
                }
                if good * 100 < rule.successPercent * (good + bad + open) { return .closed }
            }
        }
        return rule.needsApproval && state.approvedWave < wave ? .needsApproval : .open
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
            let open = openOffsets(counts.waves[wave], at: now)
            let count = min(left, open.count)
            guard count > 0 else { continue }
            left -= count
            state.pacer.spend(count)
            steps.append(.release(wave: wave, count: count, offsets: open.offsets))
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
            rate = max(rate, plan.rateNeeded(for: left, from: now, until: deadline))
        }
        rate = min(rate, pace.maximumPerMinute * 1000)
        return max(rate >> min(state.halvings, 20), min(rate, Pace.slowest))
    }

    /// Waiting members of open waves whose window is open.
    func openWaiting(_ counts: CampaignCounts, at now: Int64) -> Int {
        counts.waves.prefix(state.openWave + 1).reduce(0) {
            $0 + openOffsets($1, at: now).count
        }
    }

    /// When a window opens for one of the waiting members of open waves.
    func nextOpening(_ counts: CampaignCounts, at now: Int64) -> Int64? {
        var offsets: Set<Int> = []
        for wave in counts.waves.prefix(state.openWave + 1) {
            offsets.formUnion(wave.waitingByOffset.filter { $0.value > 0 }.keys)
        }
        return offsets.compactMap { plan.firstOpening(from: now, offset: $0) }.min()
    }

    private func openOffsets(
        _ wave: CampaignCounts.WaveCounts,
        at now: Int64
    ) -> (count: Int, offsets: Set<Int>?) {
        guard !plan.windows.isEmpty else { return (wave[.waiting], nil) }
        let open = wave.waitingByOffset.filter {
            $0.value > 0 && plan.isOpen(at: now, offset: $0.key)
        }
        return (min(open.values.reduce(0, +), wave[.waiting]), Set(open.keys))
    }
}

extension CampaignCounts.WaveCounts {
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

extension CampaignPlan {
    /// Thousandths of a member in a minute that end in time, counting open windows alone.
    func rateNeeded(for members: Int, from now: Int64, until deadline: Int64) -> Int {
        guard members > 0 else { return 0 }
        let seconds = openSeconds(from: now, until: deadline, offset: utcOffsetMinutes)
        guard seconds > 0 else { return pace.maximumPerMinute * 1000 }
        let needed = (Double(members) * 60_000 / Double(seconds)).rounded(.up)
        return Int(min(needed, Double(pace.maximumPerMinute) * 1000))
    }

    /// How many seconds between two moments a window is open for devices at this offset.
    func openSeconds(from start: Int64, until end: Int64, offset: Int) -> Int64 {
        guard end > start else { return 0 }
        guard !windows.isEmpty else { return end.saturatingSubtracting(start) }
        let week: Int64 = 7 * 86_400
        let total = end.saturatingSubtracting(start)
        let whole = total / week
        var open = whole > 0 ? whole * openWithin(week, from: start, offset: offset) : 0
        open += openWithin(total % week, from: start, offset: offset)
        return open
    }

    /// Open seconds within at most a week.
    private func openWithin(_ seconds: Int64, from start: Int64, offset: Int) -> Int64 {
        var (open, elapsed): (Int64, Int64) = (0, 0)
        while elapsed < seconds {
            let now = start.saturatingAdding(elapsed)
            if let left = windows.compactMap({ $0.secondsLeft(at: now, offset: offset) }).max() {
                let step = min(left, seconds - elapsed)
                open += step
                elapsed += step
            } else {
                let wait = windows.map { $0.secondsUntilOpen(at: now, offset: offset) }.min() ?? 0
                elapsed += max(wait, 1)
            }
        }
        return open
    }
}
