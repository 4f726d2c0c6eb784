internal import Fleet
internal import Foundation
internal import GRDB

/// One campaign as its row has it.
struct CampaignRow {
    static let columns = """
        SELECT id, plan, state, jobs, created_at, first_audit, last_audit FROM campaign
        """

    let id: Int64
    let createdAt: Int64
    var audit: ClosedRange<Int64>
    var machine: CampaignMachine
    var jobs: [CampaignJob]

    var plan: CampaignPlan { machine.plan }
    var state: CampaignState { machine.state }

    init(_ row: Row) throws {
        id = row[0]
        do throws(CampaignCodingError) {
            machine = CampaignMachine(
                plan: try CampaignPlan(decoding: row.bytes(1)),
                state: try CampaignState(decoding: row.bytes(2))
            )
        } catch {
            throw RegistryError(.damaged, "a campaign cannot be read: \(error)")
        }
        jobs = try CampaignJob.decode(row[3])
        createdAt = row[4]
        let (first, last): (Int64, Int64) = (row[5], row[6])
        audit = min(first, last)...last
    }
}

extension Database {
    /// How many members of a campaign are where; those that no wave has yet are left out.
    func campaignCounts(_ id: Int64, waves: Int) throws -> CampaignCounts {
        var counts = CampaignCounts(waves: .init(repeating: .init(), count: waves))
        let statement = try cachedStatement(
            sql: """
                SELECT wave, state, detail, members FROM campaign_count
                WHERE campaign_id = ? AND members <> 0
                """
        )
        let rows = try Row.fetchCursor(statement, arguments: [id])
        while let row = try rows.next() {
            let (wave, detail, members): (Int, Int, Int) = (row[0], row[2], row[3])
            let state = try row.value(1, as: MemberState.self)
            guard counts.waves.indices.contains(wave) else { continue }
            counts.waves[wave].members[state, default: 0] += members
            switch state {
            case .failed:
                if let failure = CampaignFailure(rawValue: detail) {
                    counts.waves[wave].failures[failure, default: 0] += members
                }
            case .skipped:
                if let reason = SkipReason(rawValue: detail) {
                    counts.waves[wave].skips[reason, default: 0] += members
                }
            case .suspect where detail == 1: counts.waves[wave].suspectsAsEvidence += members
            case .waiting: counts.waves[wave].waitingByOffset[detail, default: 0] += members
            default: break
            }
        }
        return counts
    }
}

extension Transaction {
    func campaign(_ id: Int64) throws -> CampaignRow? {
        try row("\(CampaignRow.columns) WHERE id = ?", [id]).map { try CampaignRow($0) }
    }

    func campaign(named name: CampaignName) throws -> CampaignRow {
        guard let row = try row("\(CampaignRow.columns) WHERE name = ?", [name.description]) else {
            throw RegistryError(.notFound, "there is no campaign \(name)")
        }
        return try CampaignRow(row)
    }

    /// Stores what changes of a campaign.
    func save(_ campaign: CampaignRow) throws {
        try run(
            """
            UPDATE campaign SET state = ?, phase = ?, jobs = ?, last_audit = MAX(last_audit, ?)
            WHERE id = ?
            """,
            [
                Data(campaign.state.encoded()), campaign.state.phase.rawValue,
                try CampaignJob.encode(campaign.jobs), campaign.audit.upperBound, campaign.id,
            ]
        )
        campaignsChanged()
    }

    func counts(of campaign: CampaignRow) throws -> CampaignCounts {
        try flushCampaigns()
        return try db.campaignCounts(campaign.id, waves: campaign.plan.waves.count)
    }
}
