/// Plays a plan through, in steps that grow with the distance from now.
struct ForecastRun {
    /// Devices that are alike, some of which wait.
    struct Group {
        let wave: Int
        let interval: Int64?
        let clock: Int
        let stranding: CampaignForecast.Stranding?
        let count: Double
        var waiting: Double
    }

    struct WaveRun {
        var members = 0
        var opensAt: Int64?
        var endsAt: Int64?
        var waiting = 0.0
        var inFlight = 0.0
        /// Suspects that are not given up yet.
        var suspects = 0.0
        var settled = 0.0
        var stranded = 0.0
        var isOver: Bool { waiting + inFlight < 0.5 }
    }

    /// What changes at a place of the grid.
    struct Change {
        var amount = 0.0
        var rate = 0.0
        var overdue = 0.0
        var closed = 0.0
    }

    let plan: CampaignPlan
    let clocks: CampaignClocks
    let start: Int64
    let total: Int
    let leftOut: Int
    let grid: ForecastGrid
    var groups: [Group]
    var waves: [WaveRun]
    var settledAt: [Double] = []
    var endsAt: Int64?
    private var changes: [[Change]]
    private var rates: [Double]
    private var openWave = -1
    private var settled = 0.0

    init(
        plan: CampaignPlan,
        buckets: [CampaignForecast.Bucket],
        clocks: CampaignClocks,
        startingAt now: Int64
    ) {
        self.plan = plan
        self.clocks = clocks
        start = now
        grid = ForecastGrid(from: now, until: plan.deadline)
        let valid = buckets.filter { $0.count > 0 && plan.waves.indices.contains($0.wave) }
        let kept = valid.prefix(CampaignForecast.maximumBuckets)
        leftOut = valid.dropFirst(kept.count).reduce(0) { $0 + $1.count }
        total = kept.reduce(0) { $0 + $1.count }
        groups = kept.map { bucket in
            Group(
                wave: bucket.wave,
                interval: bucket.intervalSeconds.map { max($0, 1) },
                clock: bucket.clock,
                stranding: Self.stranding(of: bucket, plan: plan),
                count: Double(bucket.count),
                waiting: Double(bucket.count)
            )
        }
        waves = plan.waves.map { _ in WaveRun() }
        for bucket in kept {
            waves[bucket.wave].members += bucket.count
            waves[bucket.wave].waiting += Double(bucket.count)
        }
        let places = grid.count + 1
        changes = plan.waves.map { _ in [Change](repeating: Change(), count: places) }
        rates = plan.waves.map { _ in 0 }
    }

    private static func stranding(
        of bucket: CampaignForecast.Bucket,
        plan: CampaignPlan
    ) -> CampaignForecast.Stranding? {
        guard let silent = bucket.silentSeconds else { return .neverHeard }
        return silent > plan.silence.allowance(interval: bucket.intervalSeconds) ? .silent : nil
    }

    mutating func go() {
        guard total > 0 else {
            endsAt = start
            return
        }
        for step in 0..<grid.count {
            let (begin, end) = grid[step]
            openWaves(at: begin)
            release(in: step, from: begin, until: end)
            settle(in: step, seconds: Double(end - begin))
            settledAt.append(settled)
            for index in waves.indices
            where waves[index].endsAt == nil && index <= openWave && waves[index].isOver {
                waves[index].endsAt = end
            }
            if waves.allSatisfy({ $0.isOver && $0.suspects < 0.5 }) {
                endsAt = end
                return
            }
        }
    }

    private mutating func openWaves(at now: Int64) {
        while openWave + 1 < waves.count, waves.prefix(openWave + 1).allSatisfy(\.isOver) {
            openWave += 1
            waves[openWave].opensAt = now
        }
    }

