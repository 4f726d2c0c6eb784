internal import Fleet
internal import GRDB
internal import KeyExchange

/// What the life of keys and devices means for the members of campaigns, in the same commit.
extension Transaction {
    /// A generation came into a state.
    func campaigns(hear record: KeyRecord, of device: Int64, now: Int64) throws {
        switch record.state {
        case .offered, .active, .withdrawn, .suspended, .compromised: break
        // Older generations say nothing of a member.
        case .preActive, .superseded, .deactivated, .destroyed, .destroyedCompromised: return
        }
        let live = try liveCampaigns()
        guard !live.isEmpty, live.values.contains(where: { $0.plan.key == record.name })
        else { return }
        let members = try openMembers(of: device).filter {
            live[$0.campaign]?.plan.key == record.name
        }
        var isDone = false
        for var member in members {
            guard let campaign = live[member.campaign] else { continue }
            let wasOpen = !member.state.isDone
            try hear(record, member: &member, of: campaign, now: now)
            if wasOpen, member.state.isDone { isDone = true }
        }
        if isDone { try unblock(device, key: record.name, now: now) }
    }

    /// A device may not take keys any more, or for now: its members are left out.
    func campaigns(
        leave device: Int64,
        key: KeyName? = nil,
        because reason: SkipReason,
        now: Int64
    ) throws {
        let live = try liveCampaigns()
        guard !live.isEmpty else { return }
        for var member in try openMembers(of: device) {
            guard let campaign = live[member.campaign], key == nil || campaign.plan.key == key
            else { continue }
            switch member.state {
            case .waiting, .blocked, .released, .offered, .suspect:
                // Of one key the others may go on.
                if key != nil {
                    try skip(&member, because: reason, of: campaign, now: now)
                } else {
                    member.blockedBy = nil
                    member.expectedBy = nil
                    try move(&member, to: .skipped, detail: reason.rawValue, now: now)
                }
            case .rollingBack:
                member.expectedBy = nil
                try move(&member, to: .kept, now: now)
            case .settled, .failed, .skipped, .cancelled, .rolledBack, .kept: break
            }
        }
    }

    /// Leaves one member out, so that other campaigns may go on with its key.
    func skip(
        _ member: inout MemberRow,
        because reason: SkipReason,
        of campaign: LiveCampaign,
        now: Int64
    ) throws {
        member.blockedBy = nil
        member.expectedBy = nil
        try move(&member, to: .skipped, detail: reason.rawValue, now: now)
        try unblock(member.device, key: campaign.plan.key, now: now)
    }

    /// A device is new, or is another than before: open campaigns may want it.
    func campaigns(meet device: Int64, now: Int64) throws {
        let live = try liveCampaigns()
        guard !live.isEmpty else { return }
        try relocate(device, in: live.values.filter { !$0.plan.windows.isEmpty }, now: now)
        for campaign in live.values.sorted(by: { $0.id < $1.id }) where campaign.isOpen {
            try join(device, to: campaign, now: now)
        }
    }

    private func hear(
        _ record: KeyRecord,
        member: inout MemberRow,
        of campaign: LiveCampaign,
        now: Int64
    ) throws {
        let silence = campaign.plan.silence
        switch (record.state, member.state) {
        case (.offered, .released), (.offered, .offered), (.offered, .suspect):
            if member.state == .suspect, member.evidence == .silence {
                member.evidence = .none
                campaigns.outcomes[member.campaign, default: []].append(.heard)
            }
            member.epochAfter = record.epoch.number
            member.thumbprint = record.thumbprint
            member.expectedBy = silence.suspectAt(releasedAt: now, interval: member.interval)
            try move(&member, to: .offered, now: now)
        case (.active, .released), (.active, .offered), (.active, .suspect), (.active, .failed),
            (.active, .skipped):
            guard member.state != .skipped || member.isAbsent,
                record.epoch.number > member.epochBefore ?? 0
            else { return }
            try settle(&member, record, now: now)
        case (.active, .waiting), (.active, .blocked), (.active, .cancelled):
            // It was released before; another campaign's new generation is not what it waits for.
            guard let before = member.epochBefore, record.epoch.number > before,
                member.state == .waiting || member.epochAfter == record.epoch.number
            else { return }
            member.blockedBy = nil
            try settle(&member, record, now: now)
        case (.active, .rollingBack):
            guard record.epoch.number > member.epochAfter ?? 0 else { return }
            member.epochAfter = record.epoch.number
            member.thumbprint = record.thumbprint
            member.expectedBy = nil
            try move(&member, to: .rolledBack, now: now)
        case (.withdrawn, .offered), (.withdrawn, .suspect), (.withdrawn, .rollingBack):
            guard let failure = record.failure else { return }
            guard member.state == .rollingBack || member.epochAfter == record.epoch.number
            else { return }
            try fail(&member, CampaignFailure(failure), of: campaign, now: now)
        case (.suspended, .waiting), (.suspended, .blocked), (.suspended, .released),
            (.suspended, .offered), (.suspended, .suspect):
            // What others may know is replaced, whoever may use it now.
            guard campaign.plan.action == .rotate else { return }
            member.blockedBy = nil
            member.expectedBy = nil
            try move(
                &member,
                to: .skipped,
                detail: SkipReason.keySuspended.rawValue,
                now: now
            )
        case (.compromised, .rollingBack):
            member.expectedBy = nil
            try move(&member, to: .kept, now: now)
        default: break
        }
    }

