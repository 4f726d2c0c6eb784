public import Fleet
internal import GRDB
public import KeyExchange

extension Registry {
    /// One campaign; `notFound` if there is none.
    public func campaign(
        _ name: CampaignName,
        now: Int64
    ) async throws(RegistryError) -> CampaignDetails {
        let hold = hold.text
        return try store.read { db in
            try db.campaignDetails(try db.campaign(named: name), hold: hold, now: now)
        }
    }

    /// Campaigns by name after `after`, at most `limit`.
    public func listCampaigns(
        after: CampaignName? = nil,
        limit: Int = 100
    ) async throws(RegistryError) -> [CampaignSummary] {
        try store.read { db in
            try Row.fetchAll(
                db,
                sql: "\(CampaignRow.columns) WHERE name > ? ORDER BY name LIMIT \(page(limit))",
                arguments: [after?.description ?? ""]
            ).map { row in try db.campaignSummary(try CampaignRow(row)) }
        }
    }

    /// Members of a campaign after the device `after`, at most `limit`, in an order that stays.
    public func campaignMembers(
        _ name: CampaignName,
        state: MemberState? = nil,
        after: DeviceID? = nil,
        limit: Int = 100
    ) async throws(RegistryError) -> [CampaignMember] {
        try store.read { db in
            let campaign = try db.campaign(named: name)
            let condition = state.map { "AND campaign_member.state = \($0.rawValue)" } ?? ""
            return try db.campaignMembers(
                """
                campaign_id = ? AND device_id > COALESCE((SELECT id FROM device AS mark
                    WHERE mark.name = ?), 0) \(condition)
                ORDER BY device_id LIMIT \(page(limit))
                """,
                [campaign.id, after?.description ?? ""]
            )
        }
    }

    /// What an auditor keeps: the campaign and every word about it; the members come by
    /// `campaignMembers`, page by page.
    public func campaignReport(
        _ name: CampaignName,
        now: Int64
    ) async throws(RegistryError) -> CampaignReport {
        let details = try await campaign(name, now: now)
        let words = try await words(about: name, in: details.audit)
        return CampaignReport(
            fleet: fleet,
            plan: details.summary.plan,
            state: details.summary.state,
            counts: details.summary.counts,
            history: words.map { row in
                let what = row.event.details["what"] ?? row.event.kind.description
                return CampaignReport.Entry(
                    time: row.event.time,
                    text: "\(what) (\(row.event.actor), row \(row.sequence) of the audit log)"
                )
            },
            madeAt: now
        )
    }

    /// Rows of the audit log about a campaign, oldest first; there are few, and others between them.
    private func words(
        about name: CampaignName,
        in range: ClosedRange<Int64>
    ) async throws(RegistryError) -> [AuditRow] {
        var words: [AuditRow] = []
        for kind in AuditKind.allCases where kind.isAboutCampaigns {
            var after = range.lowerBound - 1
            while after < range.upperBound {
                let rows = try await auditList(
                    AuditFilter(kind: kind),
                    after: after,
                    limit: Self.maximumPage
                )
                words += rows.filter {
                    $0.sequence <= range.upperBound
                        && $0.event.details["campaign"] == name.description
                }
                guard rows.count == Self.maximumPage, let last = rows.last else { break }
                after = last.sequence
            }
        }
        return words.sorted { $0.sequence < $1.sequence }
    }
}

extension AuditKind {
    /// Whether its events carry the name of a campaign that they are about.
    var isAboutCampaigns: Bool { rawValue.hasPrefix("campaign") }
}

extension Database {
    func campaign(named name: CampaignName) throws -> CampaignRow {
        let row = try Row.fetchOne(
            self,
            sql: "\(CampaignRow.columns) WHERE name = ?",
            arguments: [name.description]
        )
        guard let row else {
            throw RegistryError(.notFound, "there is no campaign \(name)")
        }
        return try CampaignRow(row)
    }

    func campaignSummary(_ campaign: CampaignRow) throws -> CampaignSummary {
        CampaignSummary(
            plan: campaign.plan,
            state: campaign.state,
            counts: try campaignCounts(campaign.id, of: campaign.plan),
            createdAt: campaign.createdAt
        )
    }