    private mutating func release(in step: Int, from begin: Int64, until end: Int64) {
        let open = groups.indices.filter { groups[$0].wave <= openWave && groups[$0].waiting > 0 }
        guard !open.isEmpty else { return }
        let shares = grid.openShares(
            of: plan,
            step: step,
            numbers: open.map { groups[$0].clock },
            clocks: clocks
        )
        let waiting = open.reduce(0.0) {
            $0 + ((shares[groups[$1].clock] ?? 0) > 0 ? groups[$1].waiting : 0)
        }
        guard waiting > 0 else { return }
        let seconds = Double(end - begin)
        let share = shares.values.max() ?? 0
        let rate = Double(rate(at: begin)) / 60_000
        let amount = min(waiting, rate * seconds * share, room(seconds: seconds * share))
        guard amount > 0 else { return }
        for index in open where (shares[groups[index].clock] ?? 0) > 0 {
            let part = groups[index].waiting * min(1, amount / waiting)
            groups[index].waiting -= part
            waves[groups[index].wave].waiting -= part
            waves[groups[index].wave].inFlight += part
            plan(part, of: groups[index], at: begin + (end - begin) / 2, step: step)
        }
    }

    /// When those released now settle, or become suspect and are given up.
    private mutating func plan(_ part: Double, of group: Group, at now: Int64, step: Int) {
        let wave = group.wave
        guard group.stranding == nil else {
            let allowance = plan.silence.allowance(interval: group.interval)
            changes[wave][grid.place(of: now.saturatingAdding(allowance), after: step)].overdue +=
                part
            changes[wave][grid.place(of: now.saturatingAdding(2 * allowance), after: step)]
                .closed += part
            return
        }
        // Somewhere in its interval, and no moment is likelier than another.
        let interval = group.interval ?? plan.silence.ceilingSeconds
        let (_, end) = grid[step]
        let last = now.saturatingAdding(interval)
        guard last > end else {
            changes[wave][step].amount += part
            return
        }
        let rate = part / Double(interval)
        changes[wave][step].amount += rate * Double(end - now)
        changes[wave][step + 1].rate += rate
        let place = grid.place(of: last, after: step)
        guard place < grid.count else { return }
        changes[wave][place].amount += rate * Double(last - grid[place].begin)
        changes[wave][place].rate -= rate
    }

    private mutating func settle(in step: Int, seconds: Double) {
        for wave in waves.indices {
            let change = changes[wave][step]
            rates[wave] = max(0, rates[wave] + change.rate)
            let done = min(rates[wave] * seconds + change.amount, waves[wave].inFlight)
            settled += done
            waves[wave].settled += done
            waves[wave].inFlight -= done + change.overdue
            waves[wave].suspects += change.overdue - change.closed
            waves[wave].stranded += change.overdue
        }
    }

    private func rate(at now: Int64) -> Int {
        var counts = CampaignCounts(
            waves: waves.map { _ in CampaignCounts.WaveCounts() },
            clocks: clocks
        )
        let waiting = waves.reduce(0.0) { $0 + $1.waiting }
        counts.waves[0].members = [
            .waiting: Int(waiting.rounded(.up)), .settled: Int(settled),
        ]
        let machine = CampaignMachine(plan: plan, state: CampaignState(createdBy: ""))
        return machine.rate(counts, at: now)
    }

    /// How many may be released in a stretch without too many being in flight at once.
    private func room(seconds: Double) -> Double {
        let inFlight = waves.reduce(0.0) { $0 + $1.inFlight }
        let free = max(0, Double(plan.maximumInFlight) - inFlight)
        let flow = rates.reduce(0, +) * seconds
        let turns = max(0, seconds / latency - 1)
        return free + flow + Double(plan.maximumInFlight) * turns
    }

    /// The mean time from release to settling, in seconds.
    var latency: Double {
        let live = groups.filter { $0.stranding == nil }
        let count = live.reduce(0.0) { $0 + $1.count }
        guard count > 0 else { return 60 }
        let sum = live.reduce(0.0) {
            $0 + $1.count * Double($1.interval ?? plan.silence.ceilingSeconds) / 2
        }
        return max(sum / count, 1)
    }
}
