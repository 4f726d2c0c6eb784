internal import Fleet
internal import GRDB
internal import KeyExchange

/// Does a campaign's first job to the next members.
extension Transaction {
    /// Does one commit's part of a job; returns what comes in its place.
    func perform(
        _ job: CampaignJob,
        of campaign: CampaignRow,
        now: Int64
    ) throws -> [CampaignJob] {
        switch job {
        case .list(let after):
            if let next = try list(campaign, after: after, now: now) { return [.list(after: next)] }
            return [.deal(left: try waveSizes(of: campaign))]
        case .deal(let left):
            return try deal(campaign, left: left, now: now).map { [.deal(left: $0)] } ?? []
        case .release(let wave, let count, let clocks):
            let done = try release(campaign, wave: wave, count: count, clocks: clocks, now: now)
            guard done > 0, count > done else { return [] }
            return [.release(wave: wave, count: count - done, clocks: clocks)]
        case .cancel(let wave):
            let ending = Ending(
                // Who was released with a compromised key has to go on.
                from: campaign.plan.action == .compromise
                    ? [.waiting, .blocked] : [.waiting, .blocked, .released, .suspect],
                wave: wave,
                to: .cancelled,
                // Silent, and perhaps with an offer in its hands: left to speak.
                filter: "epoch_after IS NULL"
            )
            return try end(campaign, ending, now: now) ? [job] : []
        case .rollBack(let wave, let count):
            let done = try rollBack(campaign, wave: wave, count: count, now: now)
            guard done > 0, count > done else { return [] }
            return [.rollBack(wave: wave, count: count - done)]
        case .skipWaiting(let reason):
            let ending = Ending(from: [.waiting, .blocked], to: .skipped, detail: reason)
            return try end(campaign, ending, now: now) ? [job] : []
        case .closeSuspects:
            return try end(campaign, Ending(from: [.suspect], to: nil), now: now) ? [job] : []
        case .retry(let kinds): return try retry(campaign, kinds, now: now) ? [job] : []
        case .expectAnew(let after):
            return try expectAnew(campaign, after: after, now: now)
                .map { [.expectAnew(after: $0)] } ?? []
        }
    }

    /// Which members come to an end, and how.
    private struct Ending {
        var from: [MemberState]
        var wave: Int?
        /// The same for all; nil for suspects, who end as what their silence means.
        var to: MemberState?
        var detail = 0
        /// Holds for suspects.
        var filter = "1"
    }

    /// Ends the next members; whether there may be more.
    private func end(_ campaign: CampaignRow, _ ending: Ending, now: Int64) throws -> Bool {
        let counts = try counts(of: campaign)
        for state in ending.from where counts.sum(of: state, in: ending.wave) > 0 {
            let filter = state == .suspect ? ending.filter : "1"
            let members = try members(of: campaign, in: state, wave: ending.wave, filter)
            for var member in members {
                try end(&member, of: campaign, ending, now: now)
            }
            if !members.isEmpty { return true }
        }
        return false
    }

    private func end(
        _ member: inout MemberRow,
        of campaign: CampaignRow,
        _ ending: Ending,
        now: Int64
    ) throws {
        // What was compromised stays so; a mere wish for a new generation is taken back.
        if member.state == .released || member.state == .suspect,
            campaign.plan.action == .rotate
        {
            try hold(member, key: campaign.plan.key, now: now)
        }
        member.blockedBy = nil
        member.expectedBy = nil
        let end = ending.to.map { ($0, ending.detail) } ?? member.givenUp
        try move(&member, to: end.0, detail: end.1, now: now)
        try unblock(member.device, key: campaign.plan.key, now: now)
    }

    /// Lets members that failed by one of these kinds wait again; whether there may be more.
    private func retry(_ campaign: CampaignRow, _ kinds: [Int], now: Int64) throws -> Bool {
        let live = try live(campaign)
        let list = kinds.map { "\($0)" }.joined(separator: ", ")
        var members = try members(of: campaign, in: .failed, wave: nil, "detail IN (\(list))")
        if members.isEmpty, kinds.contains(CampaignFailure.silent.rawValue) {
            let absent = "detail = \(SkipReason.absent.rawValue)"
            members = try self.members(of: campaign, in: .skipped, wave: nil, absent)
        }
        for var member in members {
            member.attempts = 0
            member.evidence = .none
            try move(&member, to: .waiting, detail: member.waitingDetail, now: now)
            try claim(&member, for: live, now: now)
        }
        return !members.isEmpty
    }

    /// As many members in a state as one commit takes; its number stands in the text, for the index.
    func members(
        of campaign: CampaignRow,
        in state: MemberState,
        wave: Int?,
        _ filter: String = "1",
        limit: Int = CampaignJob.chunk
    ) throws -> [MemberRow] {
        var arguments: StatementArguments = [campaign.id]
        if let wave { arguments += [wave] }
        return try members(
            """
            campaign_id = ? AND campaign_member.state = \(state.rawValue)
            \(wave == nil ? "" : "AND wave = ?") AND \(filter) LIMIT \(limit)
            """,
            arguments
        )
    }
}

extension CampaignCounts {
    /// Members in one state, of one wave or of all.
    func sum(of state: MemberState, in wave: Int?) -> Int {
        wave.map { waves[$0][state] } ?? self[state]
    }
}
