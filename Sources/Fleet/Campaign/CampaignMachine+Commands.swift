/// What people say to a campaign.
extension CampaignMachine {
    /// Begins a draft; with `needsSecondPerson` another admin has to agree first.
    public mutating func start(
        by admin: String,
        needsSecondPerson: Bool,
        clocks: CampaignClocks = CampaignClocks(),
        at now: Int64
    ) throws(FleetError) -> [CampaignStep] {
        try want([.draft], "start")
        try plan.checkDeadline(at: now, clocks: clocks)
        state.revision += 1
        guard !needsSecondPerson else {
            state.phase = .awaitingApproval
            return [.record(.submitted(by: admin))]
        }
        return begin(at: now)
    }

    /// Agrees to a campaign that waits for it, or to the wave that does; never the one who made it
    /// when the policy asks for a second person.
    public mutating func approve(
        by admin: String,
        needsSecondPerson: Bool,
        clocks: CampaignClocks = CampaignClocks(),
        at now: Int64
    ) throws(FleetError) -> [CampaignStep] {
        if needsSecondPerson || state.phase == .awaitingApproval, admin == state.createdBy {
            throw FleetError("a second person has to approve: \(admin) made the campaign")
        }
        if state.phase == .paused, case .approval(let wave) = state.pauseReason {
            state.revision += 1
            state.approvedWave = max(state.approvedWave, wave)
            run(at: now)
            return [.record(.approved(by: admin))]
        }
        guard state.phase == .awaitingApproval else {
            throw FleetError("nothing waits for approval: the campaign is \(state.phase)")
        }
        try plan.checkDeadline(at: now, clocks: clocks)
        state.revision += 1
        state.approvedBy = admin
        return [.record(.approved(by: admin))] + begin(at: now)
    }

    /// Says that the target is listed; of none, the campaign is over.
    public mutating func prepared(
        members: Int,
        at now: Int64
    ) throws(FleetError) -> [CampaignStep] {
        try want([.preparing], "take members")
        run(at: now)
        return [.record(.prepared(members: members))]
    }

    /// Releases nothing more until `resume`.
    public mutating func pause(by admin: String) throws(FleetError) -> [CampaignStep] {
        try want([.running], "pause")
        state.revision += 1
        return pause(.admin(by: admin))
    }

    /// Goes on, whatever it was that paused it; a gate is let pass, and what failed so far is forgiven.
    ///
    /// A wave that waits for approval is approved, not resumed.
    public mutating func resume(
        by admin: String,
        counts: CampaignCounts,
        at now: Int64
    ) throws(FleetError) -> [CampaignStep] {
        try want([.paused], "resume")
        switch state.pauseReason {
        case .approval(let wave):
            throw FleetError("wave \(wave + 1) waits for approval: approve it")
        case .gate(let wave): state.passedGate = max(state.passedGate, wave)
        case .rolledBack(let wave): state.passedGate = max(state.passedGate, wave + 1)
        case .stopRule, .sequentialTest, .admin, nil: break
        }
        state.revision += 1
        forgive(counts)
        run(at: now)
        return [.record(.resumed(by: admin))]
    }

    /// Ends it: members that were offered nothing are out of it, the others finish.
    public mutating func cancel(
        by admin: String,
        at now: Int64
    ) throws(FleetError)
        -> [CampaignStep]
    {
        guard !state.phase.isOver, state.phase != .cancelling else {
            throw FleetError("cannot cancel: the campaign is \(state.phase)")
        }
        state.revision += 1
        return beginCancel(by: admin, at: now)
    }

    /// Leads the settled members of one wave, or of all, back to the key they had.
    public mutating func rollBack(
        wave: Int?,
        by admin: String,
        at now: Int64
    ) throws(FleetError) -> [CampaignStep] {
        guard plan.action != .compromise else {
            throw FleetError("a key that is compromised is never rolled back to")
        }
        try want([.running, .paused, .cancelling, .finished, .cancelled], "roll back")
        if let wave {
            try want([.running, .paused], "roll back one wave")
            guard plan.waves.indices.contains(wave), wave <= state.openWave else {
                throw FleetError(
                    "wave \(wave + 1) cannot be rolled back: \(state.openWave + 1) were opened"
                )
            }
        }
        state.revision += 1
        return beginRollBack(wave: wave, at: now)
    }

    /// Lets members that failed by these kinds wait again; also by kinds that need someone's help first.
    public mutating func retry(
        _ kinds: Set<CampaignFailure>,
        by admin: String,
        counts: CampaignCounts,
        at now: Int64
    ) throws(FleetError) -> [CampaignStep] {
        try want([.running, .paused, .finished], "retry")
        guard !kinds.isEmpty else { throw FleetError("retry: want at least one kind of failure") }
        let isAnyone =
            kinds.contains { counts.failures($0) > 0 }
            || kinds.contains(.silent) && counts.skips(.absent) > 0
        guard isAnyone else {
            throw FleetError(
                "retry: no member failed by "
                    + kinds.map(\.description).sorted().joined(separator: ", ")
            )
        }
        if let deadline = plan.deadline, deadline <= now {
            throw FleetError("retry: the deadline is past")
        }
        state.revision += 1
        forgive(counts)
        if state.phase == .finished {
            state.endedAt = nil
            run(at: now)
        }
        return [.retry(kinds), .record(.retried(kinds, by: admin))]
    }

    private func want(
        _ phases: Set<CampaignState.Phase>,
        _ what: String
    ) throws(FleetError) {
        guard phases.contains(state.phase) else {
            throw FleetError("cannot \(what): the campaign is \(state.phase)")
        }
    }
}
