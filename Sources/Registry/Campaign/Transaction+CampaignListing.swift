internal import Fleet
internal import GRDB
internal import KeyExchange

/// How a campaign comes by its members, some hundreds to a commit.
extension Transaction {
    /// Writes down the next devices of the target; nil when there are no more.
    func list(_ campaign: CampaignRow, after: String, now: Int64) throws -> String? {
        let live = try live(campaign)
        // The question is asked for one moment, however long the list takes.
        let since = campaign.state.startedAt ?? now
        let pages = QueryPages(campaign.plan.target, now: since)
        let waves = WaveColumn(campaign.plan, now: since)
        let (sql, arguments) = pages.page(
            select: """
                device.id, device.name, device.state, device.group_id,
                \(ClockLabel.sql), \(waves.sql)
                """,
            filter: "+device.state IN (1, 2, 5)",
            after: after,
            limit: CampaignJob.chunk
        )
        let rows = try Row.fetchAll(db, sql: sql, arguments: waves.arguments + arguments)
        for row in rows {
            try add(
                CampaignCandidate(
                    id: row[0],
                    name: try row.name(1, as: DeviceID.self),
                    state: try row.value(2, as: DeviceState.self),
                    group: row[3],
                    clock: row[4],
                    wave: row[5]
                ),
                to: live,
                now: now
            )
        }
        return rows.count < CampaignJob.chunk ? nil : rows.last?[1]
    }

    /// How many ranked members each wave is to get.
    func waveSizes(of campaign: CampaignRow) throws -> [Int] {
        try flushCampaigns()
        let counts = try db.campaignCounts(campaign.id, of: campaign.plan)
        var matching: [Int: Int] = [:]
        for (wave, members) in counts.waves.enumerated() {
            let count = members[.waiting] + members[.blocked]
            if count > 0 { matching[wave] = count }
        }
        let ranked = try row(
            "SELECT members FROM campaign_count WHERE campaign_id = ? AND wave = -1 AND state = 1",
            [campaign.id]
        )
        return WaveSizes(
            plan: campaign.plan,
            total: matching.values.reduce(0, +) + (ranked?[0] ?? 0),
            matching: matching
        ).ranked
    }

    /// Puts the next members into the waves by rank; nil when every one has its wave.
    func deal(_ campaign: CampaignRow, left: [Int], now: Int64) throws -> [Int]? {
        let live = try live(campaign)
        var left = left
        let members = try members(
            """
            campaign_id = ? AND wave = -1 AND detail = 0 AND campaign_member.state = 1
            ORDER BY rank LIMIT \(CampaignJob.chunk)
            """,
            [campaign.id]
        )
        for var member in members {
            let wave = left.firstIndex { $0 > 0 } ?? left.count - 1
            left[wave] -= 1
            let old = (member.wave, member.waitingDetail)
            member.wave = wave
            try move(&member, to: .waiting, detail: member.waitingDetail, now: now, from: old)
            try claim(&member, for: live, now: now)
        }
        return members.count < CampaignJob.chunk ? nil : left
    }

    /// Takes a device into an open campaign if it is one of those asked for.
    func join(_ device: Int64, to campaign: LiveCampaign, now: Int64) throws {
        let isMember = try row(
            "SELECT 1 FROM campaign_member WHERE campaign_id = ? AND device_id = ?",
            [campaign.id, device]
        )
        guard isMember == nil, try matches(campaign.plan.target, device: device, now: now)
        else { return }
        let waves = WaveColumn(campaign.plan, now: now)
        let row = try Row.fetchOne(
            db,
            sql: """
                SELECT device.id, device.name, device.state, device.group_id,
                    \(ClockLabel.sql), \(waves.sql)
                FROM device WHERE device.id = ? AND device.state IN (1, 2, 5)
                """,
            arguments: waves.arguments + [device]
        )
        guard let row else { return }
        let found: Int = row[5]
        let last = campaign.plan.waves.count - 1
        try add(
            CampaignCandidate(
                id: device,
                name: try row.name(1, as: DeviceID.self),
                state: try row.value(2, as: DeviceState.self),
                group: row[3],
                clock: row[4],
                // Never a wave that is over, so that nobody comes in past a gate.
                wave: max(found >= 0 ? found : last, campaign.openWave, 0)
            ),
            to: campaign,
            now: now
        )
    }

