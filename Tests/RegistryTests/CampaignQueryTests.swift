import Fleet
import Foundation
import GRDB
import KeyExchange
import Testing

@testable import Registry

@Suite struct CampaignQueryTests {
    private static let now = Home.now
    private let home: Home
    private let registry: Registry

    init() async throws {
        home = try Home()
        registry = try await home.lights(keys: ["door", "signing"])
        _ = try await registry.createGroup(
            GroupName(parsing: "lamps"),
            actor: "uid:root",
            now: Self.now
        )
    }

    @Test func `SQL and memory agree on random devices and random queries`() async throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededRandom(seed: seed)
        let facts = try (0..<60).map { try DeviceFacts.random($0, using: &random) }
        try await registry.insert(facts)
        var hits = 0
        for _ in 0..<400 {
            let text = String.query(depth: 3, using: &random)
            let query = try Query(parsing: text)
            let expected = Set(facts.filter { query.matches($0) }.map(\.id))
            hits += expected.count
            let found = try await registry.everyDevice(query)
            #expect(Set(found) == expected, "seed \(seed): \(text)")
            #expect(found.count == expected.count, "seed \(seed): twice in \(text)")
            let count = try await registry.countDevices(query: query, now: Self.now)
            #expect(count == expected.count, "seed \(seed): \(text)")
            let one = random.pick(facts)
            let isOne = try await registry.matches(query, one.id)
            #expect(isOne == expected.contains(one.id), "seed \(seed): \(one.id) in \(text)")
        }
        #expect(hits > 100, "seed \(seed): the queries ask for too little")
    }

    @Test(arguments: ["state=enrolled", "group=lights", "label.floor=3", "not has seen"])
    func `no page of a query scans the fleet or sorts it`(text: String) async throws {
        let (sql, arguments) = QueryPages(try Query(parsing: text), now: 1).page(
            select: "device.id",
            filter: "+device.state = 2",
            after: "",
            limit: 10
        )
        let steps = try await registry.store.pool.read { db in
            try Row.fetchAll(db, sql: "EXPLAIN QUERY PLAN \(sql)", arguments: arguments)
                .map { $0["detail"] as String }
        }
        #expect(!steps.contains { $0.contains("TEMP B-TREE") }, "\(steps)")
        #expect(!steps.contains { $0.hasPrefix("SCAN") }, "\(steps)")
    }

    @Test func `a database of before knows its agents' versions in order`() async throws {
        var lamp = try FakeDevice("lamp-1")
        _ = try await lamp.enrol(with: registry.bundle(), at: registry)
        try home.tamper("UPDATE device SET agent_order = NULL")
        try await registry.store.pool.write { db in try Schema.orderAgents(db) }
        let old = try Query(parsing: "agent < 1.1 and agent >= 0.9")
        #expect(try await registry.everyDevice(old) == [lamp.id])
    }

    @Test func `what a label holds is never read as SQL`() async throws {
        var random = SeededRandom(seed: 1)
        var facts = try DeviceFacts.random(0, using: &random)
        facts.labels = ["floor": "3' OR '1'='1"]
        try await registry.insert([facts])
        let quoted = try Query(parsing: "label.floor = \"3' OR '1'='1\"")
        #expect(try await registry.everyDevice(quoted) == [facts.id])
        let other = try Query(parsing: "label.floor = \"4' OR '1'='1\"")
        #expect(try await registry.everyDevice(other).isEmpty)
    }
}

extension Registry {
    /// Every device of a query, seven to a page.
    func everyDevice(_ query: Query) async throws -> [DeviceID] {
        var all: [DeviceID] = []
        while true {
            let page = try await listDevices(
                query: query,
                after: all.last,
                limit: 7,
                now: Home.now
            )
            all += page.map(\.id)
            if page.count < 7 { return all }
        }
    }

    fileprivate func matches(_ query: Query, _ id: DeviceID) async throws -> Bool {
        try await writer.perform { transaction in
            guard let device = try transaction.device(named: id) else { return false }
            return try transaction.matches(query, device: device.id, now: Home.now)
        }
    }

    /// Writes devices as they would be after long lives.
    fileprivate func insert(_ facts: [DeviceFacts]) async throws {
        try await store.pool.write { db in
            for device in facts {
                try db.execute(
                    sql: """
                        INSERT INTO device (name, group_id, state, public_key, created_at,
                            last_seen, store, security_level, agent_version, agent_order,
                            order_counter)
                        VALUES (?, (SELECT id FROM device_group WHERE name = ?), ?, ?, ?, ?, ?, ?,
                            ?, ?, 0)
                        """,
                    arguments: [
                        device.id.description, device.group.description, device.state.rawValue,
                        Data(device.id.description.utf8), device.createdAt, device.lastSeen,
                        device.store?.rawValue, device.level?.rawValue, device.agentVersion,
                        device.agentVersion.flatMap { AgentVersion(parsing: $0)?.sortKey },
                    ]
                )
                let id = db.lastInsertedRowID
                for (label, value) in device.labels {
                    try db.execute(
                        sql: "INSERT INTO device_label VALUES (?, ?, ?)",
                        arguments: [id, label, value]
                    )
                }
                for key in device.keys { try db.insert(key, of: id) }
            }
        }
    }
}

