/// Stop rules and the sequential test.
extension CampaignMachine {
    /// Takes one outcome into the sequential test; `tick` acts on it.
    public mutating func record(_ outcome: Outcome) {
        guard let test = plan.sequentialTest, state.phase == .running || state.phase == .paused
        else { return }
        switch outcome {
        case .settled: state.evidence = max(0, state.evidence - test.successWeight)
        // Too many at once is the fault of the pace, not of the change.
        case .failed(.throttled), .suspect(isEvidence: false): break
        case .failed, .suspect(isEvidence: true):
            // Beyond twice the threshold nothing more can be said.
            state.evidence = min(state.evidence + test.failureWeight, 2 * test.threshold)
        case .heard: state.evidence = max(0, state.evidence - test.failureWeight)
        case .settledLate(let wasEvidence):
            let taken = wasEvidence ? test.failureWeight : 0
            state.evidence = max(0, state.evidence - taken - test.successWeight)
        }
    }

    /// Whether the sequential test has seen enough.
    public var isAlarmed: Bool {
        plan.sequentialTest.map { state.evidence >= $0.threshold } ?? false
    }

    /// What the test or the first rule that applies asks for; nil when none does.
    mutating func reaction(to counts: CampaignCounts, at now: Int64) -> [CampaignStep]? {
        if let test = plan.sequentialTest, isAlarmed {
            return react(test.reaction, .sequentialTest, counts, at: now)
        }
        for (index, rule) in plan.stopRules.enumerated()
        where rule.applies(to: counts, since: state.baseline) {
            return react(rule.reaction, .stopRule(index), counts, at: now)
        }
        return nil
    }

    private mutating func react(
        _ reaction: StopRule.Reaction,
        _ reason: PauseReason,
        _ counts: CampaignCounts,
        at now: Int64
    ) -> [CampaignStep] {
        switch reaction {
        case .pause: return pause(reason)
        case .slowDown:
            // Judged anew from here: the same failures do not halve the rate twice.
            forgive(counts)
            state.halvings = min(state.halvings + 1, 20)
            state.pacer.restart(at: now)
            return [.record(.stopped(reason)), .record(.slowedDown)]
        case .cancel: return [.record(.stopped(reason))] + beginCancel(by: "server", at: now)
        case .rollBackWave:
            guard state.openWave >= 0 else { return pause(reason) }
            forgive(counts)
            return [.record(.stopped(reason))]
                + beginRollBack(wave: state.openWave, at: now)
        }
    }
}

extension StopRule {
    /// Whether so much went wrong since the baseline.
    func applies(to counts: CampaignCounts, since baseline: CampaignState.Baseline) -> Bool {
        let failures = counts.failuresWithSuspects
        var (counted, all) = (0, 0)
        for (kind, count) in failures {
            // A retry makes failures fewer: never less than none.
            let fresh = max(0, count - (baseline.failures[kind] ?? 0))
            all += fresh
            if self.failures.isEmpty || self.failures.contains(kind) { counted += fresh }
        }
        switch threshold {
        case .count(let count): return counted >= count
        case .percent(let percent, let sample):
            let ended = all + max(0, counts[.settled] - baseline.settled)
            return ended >= sample && counted * 100 >= percent * ended
        }
    }
}
