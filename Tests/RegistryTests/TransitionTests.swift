import Fleet
import GRDB
import KeyExchange
import Synchronization
import Testing

@testable import Registry

/// The table of a key's life against what the database does, and against what the log says of it.
@Suite struct TransitionTests {
    /// One change of one generation.
    private struct Change: Hashable, CustomStringConvertible {
        let generation: String
        let from: KeyState
        let to: KeyState

        var description: String { "\(generation): \(from) to \(to)" }
    }

    /// Has the database itself write down every change of a state.
    private func watch(_ registry: Registry) async throws {
        try await registry.store.pool.writeWithoutTransaction { db in
            try db.execute(
                sql: """
                    CREATE TABLE seen (id INTEGER PRIMARY KEY, generation TEXT, old, new);
                    CREATE TRIGGER watch_new AFTER INSERT ON device_key BEGIN
                        INSERT INTO seen (generation, old, new) VALUES
                            (new.device_id || ' ' || new.name || ' ' || new.epoch, 0, new.state);
                    END;
                    CREATE TRIGGER watch_old AFTER UPDATE OF state ON device_key BEGIN
                        INSERT INTO seen (generation, old, new) VALUES
                            (new.device_id || ' ' || new.name || ' ' || new.epoch, old.state,
                            new.state);
                    END;
                    CREATE TRIGGER watch_sealed AFTER UPDATE ON device_key
                        WHEN new.sealed IS NOT NULL AND new.state IN (2, 6, 8)
                    BEGIN SELECT RAISE(ABORT, 'material of a state that has none'); END;
                    """
            )
        }
    }

    private func seen(_ home: Home) throws -> [Change] {
        let queue = try DatabaseQueue(path: home.database)
        defer { try? queue.close() }
        return try queue.read { db in
            try Row.fetchAll(db, sql: "SELECT generation, old, new FROM seen ORDER BY id")
        }.map { row in
            Change(
                generation: try #require(row.text(0)),
                from: try row.value(1, as: KeyState.self),
                to: try row.value(2, as: KeyState.self)
            )
        }
    }