    private func settle(_ member: inout MemberRow, _ record: KeyRecord, now: Int64) throws {
        let outcome: CampaignMachine.Outcome =
            member.state == .suspect
            ? .settledLate(wasEvidence: member.evidence == .silence) : .settled
        member.epochAfter = record.epoch.number
        member.thumbprint = record.thumbprint
        member.expectedBy = nil
        try move(&member, to: .settled, now: now)
        campaigns.outcomes[member.campaign, default: []].append(outcome)
    }

    /// It waits for another try while its budget lasts; in any case nothing is offered meanwhile.
    private func fail(
        _ member: inout MemberRow,
        _ failure: CampaignFailure,
        of campaign: LiveCampaign,
        now: Int64
    ) throws {
        try hold(member, key: campaign.plan.key, now: now)
        member.expectedBy = nil
        guard member.state != .rollingBack else {
            return try move(&member, to: .failed, detail: failure.rawValue, now: now)
        }
        // Heard at the first try, lest a bad change hides behind its retries.
        if member.evidence == .none {
            if failure != .throttled { member.evidence = .failure }
            campaigns.outcomes[member.campaign, default: []].append(.failed(failure))
        }
        if try isTriedAgain(&member, failure, by: campaign.plan) {
            try move(&member, to: .waiting, detail: member.waitingDetail, now: now)
        } else {
            try move(&member, to: .failed, detail: failure.rawValue, now: now)
        }
    }

    /// Whether the budget has another try for a member, which is counted then, and comes after those that
    /// had none: otherwise a few devices that fail would be tried over and over before anyone else.
    func isTriedAgain(
        _ member: inout MemberRow,
        _ failure: CampaignFailure,
        by plan: CampaignPlan
    ) throws -> Bool {
        guard plan.mayRetry(failure, failedBefore: member.attempts) else { return false }
        member.attempts += 1
        try run(
            "UPDATE campaign_member SET rank = ? WHERE campaign_id = ? AND device_id = ?",
            [Int64.max, member.campaign, member.device]
        )
        return true
    }

    /// Takes back the wish for a new generation; the policy's own date counts again.
    func hold(_ member: MemberRow, key: KeyName, now: Int64) throws {
        try run(
            """
            UPDATE device_key SET rotate_at = CASE state WHEN 3 THEN ? END
            WHERE device_id = ? AND name = ? AND state IN (2, 3) AND rotate_at <= ?
            """,
            [
                member.rotateBefore.flatMap { $0 > now ? $0 : nil }, member.device,
                key.description, now,
            ]
        )
    }

    /// Lets the first of those go on that waited for this key of the device; the others wait for it.
    func unblock(_ device: Int64, key: KeyName, now: Int64) throws {
        let live = try liveCampaigns().filter { $0.value.plan.key == key }
        guard live.count > 1 else { return }
        let members = try openMembers(of: device).filter { live[$0.campaign] != nil }
        guard !members.contains(where: { $0.state != .blocked && !$0.state.isDone }) else { return }
        let blocked = members.filter { $0.state == .blocked }.sorted { left, right in
            guard let left = live[left.campaign], let right = live[right.campaign] else {
                return false
            }
            return right.claim < left.claim
        }
        guard var first = blocked.first else { return }
        first.blockedBy = nil
        try move(&first, to: .waiting, detail: first.waitingDetail, now: now)
        for var other in blocked.dropFirst() {
            other.blockedBy = first.campaign
            try move(&other, to: .blocked, now: now)
        }
    }

    /// Decides who has the key of a member that begins to wait: it, or whoever had it before.
    func claim(_ member: inout MemberRow, for campaign: LiveCampaign, now: Int64) throws {
        let live = try liveCampaigns().filter { $0.value.plan.key == campaign.plan.key }
        guard live.count > 1 else { return }
        let others = try openMembers(of: member.device).filter {
            $0.campaign != campaign.id && live[$0.campaign] != nil && !$0.state.isDone
                && $0.state != .blocked
        }
        for var other in others {
            guard let holder = live[other.campaign] else { continue }
            switch campaign.claim.verdict(against: holder.claim, member: other.state) {
            case .wait:
                member.blockedBy = other.campaign
                try move(&member, to: .blocked, now: now)
                return
            case .takeOver:
                // One that no wave has yet decides for itself when it gets one.
                guard other.wave >= 0 else { continue }
                try takeOver(&other, from: holder, by: campaign, now: now)
            }
        }
    }

    private func takeOver(
        _ member: inout MemberRow,
        from holder: LiveCampaign,
        by campaign: LiveCampaign,
        now: Int64
    ) throws {
        member.expectedBy = nil
        guard member.state != .rollingBack else { return try move(&member, to: .kept, now: now) }
        // An offer that is under way may still come through; a mere wish is taken back.
        if member.state == .released || member.state == .suspect {
            try hold(member, key: holder.plan.key, now: now)
        }
        member.blockedBy = campaign.id
        try move(&member, to: .blocked, now: now)
    }
}
