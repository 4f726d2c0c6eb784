/// The changes of phase that people, rules and the course of things have in common.
extension CampaignMachine {
    mutating func begin(at now: Int64) -> [CampaignStep] {
        state.phase = .preparing
        state.startedAt = now
        return [.record(.started), .list]
    }

    mutating func run(at now: Int64) {
        state.phase = .running
        state.pauseReason = nil
        state.pacer.restart(at: now, isFirst: state.pacer.countedAt == nil)
    }

    mutating func pause(_ reason: PauseReason) -> [CampaignStep] {
        state.phase = .paused
        state.pauseReason = reason
        return [.record(.paused(reason))]
    }

    mutating func beginCancel(by actor: String, at now: Int64) -> [CampaignStep] {
        state.pauseReason = nil
        // Nobody was listed yet, or nobody at all will be: there is nothing to wait for.
        guard state.startedAt != nil else {
            state.phase = .cancelled
            state.endedAt = now
            return [.record(.cancelling(by: actor)), .record(.cancelled)]
        }
        state.phase = .cancelling
        return [.record(.cancelling(by: actor)), .cancelMembers(wave: nil)]
    }

    mutating func beginRollBack(wave: Int?, at now: Int64) -> [CampaignStep] {
        state.phase = .rollingBack
        state.pauseReason = nil
        state.rollBackWave = wave
        state.endedAt = nil
        state.pacer.restart(at: now)
        return [.record(.rollingBack(wave: wave)), .cancelMembers(wave: wave)]
    }

    mutating func end(as phase: CampaignState.Phase, at now: Int64) {
        state.phase = phase
        state.pauseReason = nil
        state.endedAt = now
    }

    /// What failed until now is not held against the campaign again.
    mutating func forgive(_ counts: CampaignCounts) {
        state.evidence = 0
        state.baseline.settled = counts[.settled]
        state.baseline.failures = counts.failuresWithSuspects
    }
}

extension CampaignCounts {
    /// Failed members by kind, with suspects whose silence is evidence among the silent.
    var failuresWithSuspects: [CampaignFailure: Int] {
        var sum: [CampaignFailure: Int] = [:]
        for wave in waves {
            for (kind, count) in wave.failures { sum[kind, default: 0] += count }
            sum[.silent, default: 0] += wave.suspectsAsEvidence
        }
        return sum.filter { $0.value > 0 }
    }
}
