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
    func campaignCounts(_ id: Int64, of plan: CampaignPlan) throws -> CampaignCounts {
        var counts = CampaignCounts(
            waves: .init(repeating: .init(), count: plan.waves.count),
            clocks: plan.clocks
        )
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
            case .waiting: counts.waves[wave].waitingByClock[detail, default: 0] += members
            default: break
            }
        }
        for number in Set(counts.waves.flatMap(\.waitingByClock.keys))
        where number >= CampaignClocks.firstZone {
            counts.clocks.zones[number] = try timeZone(number).flatMap { TimeZones.clock($0) }
        }
        return counts
    }

    /// The time zone with a number.
    func timeZone(_ number: Int) throws -> TimeZoneName? {
        let statement = try cachedStatement(sql: "SELECT name FROM time_zone WHERE id = ?")
        let row = try Row.fetchOne(statement, arguments: [number])
        return row.flatMap { try? TimeZoneName(parsing: $0[0] as String) }
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
        return try db.campaignCounts(campaign.id, of: campaign.plan)
    }
}

extension CampaignPlan {
    /// The clocks that can be known without a look at the members.
    var clocks: CampaignClocks {
        CampaignClocks(standard: timeZone.flatMap { TimeZones.clock($0) })
    }

    /// Refuses a deadline that cannot be, and a time zone that nobody knows.
    func checkClock(at now: Int64) throws(RegistryError) {
        if let timeZone, TimeZones.clock(timeZone) == nil {
            let meant = TimeZones.suggestion(for: timeZone).map { ": did you mean \($0)?" } ?? ""
            throw RegistryError(.invalid, "there is no time zone \"\(timeZone)\"\(meant)")
        }
        do throws(FleetError) { try checkDeadline(at: now, clocks: clocks) } catch {
            throw RegistryError(.invalid, error.description)
        }
    }
}
