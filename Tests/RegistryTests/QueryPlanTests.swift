import Fleet
import GRDB
import KeyExchange
import Synchronization
import Testing

@testable import Registry

@Suite struct QueryPlanTests {
    private final class Seen: Sendable {
        let statements = Mutex<Set<String>>([])
    }

    /// Tables that grow with the fleet; bundles, groups and counters do not.
    private static let large = ["device", "device_key", "audit", "outbox"]

    @Test func `no statement scans a table that grows with the fleet`() async throws {
        let home = try Home()
        let registry = try await home.lights(rotation: 1000)
        let seen = Seen()
        let record: @Sendable (Database) -> Void = { db in
            db.trace { event in
                if case .statement(let statement) = event {
                    seen.statements.withLock { _ = $0.insert(statement.sql) }
                }
            }
        }
        try await registry.store.pool.writeWithoutTransaction(record)
        try await registry.store.pool.read(record)
        try await story(registry)
        let statements = seen.statements.withLock { $0.sorted() }
        #expect(statements.count > 30)
        try await registry.store.pool.read { db in
            for sql in statements where sql.isQueryOrChange {
                let arguments = StatementArguments(
                    [Int?](repeating: nil, count: sql.count { $0 == "?" })
                )
                for row in try Row.fetchAll(
                    db,
                    sql: "EXPLAIN QUERY PLAN \(sql)",
                    arguments: arguments
                ) {
                    let step: String = row["detail"]
                    let words = step.split(separator: " ")
                    let isScan =
                        words.first == "SCAN" && words.count > 1
                        && Self.large.contains(String(words[1]))
                        // A few rows of it, whichever come first.
                        && !sql.contains("FROM outbox LIMIT")
                    #expect(!isScan, "\(step) in \(sql)")
                    #expect(!step.contains("TEMP B-TREE FOR ORDER BY"), "\(step) in \(sql)")
                }
            }
        }
    }

    /// Everything that grows with the fleet, once.
    private func story(_ registry: Registry) async throws {
        try await anchorStory(registry)
        let lights = try GroupName(parsing: "lights")
        var lamp = try FakeDevice("lamp-1")
        _ = try await lamp.enrol(with: registry.bundle(), at: registry)
        _ = try registry.knownCredential(kid: lamp.kid)
        _ = try await registry.rotate(.device(lamp.id), key: nil, actor: "a", now: Home.now)
        _ = try await lamp.talk(to: registry)
        _ = try await registry.rotate(
            .group(lights),
            key: KeyName(parsing: "door"),
            actor: "a",
            now: Home.now
        )
        _ = try await lamp.talk(to: registry)
        _ = try await registry.sweep(now: Home.now + 9999)
        _ = try await registry.device(lamp.id)
        for state in DeviceState.allCases.map(Optional.some) + [nil] {
            for group in [lights, nil] {
                _ = try await registry.listDevices(DeviceFilter(group: group, state: state))
            }
        }
        _ = try await registry.auditList()
        _ = try await registry.auditList(AuditFilter(device: "lamp-1"))
        _ = try await registry.auditList(AuditFilter(kind: .keyOffered))
        _ = try await registry.brokerAccounts()
        try await registry.outboxDone(registry.takeOutbox(limit: 10).map(\.id))
        _ = try await registry.quarantineDevice(lamp.id, actor: "a", now: 1)
        _ = try await registry.reinstateDevice(lamp.id, actor: "a", now: 1)
        _ = try await registry.retireDevice(lamp.id, actor: "a", now: 1)
        if let order = try await registry.reconcile(lamp.contact()).retire {
            let receipt = Receipt(
                operation: order.operation,
                counter: order.counter,
                destroyed: []
            )
            _ = try await registry.acknowledge(device: lamp.id, receipt, now: 1)
        }
        try await lifeStory(registry)
    }
}

extension QueryPlanTests {
    /// The server's identity is changed, and a device is ordered to go.
    private func anchorStory(_ registry: Registry) async throws {
        _ = try await registry.announceAnchor(actor: "a", now: 1)
        var lamp = try FollowingDevice("follower", at: registry)
        try await lamp.enrol(with: registry.bundle())
        _ = try await registry.announceAnchor(actor: "a", now: 1)
        for _ in 1...2 { try await lamp.talk() }
        _ = try await registry.stragglers()
        _ = try await registry.anchorOverview(now: 1)
        _ = try await registry.switchAnchor(actor: "a", now: 1)
        _ = try await registry.setPolicy("orderLifeDays", to: "9", actor: "a", now: 1)
        _ = try await registry.retireDevice(lamp.id, actor: "a", now: 1)
        _ = try await registry.order(for: lamp.id, now: 1)
        _ = try await registry.devicesUnderOrder(limit: 10)
    }
}

extension QueryPlanTests {
    /// A key's life by the words of an admin, what the sweep does by itself, and what screens show.
    private func lifeStory(_ registry: Registry) async throws {
        var lamp = try FakeDevice("lamp-2")
        _ = try await lamp.enrol(with: registry.bundle(), at: registry)
        let (here, door) = (KeyScope.device(lamp.id), try KeyName(parsing: "door"))
        let marked = KeyScope.query(try Query(parsing: "label.floor=3"))
        _ = try await registry.label(
            .device(lamp.id),
            set: ["floor": "3"],
            remove: [],
            actor: "a",
            now: 1
        )
        for scope in [here, marked] {
            _ = try await registry.suspend(scope, key: door, actor: "a", now: Home.now)
            _ = try await lamp.talk(to: registry)
            _ = try await registry.resume(scope, key: door, actor: "a", now: Home.now)
            _ = try await registry.rotate(scope, key: door, actor: "a", now: Home.now)
            for _ in 1...2 { _ = try await lamp.talk(to: registry) }
        }
        let older = try #require(Epoch(2))
        _ = try await registry.destroy(lamp.id, key: door, epoch: older, actor: "a", now: Home.now)
        _ = try await registry.rotate(here, key: door, actor: "a", now: Home.now)
        for _ in 1...2 { _ = try await lamp.talk(to: registry) }
        _ = try await registry.rollBack(lamp.id, key: door, actor: "a", now: Home.now)
        _ = try await lamp.talk(to: registry)
        _ = try await registry.compromise(marked, key: door, actor: "a", now: Home.now)
        // It comes from a later life of this server.
        lamp.held[door]?.append(
            Report.HeldEpoch(epoch: try #require(Epoch(50)), state: .primary, check: lamp.kid)
        )
        for _ in 1...2 { _ = try await lamp.talk(to: registry) }
        for kind in NoticeKind.allCases { _ = try await registry.notices(kind) }
        _ = try await registry.dismissNotice(.ahead, of: lamp.id, actor: "a", now: Home.now)
        _ = try await registry.nudgeDue(now: Home.now + 99_999)
        _ = try await registry.sweep(now: Home.now + 99_999)
        _ = try await registry.status(now: Home.now + 99_999)
        _ = try await registry.progress(device: lamp.id, key: door, now: Home.now)
        for scope in [here, marked, .group(try GroupName(parsing: "lights"))] {
            _ = try await registry.retireKey(scope, key: door, actor: "a", now: Home.now)
            guard let retire = try await lamp.talk(to: registry).retire else { continue }
            let receipt = lamp.destroy(retire)
            _ = try await registry.acknowledge(device: lamp.id, receipt, now: Home.now)
        }
    }
}

extension String {
    fileprivate var isQueryOrChange: Bool {
        ["SELECT", "UPDATE", "DELETE", "INSERT"].contains { hasPrefix($0) }
    }
}
