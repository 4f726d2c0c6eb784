import Fleet
import GRDB
import KeyExchange
import Synchronization
import Testing

@testable import Registry

@Suite struct CampaignStatementTests {
    private final class Seen: Sendable {
        let statements = Mutex<Set<String>>([])
    }

    @Test func `no statement of a campaign scans the fleet or its members`() async throws {
        let scene = try await CampaignScene(6)
        let seen = Seen()
        let record: @Sendable (Database) -> Void = { db in
            db.trace { event in
                if case .statement(let statement) = event {
                    seen.statements.withLock { _ = $0.insert(statement.sql) }
                }
            }
        }
        try await scene.registry.store.pool.writeWithoutTransaction(record)
        try await scene.registry.store.pool.read(record)
        try await story(scene)
        let statements = seen.statements.withLock { $0.sorted() }.filter {
            ["SELECT", "UPDATE", "DELETE", "INSERT"].contains(where: $0.hasPrefix)
        }
        #expect(statements.contains { $0.contains("campaign_member") })
        #expect(statements.contains { $0.contains("device_id > ? AND +campaign_member.state IN") })
        try await scene.registry.store.pool.read { db in
            for sql in statements {
                let arguments = StatementArguments(
                    [Int?](repeating: nil, count: sql.count { $0 == "?" })
                )
                let steps = try Row.fetchAll(
                    db,
                    sql: "EXPLAIN QUERY PLAN \(sql)",
                    arguments: arguments
                )
                for step in steps.map({ $0["detail"] as String }) {
                    let words = step.split(separator: " ").prefix(2).joined(separator: " ")
                    let isScan = ["SCAN device", "SCAN device_key", "SCAN campaign_member"]
                        .contains(words)
                    #expect(!isScan, "\(step) in \(sql)")
                    #expect(!step.contains("TEMP B-TREE FOR ORDER BY"), "\(step) in \(sql)")
                }
            }
        }
    }

    /// Every kind of job once, over two campaigns of one key.
    private func story(_ scene: CampaignScene) async throws {
        let registry = scene.registry
        let canaries = Wave(.matching(try Query(parsing: "label.canary=yes")))
        let first = try await scene.begin(
            CampaignScene.plan(
                "first",
                isDynamic: true,
                waves: [canaries, Wave(.count(1)), Wave(.rest)],
                maximumInFlight: 2,
                deadline: scene.now + 900_000
            )
        )
        try await scene.pulse(seconds: 2)
        let second = try await scene.begin(
            CampaignScene.plan("second", target: "label.floor=3 or all", priority: 7)
        )
        try await scene.pulse(seconds: 2)
        try await scene.answerNudges { $0.description == "lamp-1" ? .hookFailed : nil }
        try await scene.pulse(seconds: 2)
        for name in [first, second] {
            _ = try await scene.details(name)
            for state in [MemberState.settled, .failed, .blocked] {
                _ = try await registry.campaignMembers(name, state: state)
            }
            _ = try await registry.campaignReport(name, now: scene.now)
        }
        var late = try FakeDevice("lamp-99")
        _ = try await late.enrol(
            with: registry.bundle(expiresAt: scene.now + 60),
            at: registry,
            now: scene.now
        )
        scene.now += 90_000
        try await scene.pulse(seconds: 2)
        scene.now += 90_000
        try await scene.pulse(seconds: 2)
        _ = try await registry.retireDevice(scene.lamps[2].id, actor: "a", now: scene.now)
        if try await scene.counts(second).failures(.hookFailed) > 0 {
            _ = try await registry.retryCampaign(
                second,
                kinds: [.hookFailed, .silent],
                actor: "a",
                now: scene.now
            )
        }
        try await scene.pulse(seconds: 2)
        // The clock goes back: those in flight are looked through once.
        scene.now -= 7200
        try await scene.pulse(seconds: 2)
        _ = try await registry.rollBackCampaign(second, actor: "a", now: scene.now)
        try await scene.pulse(seconds: 3)
        _ = try await registry.cancelCampaign(first, actor: "a", now: scene.now)
        try await scene.pulse(seconds: 3)
    }
}
