public import Fleet
internal import GRDB
public import KeyExchange

/// What a campaign will probably do, with the devices that it will probably not reach.
public struct CampaignOutlook: Hashable, Sendable {
    /// A device that will probably be left behind.
    public struct Stranded: Hashable, Sendable {
        /// The device.
        public let device: DeviceID
        /// Why.
        public let reason: CampaignForecast.Stranding
        /// When it was heard last, in seconds since 1970; nil for never.
        public let lastSeen: Int64?
        /// Its usual time between contacts, in seconds; nil when it is not known.
        public let intervalSeconds: Int64?
    }

    /// The most devices that are named.
    public static let named = 100

    /// Waves, curve, duration and warnings.
    public let forecast: CampaignForecast
    /// Members that can be known by name now, at most `named`; the forecast counts them all.
    public let stranded: [Stranded]
    /// Devices of the target that would be left out, by reason.
    public let skipped: [SkipReason: Int]
    /// What an admin should read before starting: of the forecast, and of labels.
    public let warnings: [String]
}

extension Registry {
    /// Plays a campaign through without touching a device; for a draft, or for one that waits or runs, as
    /// if it began now.
    public func planCampaign(
        _ name: CampaignName,
        now: Int64
    ) async throws(RegistryError) -> CampaignOutlook {
        let plan = try store.read { db in try db.campaign(named: name).plan }
        return try await planCampaign(plan, now: now)
    }

    /// Plays a plan through that is not even a draft.
    public func planCampaign(
        _ plan: CampaignPlan,
        now: Int64
    ) async throws(RegistryError) -> CampaignOutlook {
        try plan.checkClock(at: now)
        let target = CampaignTarget(plan, now: now)
        return try store.read { db in
            var places = OutlookPlaces(plan)
            let buckets = try target.buckets(in: db, &places)
            let forecast = CampaignForecast(
                plan: plan,
                buckets: buckets,
                clocks: places.clocks,
                startingAt: now
            )
            var skipped = try target.skipped(in: db)
            skipped[.timeZoneUnknown] = places.lost > 0 ? places.lost : nil
            return CampaignOutlook(
                forecast: forecast,
                stranded: try target.stranded(in: db),
                skipped: skipped,
                warnings: forecast.warnings + places.warnings
            )
        }
    }
}

/// Aggregates over a target: what comes of them is as small for a million devices as for a thousand.
private struct CampaignTarget {
    let plan: CampaignPlan
    let now: Int64
    let pages: QueryPages

    /// Seconds between contacts that are taken for alike: steps of a half more each.
    private static let intervals: [Int64] = {
        var steps: [Int64] = [30]
        while let last = steps.last, last < 366 * 86_400 { steps.append(last * 3 / 2) }
        return steps
    }()

    init(_ plan: CampaignPlan, now: Int64) {
        self.plan = plan
        self.now = now
        pages = QueryPages(plan.target, now: now)
    }

    private var keyed: String {
        """
        EXISTS (SELECT 1 FROM key_spec WHERE key_spec.group_id = device.group_id
            AND key_spec.name = '\(plan.key)' AND key_spec.retired_at IS NULL)
        """
    }

    /// 0 for a device within its rhythm, 1 for one that is silent already, 2 for one never heard.
    private var silence: String {
        let silence = plan.silence
        let (floor, ceiling) = (silence.floorSeconds, silence.ceilingSeconds)
        let own = "MIN(contact_interval, \(ceiling)) * \(silence.factorTenths) / 10"
        return """
            CASE WHEN last_seen IS NULL THEN 2
                WHEN \(now) - last_seen > CASE
                    WHEN contact_interval IS NULL OR contact_interval <= 0 THEN \(ceiling)
                    ELSE MIN(MAX(\(own), \(floor)), \(ceiling)) END
                THEN 1 ELSE 0 END
            """
    }

    private var interval: String {
        let cases = Self.intervals.map { "WHEN contact_interval <= \($0) THEN \($0)" }
        return """
            CASE WHEN contact_interval IS NULL OR contact_interval <= 0 THEN NULL
                \(cases.joined(separator: " ")) ELSE \(Self.intervals.last ?? 0) END
            """
    }

    private var zone: String {
        plan.windows.isEmpty ? "NULL" : ClockLabel.sql
    }

