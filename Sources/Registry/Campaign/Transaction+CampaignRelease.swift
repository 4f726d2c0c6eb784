internal import Fleet
internal import GRDB
internal import KeyExchange

/// The steps that reach for a device's key.
extension Transaction {
    /// Marks the keys of the next members of a wave due and nudges them; returns how many were looked at.
    func release(
        _ campaign: CampaignRow,
        wave: Int,
        count: Int,
        clocks: [Int]?,
        now: Int64
    ) throws -> Int {
        let live = try live(campaign)
        var left = min(count, CampaignJob.chunk)
        let first = left
        for clock in clocks ?? [0] where left > 0 {
            let members = try members(
                """
                campaign_id = ? AND wave = ? AND detail = ? AND campaign_member.state = 1
                ORDER BY rank LIMIT ?
                """,
                [campaign.id, wave, clock, left]
            )
            left -= members.count
            for var member in members { try release(&member, of: live, now: now) }
        }
        return first - left
    }

    private func release(
        _ member: inout MemberRow,
        of campaign: LiveCampaign,
        now: Int64
    ) throws {
        let plan = campaign.plan
        let reach = try reach(member, of: plan)
        guard case .inUse(let epoch, let rotateAt, let offered) = reach else {
            guard case .skipped(let reason) = reach else { return }
            try move(&member, to: .skipped, detail: reason.rawValue, now: now)
            return try unblock(member.device, key: plan.key, now: now)
        }
        let device = Registry.DeviceEntry(id: member.device, name: member.deviceName)
        // At its second try the member's key is compromised already, and what was made since is not.
        let isFirst = member.epochBefore == nil
        if plan.action == .compromise, isFirst {
            try compromise(device, key: plan.key, campaign: plan.name, now: now)
        }
        if try markDue(device, key: plan.key, now: now) == 0 { try nudge(device.name, now: now) }
        member.epochBefore = epoch
        member.epochAfter = plan.action == .compromise && isFirst ? nil : offered
        member.rotateBefore = rotateAt
        member.releasedAt = now
        member.expectedBy = plan.silence.suspectAt(releasedAt: now, interval: member.interval)
        try move(&member, to: .released, now: now)
    }

    private enum Reach {
        /// The generation in use, when its next one was due, and one that is on its way already.
        case inUse(UInt32, rotateAt: Int64?, offered: UInt32?)
        case skipped(SkipReason)
    }

    /// Whether a member's key can be replaced now.
    private func reach(_ member: MemberRow, of plan: CampaignPlan) throws -> Reach {
        switch member.deviceState {
        case .enrolled: break
        case .registered: return .skipped(.notEnrolled)
        case .quarantined: return .skipped(.quarantined)
        case .retiring, .retired: return .skipped(.deviceRetired)
        }
        let rows = try rows(
            """
            SELECT epoch, state, rotate_at FROM device_key
            WHERE device_id = ? AND name = ? AND state IN (1, 3, 7, 9) ORDER BY epoch
            """,
            [member.device, plan.key.description]
        )
        var used: UInt32?
        var rotateAt: Int64?
        var offered: UInt32?
        for row in rows {
            switch try row.value(1, as: KeyState.self) {
            case .suspended where plan.action == .rotate: return .skipped(.keySuspended)
            case .offered: offered = row[0]
            case .active:
                used = row[0]
                rotateAt = row[2]
            // In the device's hands until its successor is.
            default: used = used ?? row[0]
            }
        }
        // One that was out of use is gone as soon as it is compromised, and still to be replaced.
        let before = used ?? (plan.action == .compromise ? member.epochBefore : nil)
        guard before != nil || offered != nil else { return .skipped(.keyRetired) }
        return .inUse(before ?? 0, rotateAt: rotateAt, offered: offered)
    }

    /// Leads settled members back to the key they had before; returns how many were looked at.
    func rollBack(
        _ campaign: CampaignRow,
        wave: Int?,
        count: Int,
        now: Int64
    ) throws -> Int {
        let silence = campaign.plan.silence
        let members = try members(
            of: campaign,
            in: .settled,
            wave: wave,
            limit: min(count, CampaignJob.chunk)
        )
        for var member in members {
            guard try restore(member, of: campaign, now: now) else {
                try move(&member, to: .kept, now: now)
                continue
            }
            let allowed = silence.suspectAt(releasedAt: now, interval: member.interval)
            member.expectedBy = silence.closeAt(suspectAt: allowed, interval: member.interval)
            try move(&member, to: .rollingBack, now: now)
        }
        return members.count
    }
}