    /// Follows what a device's labels say of its clock now, while its turn has not come.
    func relocate(_ device: Int64, in campaigns: [LiveCampaign], now: Int64) throws {
        guard !campaigns.isEmpty else { return }
        let text = try Row.fetchOne(
            db,
            sql: "SELECT \(ClockLabel.sql) FROM device WHERE device.id = ?",
            arguments: [device]
        )
        let label = ClockLabel(text?[0])
        for var member in try openMembers(of: device) {
            guard let campaign = campaigns.first(where: { $0.id == member.campaign }) else {
                continue
            }
            let clock = try clock(label, of: campaign.plan)
            switch member.state {
            case .waiting, .blocked:
                guard let clock else {
                    try skip(&member, because: .timeZoneUnknown, of: campaign, now: now)
                    continue
                }
                guard clock != member.clock else { continue }
                member.clock = clock
                let detail = member.state == .waiting ? member.waitingDetail : 0
                try move(&member, to: member.state, detail: detail, now: now)
            case .skipped where member.isLost:
                guard let clock, campaign.isListening else { continue }
                let old = (member.wave, member.detail)
                member.clock = clock
                member.wave = max(member.wave, campaign.openWave)
                try move(
                    &member,
                    to: .waiting,
                    detail: member.waitingDetail,
                    now: now,
                    from: old
                )
                try claim(&member, for: campaign, now: now)
            default: continue
            }
        }
    }

    func live(_ campaign: CampaignRow) throws -> LiveCampaign {
        guard let live = try liveCampaigns()[campaign.id] else {
            throw RegistryError(.conflict, "campaign \(campaign.plan.name) does not run")
        }
        return live
    }

    private func add(
        _ candidate: CampaignCandidate,
        to campaign: LiveCampaign,
        now: Int64
    ) throws {
        let plan = campaign.plan
        let clock = try clock(ClockLabel(candidate.clock), of: plan)
        let reason =
            try skipReason(candidate, key: plan.key) ?? (clock == nil ? .timeZoneUnknown : nil)
        // Who is left out is counted with the first wave; who may come back, where late ones join.
        let left = reason == .timeZoneUnknown ? plan.waves.count - 1 : 0
        let wave = reason == nil || candidate.wave >= 0 ? candidate.wave : left
        let state = reason == nil ? MemberState.waiting : .skipped
        let detail = reason?.rawValue ?? (wave < 0 ? 0 : clock ?? 0)
        let isNew = try row(
            """
            INSERT INTO campaign_member
                (campaign_id, device_id, state, wave, rank, detail, utc_offset, attempts,
                changed_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?) ON CONFLICT DO NOTHING RETURNING device_id
            """,
            [
                campaign.id, candidate.id, state.rawValue, wave, plan.rank(of: candidate.name),
                detail, clock ?? 0, now,
            ]
        )
        guard isNew != nil else { return }
        count(.init(campaign: campaign.id, wave: wave, state: state, detail: detail), 1)
        guard state == .waiting, wave >= 0, try liveCampaigns().count > 1 else { return }
        let added = try members(
            "campaign_id = ? AND device_id = ?",
            [campaign.id, candidate.id]
        )
        if var member = added.first { try claim(&member, for: campaign, now: now) }
    }

    /// The number of a device's clock; nil for one that its label does not tell.
    func clock(_ label: ClockLabel, of plan: CampaignPlan) throws -> Int? {
        if plan.windows.isEmpty { return 0 }
        switch label {
        case .none: return try plan.timeZone.map { try number(of: $0) } ?? plan.utcOffsetMinutes
        case .offset(let minutes): return minutes
        case .zone(let name): return try number(of: name)
        case .unknown: return nil
        }
    }

    private func number(of zone: TimeZoneName) throws -> Int {
        if let row = try row("SELECT id FROM time_zone WHERE name = ?", [zone.description]) {
            return row[0]
        }
        try run(
            """
            INSERT INTO time_zone (id, name)
            SELECT MAX(COALESCE(MAX(id), 0) + 1, \(CampaignClocks.firstZone)), ? FROM time_zone
            """,
            [zone.description]
        )
        return try number(of: zone)
    }

    private func skipReason(_ candidate: CampaignCandidate, key: KeyName) throws -> SkipReason? {
        switch candidate.state {
        case .registered: return .notEnrolled
        case .quarantined: return .quarantined
        case .retiring, .retired: return .deviceRetired
        case .enrolled: break
        }
        let specs = try group(candidate.group).specs
        return specs.contains { $0.name == key } ? nil : .keyRetired
    }
}

/// A device that a target names.
struct CampaignCandidate {
    let id: Int64
    let name: DeviceID
    let state: DeviceState
    let group: Int64
    /// What its labels say of its clock.
    let clock: String?
    /// The wave whose query finds it; -1 when none does.
    let wave: Int
}

/// The first wave whose query finds a device, as a column; -1 when none does.
struct WaveColumn {
    let sql: String
    let arguments: StatementArguments

    init(_ plan: CampaignPlan, now: Int64) {
        var cases = ""
        var arguments = StatementArguments()
        for (index, wave) in plan.waves.enumerated() {
            guard case .matching(let query) = wave.size else { continue }
            let condition = QueryCondition(query, now: now)
            cases += "WHEN \(condition.sql) THEN \(index) "
            arguments += condition.arguments
        }
        sql = cases.isEmpty ? "-1" : "CASE \(cases)ELSE -1 END"
        self.arguments = arguments
    }
}