    /// What the log says, as far as it is about a state: each row has one meaning in the table.
    private func told(_ registry: Registry) async throws -> [Change] {
        let events = Set(KeyState.allCases.compactMap(\.rule.event))
        var changes: [Change] = []
        var after: Int64 = 0
        while case let rows = try await registry.auditList(after: after, limit: 1000),
            let last = rows.last
        {
            after = last.sequence
            for row in rows where events.contains(row.event.kind) {
                let event = row.event
                let from = try #require(
                    KeyState.allCases.first { $0.description == event.details["from"] }
                )
                let meant = from.rule.next.filter { $0.rule.event == event.kind }
                let to = try #require(meant.first, "\(event.kind) from \(from) is not in the table")
                #expect(meant.count == 1)
                let (device, key, epoch) = (event.device ?? "", event.key, event.epoch)
                let number = device.drop { !$0.isNumber }
                changes.append(
                    Change(
                        generation: "\(number) \(try #require(key)) \(try #require(epoch))",
                        from: from,
                        to: to
                    )
                )
            }
        }
        return changes
    }

    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func `whatever happens, the database, the log and the table say the same`(
        seed: UInt64
    ) async throws {
        var random = SeededRandom(seed: seed)
        let home = try Home()
        let registry = try await home.lights(grace: 100, rotation: 1000, keys: ["door", "window"])
        try await watch(registry)
        var lamps: [FakeDevice] = []
        let bundle = try await registry.bundle()
        for number in 1...3 {
            var lamp = try FakeDevice("lamp-\(number)")
            lamp.instance = [UInt8](repeating: UInt8(number), count: 8)
            _ = try await lamp.enrol(with: bundle, at: registry)
            lamps.append(lamp)
        }
        var now = Home.now
        for _ in 1...150 {
            now += Int64.random(in: 0...60, using: &random)
            let index = Int.random(in: 0..<3, using: &random)
            do {
                try await step(registry, &lamps[index], now, &random)
            } catch let error as RegistryError {
                // Orders at odd moments are refused, and nothing else happens.
                #expect([.conflict, .notFound].contains(error.code), "seed \(seed): \(error)")
            }
        }
        let (seen, told) = (try seen(home), try await told(registry))
        #expect(seen == told, "seed \(seed)")
        for change in seen {
            #expect(change.from.mayBecome(change.to), "seed \(seed): \(change)")
        }
        #expect(Set(seen.map(\.to)).count >= 7, "seed \(seed): too little happened")
        #expect(try await registry.auditVerify().fault == nil)
    }

    private func step(
        _ registry: Registry,
        _ lamp: inout FakeDevice,
        _ now: Int64,
        _ random: inout SeededRandom
    ) async throws {
        let scope = KeyScope.device(lamp.id)
        let name = try KeyName(parsing: Bool.random(using: &random) ? "door" : "window")
        let epoch = Epoch(UInt32.random(in: 1...6, using: &random)) ?? .first
        switch Int.random(in: 0..<40, using: &random) {
        case 0..<3: _ = try await registry.rotate(scope, key: name, actor: "a", now: now)
        case 3..<5: _ = try await registry.suspend(scope, key: name, actor: "a", now: now)
        case 5..<8: _ = try await registry.resume(scope, key: name, actor: "a", now: now)
        case 8..<10: _ = try await registry.compromise(scope, key: name, actor: "a", now: now)
        case 10:
            _ = try await registry.compromise(scope, key: name, epoch: epoch, actor: "a", now: now)
        case 11..<13: _ = try await registry.rollBack(lamp.id, key: name, actor: "a", now: now)
        case 13:
            _ = try await registry.destroy(lamp.id, key: name, epoch: epoch, actor: "a", now: now)
        case 14: _ = try await registry.quarantineDevice(lamp.id, actor: "a", now: now)
        case 15..<18: _ = try await registry.reinstateDevice(lamp.id, actor: "a", now: now)
        case 18..<20: _ = try await registry.sweep(now: now)
        case 20 where Int.random(in: 0..<10, using: &random) == 0:
            _ = try await registry.retireKey(scope, key: name, actor: "a", now: now)
        case 21..<24:
            // It forgets, or SETTLE gets lost, or it can't take a key.
            if Bool.random(using: &random) { lamp.held = [:] }
            guard let offer = try await registry.reconcile(lamp.contact(now: now)).offer else {
                return
            }
            let failure = Bool.random(using: &random) ? FailureKind.storeFull : nil
            let outcomes = lamp.install(offer).map {
                KeyOutcome(name: $0.name, epoch: $0.epoch, failure: failure)
            }
            _ = try await registry.confirm(
                device: lamp.id,
                operation: offer.operation,
                outcomes: outcomes,
                verdicts: [],
                now: now
            )
        default:
            let answer = try await lamp.talk(to: registry, now: now)
            if let retire = answer.retire {
                let receipt = lamp.destroy(retire)
                _ = try await registry.acknowledge(device: lamp.id, receipt, now: now)
            }
        }
    }

    @Test func `each row of the log about a state has one meaning in the table`() {
        for state in KeyState.allCases {
            let events = state.rule.next.map(\.rule.event)
            #expect(Set(events).count == events.count, "\(state) leads to two states by one word")
            #expect(!events.contains(nil))
        }
    }

    @Test func `a change that the table does not have ends the program, and not the key`() async {
        // The registry asks the table before it writes: there is no other way to a state.
        await #expect(processExitsWith: .failure) {
            let home = try Home()
            let registry = try await home.lights()
            var lamp = try FakeDevice("lamp-1")
            _ = try await lamp.enrol(with: registry.bundle(), at: registry)
            let id = lamp.id
            try await registry.writer.perform { transaction in
                let row = try #require(try transaction.device(named: id))
                var keys = try Keys(of: row, actor: "a", now: 1, in: transaction)
                try keys.move(0, to: .offered)
            }
        }
    }
}
