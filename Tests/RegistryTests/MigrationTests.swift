import Fleet
import Foundation
import GRDB
import KeyExchange
import Testing

@testable import Registry

/// A fleet that an older program left behind, opened by this one.
@Suite struct MigrationTests {
    private let home: Home

    init() throws { home = try Home.layoutOne() }

    @Test func `keys, audit chain and counts of layout 1 survive`() async throws {
        #expect(try home.number("PRAGMA user_version") == 1)
        let before = try home.number("SELECT COUNT(*) FROM device_key")
        // One more tells of the command key.
        let rows = try home.number("SELECT COUNT(*) FROM audit")
        let registry = try home.open()
        #expect(try home.number("PRAGMA user_version") == Schema.version)
        #expect(try home.number("SELECT COUNT(*) FROM device_key") == before)
        let verification = try await registry.auditVerify()
        #expect(verification.fault == nil && verification.rows == rows + 1)
        let status = try await registry.status(now: Home.now)
        #expect(status.devices == [.enrolled: 2, .quarantined: 1, .retiring: 1])
        #expect(
            try await registry.device(DeviceID(parsing: "lamp-1")).keys.map {
                "\($0.name) \($0.epoch) \($0.state)"
            } == ["door 1 superseded", "door 2 active", "window 1 active"]
        )
    }

    @Test func `a key of layout 1 still opens, and goes on`() async throws {
        let registry = try home.open()
        let found = try registry.store.read { db in
            try Row.fetchOne(
                db,
                sql: "SELECT kid, public_key, credential FROM device WHERE name = 'lamp-2'"
            )
        }
        let row = try #require(found)
        // It was in the middle of a rotation: the same keys are offered again.
        var lamp = try FakeDevice("lamp-2", kid: row.bytes(0), publicKey: row.bytes(1))
        #expect(lamp.ccs == row.bytes(2))
        _ = try await lamp.talk(to: registry, now: Home.now + 60)
        #expect(lamp.inShort == ["door 2 primary", "window 2 primary"])
    }

    @Test func `a migration that is cut short is done again`() throws {
        // Whatever the step had done was rolled back with it: the number tells the truth.
        do { _ = try home.open() }
        let version = try home.number("PRAGMA user_version")
        do { _ = try home.open() }
        #expect(try home.number("PRAGMA user_version") == version)
    }

    @Test func `a fresh database has the same tables and indexes as a migrated one`() throws {
        do { _ = try home.open() }
        let fresh = try Home()
        do { _ = try fresh.create() }
        #expect(try tables(home) == tables(fresh))
    }

    private func tables(_ home: Home) throws -> [String] {
        let queue = try DatabaseQueue(path: home.database)
        defer { try? queue.close() }
        return try queue.read { db in
            try String.fetchAll(
                db,
                sql: "SELECT name || ' ' || COALESCE(sql, '') FROM sqlite_master ORDER BY name"
            )
        }
    }
}
