internal import Fleet
internal import GRDB
internal import KeyExchange

/// One commit's part of what a campaign has to do.
extension Transaction {
    /// Goes on with a campaign; whether there is more to do at once.
    func pulse(_ id: Int64, now: Int64) throws -> Bool {
        guard var campaign = try campaign(id),
            !campaign.state.phase.isOver || !campaign.jobs.isEmpty
        else { return false }
        if let job = campaign.jobs.first {
            let rest = try perform(job, of: campaign, now: now)
            try flushCampaigns()
            // The evidence of what was just done stands in the row.
            campaign = try self.campaign(id) ?? campaign
            campaign.jobs.replaceSubrange(..<1, with: rest)
            if campaign.jobs.isEmpty, campaign.state.phase == .preparing {
                try prepared(&campaign, now: now)
            }
            try save(campaign)
            return true
        }
        if try markSilent(campaign, now: now) { return true }
        let counts = try counts(of: campaign)
        campaign = try self.campaign(id) ?? campaign
        let steps = campaign.machine.tick(counts, at: now)
        guard !steps.isEmpty else { return false }
        try take(steps, for: &campaign, counts: counts, actor: "server", now: now)
        try save(campaign)
        return !campaign.jobs.isEmpty || !campaign.state.phase.isOver
    }

    private func prepared(_ campaign: inout CampaignRow, now: Int64) throws {
        let counts = try counts(of: campaign)
        let steps: [CampaignStep]
        do throws(FleetError) {
            steps = try campaign.machine.prepared(members: counts.total, at: now)
        } catch {
            throw RegistryError(.conflict, error.description)
        }
        try take(steps, for: &campaign, counts: counts, actor: "server", now: now)
    }

    /// Queues what the machine asked for, and writes what it said.
    func take(
        _ steps: [CampaignStep],
        for campaign: inout CampaignRow,
        counts: CampaignCounts,
        actor: String,
        now: Int64
    ) throws {
        for step in steps {
            if case .record(let event) = step {
                try audit(
                    AuditKind(event),
                    of: &campaign,
                    actor: event.actor ?? actor,
                    now: now,
                    event.details(counts)
                )
            } else if let job = CampaignJob(step) {
                campaign.jobs.append(job)
            }
        }
        switch campaign.state.phase {
        // What was decided before the word of halt is not done any more.
        case .paused, .cancelling, .rollingBack, .cancelled, .finished:
            let isBack = campaign.state.phase == .rollingBack
            campaign.jobs.removeAll { job in
                if case .rollBack = job { return !isBack }
                return job.isAdvance
            }
        case .draft, .awaitingApproval, .preparing, .running: break
        }
    }
}

extension AuditKind {
    fileprivate init(_ event: CampaignEvent) {
        self =
            switch event {
            case .submitted: .campaignSubmitted
            case .approved: .campaignApproved
            case .started: .campaignStarted
            case .prepared: .campaignPrepared
            case .waveOpened: .campaignWaveOpened
            case .paused: .campaignPaused
            case .resumed: .campaignResumed
            case .stopped: .campaignStopped
            case .slowedDown: .campaignSlowedDown
            case .cancelling: .campaignCancelling
            case .rollingBack: .campaignRollingBack
            case .retried: .campaignRetried
            case .deadlinePassed: .campaignDeadlinePassed
            case .rolledBack: .campaignRolledBack
            case .cancelled: .campaignCancelled
            case .finished: .campaignFinished
            }
    }
}

extension CampaignEvent {
    /// Who said so; nil for the server, or for the word's own speaker.
    fileprivate var actor: String? {
        switch self {
        case .submitted(let who), .approved(let who), .resumed(let who), .cancelling(let who):
            who
        case .retried(_, let who): who
        case .paused(.admin(let who)): who
        default: nil
        }
    }

    /// The sentence, and the figures of the moment.
    fileprivate func details(_ counts: CampaignCounts) -> [String: String] {
        var details = ["what": description]
        for state in MemberState.allCases where counts[state] > 0 {
            details[state.description] = "\(counts[state])"
        }
        return details
    }
}
