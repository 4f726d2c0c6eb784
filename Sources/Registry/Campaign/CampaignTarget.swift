internal import Fleet
internal import GRDB

/// Aggregates over a target: what comes of them is as small for a million devices as for a thousand.
struct CampaignTarget {
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

    var keyed: String {
        """
        EXISTS (SELECT 1 FROM key_spec WHERE key_spec.group_id = device.group_id
            AND key_spec.name = '\(plan.key)' AND key_spec.retired_at IS NULL)
        """
    }

    /// 0 for a device within its rhythm, 1 for one that is silent already, 2 for one never heard.
    var silence: String {
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
        let text: String? = row[3]
        guard let clock = places.number(ClockLabel(text), count: row[4]) else { return nil }
        places.judge(text, number: clock, from: now)
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
