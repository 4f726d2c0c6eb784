/// The course of things: what follows from counts and the clock.
extension CampaignMachine {
    /// What to do now; for a state that asks for nothing, nothing.
    public mutating func tick(_ counts: CampaignCounts, at now: Int64) -> [CampaignStep] {
        precondition(
            counts.waves.count == plan.waves.count,
            "want counts of \(plan.waves.count) waves, have \(counts.waves.count)"
        )
        // The clock went back for good: time counts from here, for the pace and for silence.
        guard state.phase.isUnderWay, state.pacer.isAhead(of: now) else {
            return advance(counts, at: now)
        }
        state.pacer.restart(at: now, isFirst: true)
        return [.expectAnew] + advance(counts, at: now)
    }

    private mutating func advance(_ counts: CampaignCounts, at now: Int64) -> [CampaignStep] {
        switch state.phase {
        case .draft, .awaitingApproval, .preparing, .finished, .cancelled: []
        case .running: tickRunning(counts, at: now)
        case .paused: tickPaused(counts, at: now)
        case .cancelling: tickCancelling(counts, at: now)
        case .rollingBack: tickRollingBack(counts, at: now)
        }
    }

    /// When to ask again although nothing happened, in seconds since 1970; nil for not at all.
    ///
    /// Members that settle, fail, become suspect or are closed are something that happened.
    public func wakeAt(_ counts: CampaignCounts, at now: Int64) -> Int64? {
        var moments: [Int64] = []
        let next = now.saturatingAdding(1)
        switch state.phase {
        case .draft, .awaitingApproval, .preparing, .finished, .cancelled: return nil
        case .cancelling: return nil
        case .paused: break
        case .running:
            let rate = rate(counts, at: now)
            let isFull = counts.inFlight >= plan.maximumInFlight
            let open = openWaiting(counts, at: now)
            if open > 0, !isFull {
                moments.append(
                    max(next, now.saturatingAdding(state.pacer.secondsUntilNext(rate: rate)))
                )
            } else if open == 0, let opening = nextOpening(counts, at: now) {
                moments.append(max(next, opening))
            }
        case .rollingBack:
            if counts.settled(in: state.rollBackWave) > 0, counts.inFlight < plan.maximumInFlight {
                moments.append(
                    max(
                        next,
                        now.saturatingAdding(
                            state.pacer.secondsUntilNext(rate: plan.pace.maximumPerMinute * 1000)
                        )
                    )
                )
            }
        }
        if let deadline = plan.deadline, deadline > now, state.phase != .rollingBack {
            moments.append(deadline)
        }
        return moments.min()
    }

    private mutating func tickRunning(_ counts: CampaignCounts, at now: Int64) -> [CampaignStep] {
        if isPastDeadline(now) { return tickPastDeadline(counts, at: now) }
        if let reaction = reaction(to: counts, at: now) { return reaction }
        var steps: [CampaignStep] = []
        while let next = nextWave(counts) {
            switch gate(before: next, counts) {
            case .closed: return steps + finishOrRelease(counts, at: now)
            case .failed: return steps + pause(.gate(wave: next))
            case .needsApproval: return steps + pause(.approval(wave: next))
            case .open:
                state.openWave = next
                steps.append(.record(.waveOpened(next)))
            }
        }
        return steps + finishOrRelease(counts, at: now)
    }

    private mutating func finishOrRelease(
        _ counts: CampaignCounts,
        at now: Int64
    ) -> [CampaignStep] {
        if counts.isDone, !plan.isDynamic, state.openWave == plan.waves.count - 1 {
            end(as: .finished, at: now)
            return [.record(.finished)]
        }
        return release(counts, at: now)
    }

    // A campaign that someone paused and forgot still ends, so that it does not block others for ever.
    private mutating func tickPaused(_ counts: CampaignCounts, at now: Int64) -> [CampaignStep] {
        isPastDeadline(now) ? tickPastDeadline(counts, at: now) : []
    }

    private mutating func tickPastDeadline(
        _ counts: CampaignCounts,
        at now: Int64
    ) -> [CampaignStep] {
        var steps: [CampaignStep] = []
        if counts[.waiting] + counts[.blocked] > 0 {
            steps += [.record(.deadlinePassed), .skipWaiting(.deadline)]
        }
        if counts[.suspect] > 0 { steps.append(.closeSuspects) }
        // Over only when the counts say so: what was asked for may take many commits, and a crash between.
        guard counts.isDone else { return steps }
        end(as: .finished, at: now)
        return [.record(.finished)]
    }

    private mutating func tickCancelling(
        _ counts: CampaignCounts,
        at now: Int64
    ) -> [CampaignStep] {
        // Asked again for those that joined, or waited for a retry, between two looks.
        if counts.cancellable(in: nil, by: plan.action) > 0 { return [.cancelMembers(wave: nil)] }
        guard counts.inFlight == 0 else { return [] }
        guard counts[.suspect] == 0 else { return [.closeSuspects] }
        end(as: .cancelled, at: now)
        return [.record(.cancelled)]
    }

    private mutating func tickRollingBack(
        _ counts: CampaignCounts,
        at now: Int64
    ) -> [CampaignStep] {
        let wave = state.rollBackWave
        if counts.cancellable(in: wave, by: plan.action) > 0 { return [.cancelMembers(wave: wave)] }
        state.pacer.count(rate: plan.pace.maximumPerMinute * 1000, at: now)
        let settled = counts.settled(in: wave)
        if settled > 0 {
            let room = max(0, plan.maximumInFlight - counts.inFlight)
            let count = min(settled, room, state.pacer.available)
            guard count > 0 else { return [] }
            state.pacer.spend(count)
            return [.rollBack(wave: wave, count: count)]
        }
        guard counts.isBack(wave) else { return [] }
        let steps: [CampaignStep] = [.record(.rolledBack(wave: wave))]
        guard let wave else {
            end(as: .cancelled, at: now)
            return steps + [.record(.cancelled)]
        }
        state.rollBackWave = nil
        return steps + pause(.rolledBack(wave: wave))
    }

    func isPastDeadline(_ now: Int64) -> Bool { plan.deadline.map { $0 <= now } ?? false }
}

extension CampaignState.Phase {
    /// Whether members may be in flight.
    fileprivate var isUnderWay: Bool {
        [.running, .paused, .cancelling, .rollingBack].contains(self)
    }
}

extension CampaignCounts {
    private func scope(_ wave: Int?) -> [WaveCounts] { wave.map { [waves[$0]] } ?? waves }

    func settled(in wave: Int?) -> Int { scope(wave).reduce(0) { $0 + $1[.settled] } }

    /// A key that is compromised stays so: who was released has to go on.
    func cancellable(in wave: Int?, by action: CampaignAction) -> Int {
        scope(wave).reduce(0) {
            $0 + $1[.waiting] + $1[.blocked] + (action == .rotate ? $1[.released] : 0)
        }
    }

    /// Whether nobody of the wave is on the way anywhere; suspects may settle, and go back then.
    func isBack(_ wave: Int?) -> Bool { scope(wave).allSatisfy { $0.isDone } }
}