extension Database {
    /// The active generation and one before it that no query may take for it.
    fileprivate func insert(_ key: DeviceFacts.Key, of id: Int64) throws {
        for (epoch, state) in [(key.epoch.number - 1, 4), (key.epoch.number, 3)] where epoch > 0 {
            try execute(
                sql: """
                    INSERT INTO device_key (device_id, name, epoch, state, thumbprint, created_at,
                        changed_at) VALUES (?, ?, ?, ?, x'00', ?, 0)
                    """,
                arguments: [
                    id, key.name.description, epoch, state,
                    state == 3 ? key.createdAt : key.createdAt - 500_000,
                ]
            )
        }
    }
}

extension DeviceFacts {
    fileprivate static func random(
        _ number: Int,
        using random: inout SeededRandom
    ) throws -> DeviceFacts {
        let wasHeard = random.chance(80)
        let isAt: [Int64] = [0, 1, 59, 60, 3600, 86_400, 86_401, 10 * 86_400, -60]
        var labels: [String: String] = [:]
        for name in ["floor", "canary"] where random.chance(60) {
            labels[name] = random.pick(["3", "4", "yes", "no", "Yes", "é"])
        }
        var keys: [DeviceFacts.Key] = []
        for name in ["door", "signing"] where random.chance(70) {
            let epoch = try #require(Epoch(UInt32.random(in: 1...4, using: &random)))
            keys.append(
                .init(
                    name: try KeyName(parsing: name),
                    epoch: epoch,
                    createdAt: Home.now - random.pick(isAt)
                )
            )
        }
        return DeviceFacts(
            id: try DeviceID(parsing: "d-\(number)"),
            group: try GroupName(parsing: random.pick(["lights", "lamps"])),
            state: random.pick(DeviceState.allCases),
            store: wasHeard ? random.pick(Report.StoreKind.allCases) : nil,
            level: wasHeard ? random.pick(Report.SecurityLevel.allCases) : nil,
            agentVersion: wasHeard ? random.pick(["0.3", "0.3.0-rc1", "1.0", "10.2.1", "?"]) : nil,
            createdAt: Home.now - random.pick(isAt),
            lastSeen: wasHeard ? Home.now - random.pick(isAt) : nil,
            now: Home.now,
            labels: labels,
            keys: keys
        )
    }
}

extension String {
    /// The text of some query.
    fileprivate static func query(depth: Int, using random: inout SeededRandom) -> String {
        guard depth > 0, random.chance(70) else { return condition(using: &random) }
        let parts = (0..<Int.random(in: 2...3, using: &random)).map { _ in
            query(depth: depth - 1, using: &random)
        }
        switch Int.random(in: 0..<3, using: &random) {
        case 0: return "not (\(parts[0]))"
        case 1: return "(" + parts.joined(separator: " and ") + ")"
        default: return "(" + parts.joined(separator: " or ") + ")"
        }
    }

    private static func condition(using random: inout SeededRandom) -> String {
        let order = random.pick(["<", "<=", ">", ">="])
        let any = random.pick(["=", "!=", "<", "<=", ">", ">="])
        let same = random.pick(["=", "!="])
        let time = random.pick(["0s", "1s", "59s", "1m", "1h", "1d", "2d"])
        let key = random.pick(["door", "signing", "other"])
        let label = random.pick(["floor", "canary", "other"])
        return switch Int.random(in: 0..<14, using: &random) {
        case 0: "id in (d-\(Int.random(in: 0..<60, using: &random)), d-7)"
        case 1: "group \(same) \(random.pick(["lights", "lamps", "none"]))"
        case 2: "state \(same) \(random.pick(DeviceState.allCases))"
        case 3: "store \(same) \(random.pick(["file", "tpm"]))"
        case 4: "level \(any) \(random.pick(["software", "credential", "hardware"]))"
        case 5: "agent \(any) \(random.pick(["0.3", "0.3-x", "1", "9.9"]))"
        case 6: "created \(order) \(time)"
        case 7: "seen \(order) \(time)"
        case 8: "label.\(label) \(same) \(random.pick(["3", "4", "yes"]))"
        case 9: "label.\(label) in (3, \"é\")"
        case 10: "key \(same) \(key)"
        case 11: "age.\(key) \(order) \(time)"
        case 12: "epoch.\(key) \(any) \(Int.random(in: 1...4, using: &random))"
        default:
            "has "
                + random.pick(
                    ["seen", "agent", "store", "anchor", "label.\(label)", "key.\(key)"]
                )
        }
    }
}
