import Fleet
import GRDB
import KeyExchange
import Testing

@testable import Registry

/// A fleet of lamps that hold the key `door`, a clock, and campaigns over them.
final class CampaignScene {
    let home: Home
    let registry: Registry
    var lamps: [FakeDevice] = []
    var now = Home.now + 1000

    init(_ count: Int, keys: [String] = ["door"], grace: UInt32 = 3600) async throws {
        home = try Home()
        registry = try await home.lights(grace: grace, keys: keys)
        let bundle = try await registry.bundle(uses: UInt32(max(count, 1) + 50))
        for number in 0..<count {
            var lamp = try FakeDevice("lamp-\(number)")
            _ = try await lamp.enrol(with: bundle, at: registry)
            lamps.append(lamp)
        }
        try await calm()
    }

    static func plan(
        _ name: String = "spring",
        action: CampaignAction = .rotate,
        key: String = "door",
        target: String = "group=lights",
        isDynamic: Bool = false,
        perMinute: Int = 60_000,
        waves: [Wave] = [Wave(.rest)],
        windows: [MaintenanceWindow] = [],
        zone: TimeZoneName? = nil,
        maximumInFlight: Int = 1000,
        deadline: Int64? = nil,
        stopRules: [StopRule] = [],
        test: SequentialTest? = nil,
        retries: [CampaignFailure: Int] = [:],
        priority: Int = 5
    ) throws -> CampaignPlan {
        try CampaignPlan(
            name: CampaignName(parsing: name),
            action: action,
            key: KeyName(parsing: key),
            target: Query(parsing: target),
            isDynamic: isDynamic,
            pace: Pace(perMinute: perMinute),
            waves: waves,
            windows: windows,
            timeZone: zone,
            maximumInFlight: maximumInFlight,
            deadline: deadline,
            stopRules: stopRules,
            sequentialTest: test,
            silence: Silence(factorTenths: 30, floorSeconds: 900, ceilingSeconds: 86_400),
            retries: retries,
            priority: priority
        )
    }

    /// Makes a campaign and begins it.
    @discardableResult
    func begin(_ plan: CampaignPlan) async throws -> CampaignName {
        _ = try await registry.createCampaign(plan, actor: "uid:ann", now: now)
        _ = try await registry.startCampaign(plan.name, actor: "uid:ann", now: now)
        return plan.name
    }

    /// Lets campaigns do what they have to, a second at a time.
    func pulse(seconds: Int = 1) async throws {
        for _ in 0..<seconds {
            now += 1
            while try await registry.pulseCampaigns(now: now).hasMore {}
        }
    }

    /// Every lamp that was nudged comes once.
    func answerNudges(failing failure: (DeviceID) -> FailureKind? = { _ in nil }) async throws {
        let items = try await registry.takeOutbox(limit: 100_000)
        try await registry.outboxDone(items.map(\.id))
        let nudged = Set(items.map(\.device))
        for index in lamps.indices where nudged.contains(lamps[index].id) {
            try await contact(index, failing: failure(lamps[index].id))
        }
    }

    /// One lamp comes, and takes what it is offered or says why not.
    func contact(_ index: Int, failing failure: FailureKind? = nil) async throws {
        guard let failure else {
            _ = try await lamps[index].talk(to: registry, now: now)
            return
        }
        let answer = try await registry.reconcile(try lamps[index].contact(now: now))
        guard case .offer(let device, let offer, let verdicts) = answer else { return }
        let settle = try await registry.confirm(
            device: device,
            operation: offer.operation,
            outcomes: offer.keys.map {
                KeyOutcome(name: $0.name, epoch: $0.epoch, failure: failure)
            },
            verdicts: verdicts,
            now: now
        )
        lamps[index].obey(settle)
    }

    /// Forgets what waits to be sent.
    func calm() async throws {
        try await registry.outboxDone(registry.takeOutbox(limit: 100_000).map(\.id))
    }

    func details(_ name: CampaignName) async throws -> CampaignDetails {
        try await registry.campaign(name, now: now)
    }

    func phase(_ name: CampaignName) async throws -> CampaignState.Phase {
        try await details(name).summary.state.phase
    }

    func counts(_ name: CampaignName) async throws -> CampaignCounts {
        try await details(name).summary.counts
    }

    /// Epochs in use by lamp.
    func epochs(_ key: String = "door") async throws -> [UInt32] {
        var epochs: [UInt32] = []
        for lamp in lamps {
            let keys = try await registry.device(lamp.id).keys
            epochs.append(
                keys.last { $0.state == .active && $0.name.description == key }?.epoch.number ?? 0
            )
        }
        return epochs
    }

    /// The counts, kept in passing, against a count of all members.
    func countsAreTrue() throws -> Bool {
        let kept = """
            SELECT campaign_id, wave, state, detail, members FROM campaign_count WHERE members <> 0
            """
        let real = """
            SELECT campaign_id, wave, state, detail, COUNT(*) FROM campaign_member
            GROUP BY 1, 2, 3, 4
            """
        return try registry.store.pool.read { db in
            try Row.fetchAll(db, sql: "\(kept) EXCEPT \(real)").isEmpty
                && Row.fetchAll(db, sql: "\(real) EXCEPT \(kept)").isEmpty
        }
    }
}
