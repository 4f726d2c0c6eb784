internal import Fleet
internal import GRDB
internal import KeyExchange

/// Who will probably be left behind, by name.
extension CampaignTarget {
    /// A condition on the devices of the target, with its values.
    private struct Choice {
        var sql: String
        var arguments: StatementArguments = []
    }

    /// At most `CampaignOutlook.named` devices: those that are known by themselves first, then those that
    /// the course of the campaign leaves over.
    func stranded(
        in db: Database,
        _ forecast: CampaignForecast,
        closed: [String]
    ) throws -> [CampaignOutlook.Stranded] {
        // One whose rhythm is longer than what is left until the deadline comes too late, probably.
        let late = plan.deadline.map { "contact_interval > \($0 - now)" } ?? "0"
        let places = closed.map { _ in "?" }.joined(separator: ", ")
        let shut = Choice(
            sql: closed.isEmpty ? "0" : "COALESCE(\(ClockLabel.sql), '') IN (\(places))",
            arguments: StatementArguments(closed)
        )
        let live = "\(silence) = 0 AND NOT (\(shut.sql))"
        var found = try devices(in: db, Choice(sql: "\(silence) > 0"), because: nil)
        for (reason, choice) in [
            (
                CampaignForecast.Stranding.noWindow,
                Choice(sql: "\(silence) = 0 AND \(shut.sql)", arguments: shut.arguments)
            ),
            (.slowRhythm, Choice(sql: "\(live) AND \(late)", arguments: shut.arguments)),
        ] {
            let room = CampaignOutlook.named - found.count
            guard room > 0 else { return found }
            found += try devices(in: db, choice, because: reason, limit: room)
        }
        let left = min(
            CampaignOutlook.named - found.count,
            forecast.stranded[.notReleased] ?? 0
        )
        guard left > 0 else { return found }
        let rest = Choice(
            sql: "\(live) AND NOT COALESCE(\(late), 0)",
            arguments: shut.arguments
        )
        return try found + last(left, in: db, of: rest)
    }

    /// By name; without a reason, silence is it.
    private func devices(
        in db: Database,
        _ choice: Choice,
        because reason: CampaignForecast.Stranding?,
        limit: Int = CampaignOutlook.named
    ) throws -> [CampaignOutlook.Stranded] {
        let (sql, arguments) = pages.page(
            select: "device.name, last_seen, contact_interval",
            filter: "+device.state = 2 AND \(keyed) AND \(choice.sql)",
            filterArguments: choice.arguments,
            after: "",
            limit: limit
        )
        return try Row.fetchAll(db, sql: sql, arguments: arguments).map { row in
            try stranded(row, because: reason)
        }
    }

    /// Those whose turn comes last: by wave, then by rank; only so many rows are kept while they are sorted.
    private func last(
        _ count: Int,
        in db: Database,
        of choice: Choice
    ) throws -> [CampaignOutlook.Stranded] {
        let plan = plan
        let rank = DatabaseFunction("campaign_rank", argumentCount: 1, pure: true) { values in
            String.fromDatabaseValue(values[0]).flatMap { try? DeviceID(parsing: $0) }
                .map { plan.rank(of: $0) }
        }
        db.add(function: rank)
        defer { db.remove(function: rank) }
        let waves = WaveColumn(plan, now: now)
        // Those that no query finds are dealt out over the other waves; the last of them are in the last.
        let dealt =
            plan.waves.lastIndex { if case .matching = $0.size { false } else { true } } ?? 0
        let (sql, arguments) = pages.all(
            select: """
                device.name, last_seen, contact_interval, campaign_rank(device.name) AS place,
                \(waves.sql) AS wave
                """,
            filter: "+device.state = 2 AND \(keyed) AND \(choice.sql)",
            suffix: """
                ORDER BY CASE wave WHEN -1 THEN \(dealt) ELSE wave END DESC, place DESC
                LIMIT \(count)
                """,
            filterArguments: choice.arguments
        )
        return try Row.fetchAll(db, sql: sql, arguments: waves.arguments + arguments).map { row in
            try stranded(row, because: .notReleased)
        }
    }

    private func stranded(
        _ row: Row,
        because reason: CampaignForecast.Stranding?
    ) throws -> CampaignOutlook.Stranded {
        let lastSeen: Int64? = row[1]
        return CampaignOutlook.Stranded(
            device: try row.name(0, as: DeviceID.self),
            reason: reason ?? (lastSeen == nil ? .neverHeard : .silent),
            lastSeen: lastSeen,
            intervalSeconds: row[2]
        )
    }
}
