internal import Fleet
internal import Foundation
internal import GRDB
internal import KeyExchange

/// A campaign that has members which may move, as the writer remembers it.
struct LiveCampaign: Sendable {
    let id: Int64
    let plan: CampaignPlan
    let claim: CampaignClaim
    let openWave: Int
    /// Whether devices may still join.
    let isOpen: Bool
    /// Whether members that were left out may still have their turn.
    let isListening: Bool
}

/// What a commit changes of campaigns, written once at its end.
struct CampaignChanges {
    struct Place: Hashable {
        let campaign: Int64
        let wave: Int
        let state: MemberState
        let detail: Int
    }

    var counts: [Place: Int] = [:]
    var outcomes: [Int64: [CampaignMachine.Outcome]] = [:]
}

extension Transaction {
    /// The campaigns that run, by number: read once, then remembered.
    ///
    /// A fleet without campaigns pays one look at an empty dictionary for each change of a key.
    func liveCampaigns() throws -> [Int64: LiveCampaign] {
        if let campaigns = memory.campaigns { return campaigns }
        var campaigns: [Int64: LiveCampaign] = [:]
        for row in try rows("\(CampaignRow.columns) WHERE phase IN (3, 4, 5, 6, 7) OR jobs <> '[]'")
        {
            let campaign = try CampaignRow(row)
            let phase = campaign.state.phase
            campaigns[campaign.id] = LiveCampaign(
                id: campaign.id,
                plan: campaign.plan,
                claim: CampaignClaim(
                    plan: campaign.plan,
                    startedAt: campaign.state.startedAt ?? 0
                ),
                openWave: campaign.state.openWave,
                isOpen: campaign.plan.isDynamic && [.preparing, .running, .paused].contains(phase),
                isListening: [.preparing, .running, .paused].contains(phase)
            )
        }
        memory.campaigns = campaigns
        return campaigns
    }

    /// Says that a campaign is another than the writer remembers.
    func campaignsChanged() {
        memory.campaigns = nil
        effects.hasCampaigns = true
    }

    /// Writes what waits: before counts are read, and at the end of the commit.
    func flushCampaigns() throws {
        guard !campaigns.counts.isEmpty || !campaigns.outcomes.isEmpty else { return }
        for (place, change) in campaigns.counts where change != 0 {
            try run(
                """
                INSERT INTO campaign_count (campaign_id, wave, state, detail, members)
                VALUES (?, ?, ?, ?, ?)
                ON CONFLICT (campaign_id, wave, state, detail)
                DO UPDATE SET members = members + excluded.members
                """,
                [place.campaign, place.wave, place.state.rawValue, place.detail, change]
            )
        }
        for (id, outcomes) in campaigns.outcomes {
            guard var campaign = try campaign(id) else { continue }
            for outcome in outcomes { campaign.machine.record(outcome) }
            try run(
                "UPDATE campaign SET state = ? WHERE id = ?",
                [Data(campaign.state.encoded()), id]
            )
        }
        campaigns = CampaignChanges()
        effects.hasCampaigns = true
    }

    /// Writes what happened to a campaign as a whole into the audit log.
    func audit(
        _ kind: AuditKind,
        of campaign: inout CampaignRow,
        actor: String,
        now: Int64,
        _ details: [String: String] = [:]
    ) throws {
        var details = details
        details["campaign"] = campaign.plan.name.description
        try audit(
            AuditEvent(
                time: now,
                kind: kind,
                actor: actor,
                key: campaign.plan.key,
                details: details
            )
        )
        campaign.audit = campaign.audit.lowerBound...memory.head.count
    }
}