    /// Devices that are alike, by wave; those that no wave's query finds are spread over the others.
    func buckets(
        in db: Database,
        _ places: inout OutlookPlaces
    ) throws -> [CampaignForecast.Bucket] {
        let waves = WaveColumn(plan, now: now)
        let (sql, arguments) = pages.all(
            select: "\(waves.sql), \(interval), \(silence), \(zone), COUNT(*)",
            filter: "+device.state = 2 AND \(keyed)",
            suffix: "GROUP BY 1, 2, 3, 4 LIMIT \(CampaignForecast.maximumBuckets)"
        )
        let rows = try Row.fetchAll(db, sql: sql, arguments: waves.arguments + arguments)
        let buckets = rows.compactMap { row in bucket(row, &places) }
        var matching: [Int: Int] = [:]
        for bucket in buckets where bucket.wave >= 0 {
            matching[bucket.wave, default: 0] += bucket.count
        }
        let total = buckets.reduce(0) { $0 + $1.count }
        let sizes = WaveSizes(plan: plan, total: total, matching: matching).ranked
        return buckets.filter { $0.wave >= 0 }
            + spread(buckets.filter { $0.wave < 0 }, over: sizes)
    }

    private func bucket(_ row: Row, _ places: inout OutlookPlaces) -> CampaignForecast.Bucket? {
        guard let clock = places.number(ClockLabel(row[3]), count: row[4]) else { return nil }
        let interval: Int64? = row[1]
        let silence: Int = row[2]
        let allowance = plan.silence.allowance(interval: interval)
        return CampaignForecast.Bucket(
            wave: row[0],
            intervalSeconds: interval,
            silentSeconds: silence == 2 ? nil : silence == 1 ? allowance + 1 : 0,
            clock: clock,
            count: row[4]
        )
    }

    /// Ranks are scattered evenly, so each wave gets its share of each kind of device.
    private func spread(
        _ buckets: [CampaignForecast.Bucket],
        over sizes: [Int]
    ) -> [CampaignForecast.Bucket] {
        let total = buckets.reduce(0) { $0 + $1.count }
        guard total > 0 else { return [] }
        var result: [CampaignForecast.Bucket] = []
        var before = 0
        for var bucket in buckets {
            // Cumulative from both sides, so that rounding neither loses nor invents a device.
            var given = 0
            var end = 0
            for (wave, size) in sizes.enumerated() where size > 0 {
                end += size
                let upTo = (before + bucket.count) * end / total - before * end / total
                let count = min(upTo - given, bucket.count - given)
                given += max(0, count)
                guard count > 0 else { continue }
                var part = bucket
                part.wave = wave
                part.count = count
                result.append(part)
            }
            before += bucket.count
            bucket.count -= given
            if bucket.count > 0, let last = sizes.lastIndex(where: { $0 > 0 }) {
                bucket.wave = last
                result.append(bucket)
            }
        }
        return result
    }

    func stranded(in db: Database) throws -> [CampaignOutlook.Stranded] {
        // One whose rhythm is longer than what is left until the deadline comes too late, probably.
        let late = plan.deadline.map { "OR contact_interval > \($0 - now)" } ?? ""
        let (sql, arguments) = pages.page(
            select: "device.name, last_seen, contact_interval, \(silence)",
            filter: "+device.state = 2 AND \(keyed) AND (\(silence) > 0 \(late))",
            after: "",
            limit: CampaignOutlook.named
        )
        return try Row.fetchAll(db, sql: sql, arguments: arguments).map { row in
            let silence: Int = row[3]
            return CampaignOutlook.Stranded(
                device: try row.name(0, as: DeviceID.self),
                reason: silence == 2 ? .neverHeard : silence == 1 ? .silent : .slowRhythm,
                lastSeen: row[1],
                intervalSeconds: row[2]
            )
        }
    }

    func skipped(in db: Database) throws -> [SkipReason: Int] {
        let (sql, arguments) = pages.all(
            select: "device.state, \(keyed), COUNT(*)",
            filter: "+device.state IN (1, 2, 5) AND NOT (+device.state = 2 AND \(keyed))",
            suffix: "GROUP BY 1, 2"
        )
        var skipped: [SkipReason: Int] = [:]
        for row in try Row.fetchAll(db, sql: sql, arguments: arguments) {
            let reason: SkipReason =
                switch try row.value(0, as: DeviceState.self) {
                case .registered: .notEnrolled
                case .quarantined: .quarantined
                case .retiring, .retired: .deviceRetired
                case .enrolled: .keyRetired
                }
            skipped[reason, default: 0] += row[2]
        }
        return skipped
    }
}
