internal import Fleet
internal import GRDB
internal import KeyExchange

/// Members of whom nothing is heard.
extension Transaction {
    /// Handles members from whom nothing was heard for too long; whether there may be more.
    func markSilent(_ campaign: CampaignRow, now: Int64) throws -> Bool {
        let silence = campaign.plan.silence
        let members = try members(
            """
            campaign_id = ? AND campaign_member.state IN (3, 4, 5, 10) AND expected_by <= ?
            ORDER BY expected_by LIMIT \(CampaignJob.chunk)
            """,
            [campaign.id, now]
        )
        for var member in members {
            switch member.state {
            case .released, .offered:
                // At a second try it is overdue because of the first.
                let isEvidence =
                    member.evidence == .silence
                    || silence.isEvidence(
                        releasedAt: member.releasedAt ?? now,
                        lastSeenBefore: member.lastSeen,
                        interval: member.interval
                    )
                member.expectedBy = silence.closeAt(suspectAt: now, interval: member.interval)
                let isNews = isEvidence && member.evidence == .none
                if isNews { member.evidence = .silence }
                try move(&member, to: .suspect, detail: isEvidence ? 1 : 0, now: now)
                campaigns.outcomes[campaign.id, default: []].append(.suspect(isEvidence: isNews))
            default:
                try giveUp(&member, of: campaign, now: now)
                try unblock(member.device, key: campaign.plan.key, now: now)
            }
        }
        return members.count == CampaignJob.chunk
    }

    private func giveUp(
        _ member: inout MemberRow,
        of campaign: CampaignRow,
        now: Int64
    ) throws {
        var end = (state: MemberState.failed, detail: CampaignFailure.silent.rawValue)
        let wasSuspect = member.state == .suspect
        if wasSuspect {
            end = member.givenUp
            try hold(member, key: campaign.plan.key, now: now)
        }
        member.expectedBy = nil
        if wasSuspect, end.state == .failed,
            try isTriedAgain(&member, .silent, by: campaign.plan)
        {
            return try move(&member, to: .waiting, detail: member.waitingDetail, now: now)
        }
        try move(&member, to: end.state, detail: end.detail, now: now)
    }

    /// Takes back what a clock that was ahead promised to the next members; the device to go on after,
    /// or nil when all were looked at.
    func expectAnew(_ campaign: CampaignRow, after: Int64, now: Int64) throws -> Int64? {
        let members = try members(
            """
            campaign_id = ? AND device_id > ? AND +campaign_member.state IN (3, 4, 5, 10)
            ORDER BY device_id LIMIT \(CampaignJob.chunk)
            """,
            [campaign.id, after]
        )
        let silence = campaign.plan.silence
        for var member in members {
            guard
                let latest = silence.latest(member.state, interval: member.interval, at: now),
                let expected = member.expectedBy, expected > latest
            else { continue }
            member.expectedBy = latest
            member.releasedAt = member.releasedAt.map { min($0, now) }
            try move(&member, to: member.state, detail: member.detail, now: now)
        }
        return members.count < CampaignJob.chunk ? nil : members.last?.device
    }
}