    func campaignDetails(
        _ campaign: CampaignRow,
        hold: String?,
        now: Int64
    ) throws -> CampaignDetails {
        let summary = try campaignSummary(campaign)
        let counts = summary.counts
        let isRunning = campaign.state.phase == .running
        let rate = isRunning ? campaign.machine.rate(counts, at: now) : 0
        // When those that wait for another campaign have their turn, nobody can tell.
        let left = counts[.blocked] == 0 ? counts[.waiting] : 0
        return CampaignDetails(
            summary: summary,
            hold: campaign.state.phase.isOver ? nil : hold ?? counts.unknownClocks,
            jobs: campaign.jobs.map(\.word),
            waitsFor: counts[.blocked] == 0 ? [:] : try blockers(of: campaign.id),
            slowest: try campaignMembers(
                """
                campaign_id = ? AND campaign_member.state IN (3, 4, 5, 10)
                ORDER BY expected_by LIMIT 10
                """,
                [campaign.id]
            ),
            rateThousandths: rate,
            lastReleaseAt: rate > 0 && left > 0 ? now + Int64(left) * 60_000 / Int64(rate) : nil,
            warnings: campaign.machine.deadlineWarning(counts, at: now).map { [$0] } ?? [],
            audit: campaign.audit
        )
    }

    func campaignMembers(
        _ condition: String,
        _ arguments: StatementArguments
    ) throws -> [CampaignMember] {
        try Row.fetchAll(
            self,
            sql: """
                SELECT device.name, campaign_member.state, wave, detail, attempts, epoch_before,
                    epoch_after, thumbprint, released_at, expected_by, changed_at,
                    (SELECT name FROM campaign WHERE campaign.id = blocked_by)
                FROM campaign_member JOIN device ON device.id = device_id
                WHERE \(condition)
                """,
            arguments: arguments
        ).map { row in try row.campaignMember() }
    }

    private func blockers(of campaign: Int64) throws -> [CampaignName: Int] {
        var blockers: [CampaignName: Int] = [:]
        let rows = try Row.fetchAll(
            self,
            sql: """
                SELECT campaign.name, COUNT(*) FROM campaign_member
                JOIN campaign ON campaign.id = blocked_by
                WHERE campaign_id = ? AND campaign_member.state = 2 GROUP BY campaign.id
                """,
            arguments: [campaign]
        )
        for row in rows { blockers[try row.name(0, as: CampaignName.self)] = row[1] }
        return blockers
    }
}

extension Row {
    fileprivate func campaignMember() throws -> CampaignMember {
        let state = try value(1, as: MemberState.self)
        let (wave, detail): (Int, Int) = (self[2], self[3])
        let (before, after): (UInt32?, UInt32?) = (self[5], self[6])
        let blocker: String? = self[11]
        return CampaignMember(
            device: try name(0, as: DeviceID.self),
            state: state,
            wave: wave < 0 ? nil : wave,
            failure: state == .failed ? CampaignFailure(rawValue: detail) : nil,
            skipped: state == .skipped ? SkipReason(rawValue: detail) : nil,
            waitsFor: try blocker.map { try CampaignName(parsing: $0) },
            attempts: self[4],
            epochBefore: before.flatMap { Epoch($0) },
            epochAfter: after.flatMap { Epoch($0) },
            thumbprint: bytesIfAny(7).flatMap { Thumbprint(bytes: $0) },
            releasedAt: self[8],
            expectedBy: self[9],
            changedAt: self[10]
        )
    }
}

extension CampaignCounts {
    /// That some wait by a clock which this program does not know any more.
    fileprivate var unknownClocks: String? {
        let waiting = waves.reduce(0) { sum, wave in
            sum + wave.waitingByClock.reduce(0) { $0 + (clocks[$1.key] == nil ? $1.value : 0) }
        }
        guard waiting > 0 else { return nil }
        return
            "timeZoneUnknown: \(waiting) devices wait by a time zone that this server does not know"
    }
}

extension CampaignJob {
    /// What it does, in a word.
    fileprivate var word: String {
        switch self {
        case .list: "list"
        case .deal: "deal"
        case .release: "release"
        case .cancel: "cancel"
        case .rollBack: "rollBack"
        case .skipWaiting: "skipWaiting"
        case .closeSuspects: "closeSuspects"
        case .retry: "retry"
        case .expectAnew: "expectAnew"
        }
    }
}
