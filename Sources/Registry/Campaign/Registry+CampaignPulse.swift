internal import Fleet
internal import GRDB

extension Registry {
    /// Commits that one campaign gets before the others, and the devices, have their turn.
    static let pulsesPerTurn = 16

    /// What campaigns have to do.
    public struct CampaignPulse: Hashable, Sendable {
        /// Campaigns that are not over.
        public let live: Int
        /// Whether some have more to do at once.
        public let hasMore: Bool
        /// Why they stand still; nil when they don't.
        public let hold: String?
    }

    /// Goes on with every campaign that runs: the caller asks again about once a second while some are
    /// live, and at once while they have more to do.
    ///
    /// All that a campaign is stands in the database, so another process may go on where this one died.
    /// `diskFull` leaves everything as it was.
    public func pulseCampaigns(now: Int64) async throws(RegistryError) -> CampaignPulse {
        let live = try await liveCampaigns()
        var hasMore = false
        guard !live.isEmpty, hasRoomForCampaigns() else {
            return CampaignPulse(live: live.count, hasMore: false, hold: hold.text)
        }
        var failure: RegistryError?
        for id in live {
            do {
                if try await pulse(id, now: now) { hasMore = true }
            } catch {
                // One that cannot go on does not stop the others, unless nothing can be written at all.
                failure = failure ?? error
                if error.code == .diskFull || error.code == .readOnly { break }
            }
        }
        if let failure {
            hold.set("\(failure)")
            throw failure
        }
        return CampaignPulse(live: live.count, hasMore: hasMore, hold: nil)
    }

    /// One campaign's turn; whether it has more to do at once.
    private func pulse(_ id: Int64, now: Int64) async throws(RegistryError) -> Bool {
        var turns = 0
        while try await needsPulse(id, now: now) {
            guard turns < Self.pulsesPerTurn else { return true }
            turns += 1
            let isBusy = try await writer.perform { transaction in
                try transaction.pulse(id, now: now)
            }
            if !isBusy { break }
        }
        return false
    }

    /// Ticks after every commit that changed a campaign, and once at the start.
    public func campaignSignals() -> AsyncStream<Void> { changes.campaigns() }

    /// Campaigns that are not over, those first that go first.
    private func liveCampaigns() async throws(RegistryError) -> [Int64] {
        try store.read { db in
            let rows = try Row.fetchAll(
                db,
                sql: "\(CampaignRow.columns) WHERE phase IN (3, 4, 5, 6, 7) OR jobs <> '[]'"
            )
            return try rows.map { try CampaignRow($0) }.sorted { left, right in
                CampaignClaim(plan: right.plan, startedAt: right.state.startedAt ?? 0)
                    < CampaignClaim(plan: left.plan, startedAt: left.state.startedAt ?? 0)
            }.map(\.id)
        }
    }

    /// Whether a commit would change anything: a look costs no write, a campaign that waits none at all.
    private func needsPulse(_ id: Int64, now: Int64) async throws(RegistryError) -> Bool {
        try store.read { db in
            let statement = try db.cachedStatement(sql: "\(CampaignRow.columns) WHERE id = ?")
            guard let row = try Row.fetchOne(statement, arguments: [id]) else { return false }
            let campaign = try CampaignRow(row)
            if !campaign.jobs.isEmpty { return true }
            let silent = try Row.fetchOne(
                try db.cachedStatement(
                    sql: """
                        SELECT 1 FROM campaign_member WHERE campaign_id = ?
                            AND state IN (3, 4, 5, 10) AND expected_by <= ? LIMIT 1
                        """
                ),
                arguments: [id, now]
            )
            if silent != nil { return true }
            let counts = try db.campaignCounts(id, of: campaign.plan)
            var machine = campaign.machine
            return !machine.tick(counts, at: now).isEmpty
        }
    }
}
