import EDHOC
import Fleet
import Foundation
import KeyExchange
import MbedCrypto
import Synchronization
import Testing

@testable import Registry

/// Generations over restarts, crashes and old backups.
@Suite struct AnchorRestoreTests {
    private let home: Home

    init() throws { home = try Home() }

    private func lamp(at registry: Registry) async throws -> FollowingDevice {
        var lamp = try FollowingDevice("lamp-1", at: registry)
        try await lamp.enrol(with: registry.bundle())
        return lamp
    }

    @Test func `a restart after each step changes nothing`() async throws {
        var registry = try await home.lights()
        var lamp = try await lamp(at: registry)
        func restart() async throws {
            await registry.close()
            registry = try home.open()
            lamp.registry = registry
        }
        _ = try await registry.announceAnchor(actor: "a", now: 1)
        let newest = registry.newestAnchor
        try await restart()
        #expect(registry.newestAnchor.credential == newest.credential)
        #expect(registry.newestAnchor.commandKey.publicKey == newest.commandKey.publicKey)
        #expect(registry.anchor(answering: nil)?.generation == 1)
        try await lamp.talk()
        try await restart()
        #expect(lamp.pinned == [1, 2])
        try await lamp.talk()
        try await restart()
        _ = try await registry.switchAnchor(actor: "a", now: 1)
        try await restart()
        #expect(registry.anchor(answering: 1) == nil)
        #expect(registry.serverCredential == newest.credential)
        try await lamp.talk()
        #expect(try await registry.auditVerify().fault == nil)
    }

    @Test func `a step that fails behind its commit counts, and the server works with it`()
        async throws
    {
        await (try home.lights()).close()
        let isArmed = Mutex(false)
        let registry = try home.open { point in
            guard point == .committed, isArmed.withLock({ $0 }) else { return nil }
            return RegistryError(.failed, "cut")
        }
        isArmed.withLock { $0 = true }
        await #expect(throws: RegistryError.self) {
            try await registry.announceAnchor(actor: "a", now: 1)
        }
        #expect(registry.newestAnchor.generation == 2)
        await #expect(throws: RegistryError.self) {
            try await registry.switchAnchor(actor: "a", now: 1)
        }
        #expect(registry.anchor(answering: 1) == nil)
        #expect(registry.anchor(answering: nil)?.generation == 2)
    }

    @Test(arguments: [ChangePoint.statement, .committing])
    func `a step that fails before its commit leaves no trace`(fault: ChangePoint) async throws {
        await (try home.lights()).close()
        let isArmed = Mutex(false)
        let registry = try home.open { point in
            guard point == fault, isArmed.withLock({ $0 }) else { return nil }
            return RegistryError(.failed, "cut")
        }
        isArmed.withLock { $0 = true }
        await #expect(throws: RegistryError.self) {
            try await registry.announceAnchor(actor: "a", now: 1)
        }
        isArmed.withLock { $0 = false }
        #expect(registry.newestAnchor.generation == 1)
        #expect(try await registry.auditList(AuditFilter(kind: .anchorAnnounced)).isEmpty)
        #expect(try await registry.announceAnchor(actor: "a", now: 1).generation == 2)
    }

    @Test func `a server put back to a day before the announcement announces above it`()
        async throws
    {
        var registry = try await home.lights()
        var lamp = try await lamp(at: registry)
        await registry.close()
        let backup = try home.backup()
        registry = try home.open()
        lamp.registry = registry
        _ = try await registry.announceAnchor(actor: "a", now: 1)
        for _ in 1...2 { try await lamp.talk() }
        #expect(lamp.pinned == [1, 2])
        await registry.close()
        try home.restore(backup)
        registry = try home.open()
        lamp.registry = registry
        // The device falls back to what the server still knows.
        try await lamp.talk()
        let rows = try await registry.auditList(AuditFilter(kind: .anchorAhead))
        #expect(rows.map(\.event.details) == [["known": "1", "reported": "2"]])
        try await lamp.talk()
        #expect(try await registry.auditList(AuditFilter(kind: .anchorAhead)).count == 1)
        #expect(try await registry.announceAnchor(actor: "a", now: 1).generation == 3)
        for _ in 1...2 { try await lamp.talk() }
        #expect(lamp.pinned == [1, 3])
        #expect(try await registry.switchAnchor(actor: "a", now: 1).generation == 3)
        try await lamp.talk()
    }

    @Test func `a server put back to a day before several announcements is found again`()
        async throws
    {
        var registry = try await home.lights()
        var lamp = try await lamp(at: registry)
        await registry.close()
        let backup = try home.backup()
        registry = try home.open()
        lamp.registry = registry
        for generation: UInt32 in 2...4 {
            _ = try await registry.announceAnchor(actor: "a", now: 1)
            for _ in 1...2 { try await lamp.talk() }
            // Never the one in between, by which it talked last: no backup is sure to know that.
            #expect(lamp.pinned == [1, generation])
        }
        await registry.close()
        try home.restore(backup)
        registry = try home.open()
        lamp.registry = registry
        try await lamp.talk()
        #expect(try await registry.announceAnchor(actor: "a", now: 1).generation == 5)
        for _ in 1...2 { try await lamp.talk() }
        #expect(lamp.pinned == [1, 5])
        #expect(try await registry.switchAnchor(actor: "a", now: 1).generation == 5)
        try await lamp.talk()
    }

    @Test func `a number that is given twice is noticed, and the next one mends it`() async throws {
        var registry = try await home.lights()
        var lamp = try await lamp(at: registry)
        await registry.close()
        let backup = try home.backup()
        registry = try home.open()
        lamp.registry = registry
        _ = try await registry.announceAnchor(actor: "a", now: 1)
        for _ in 1...2 { try await lamp.talk() }
        await registry.close()
        try home.restore(backup)
        registry = try home.open()
        lamp.registry = registry
        // Announced again before any device was heard: another generation 2.
        #expect(try await registry.announceAnchor(actor: "a", now: 1).generation == 2)
        for _ in 1...2 { try await lamp.talk() }
        let straggler = try #require(try await registry.stragglers().first)
        #expect(straggler.id == lamp.id && straggler.pinned == 2 && straggler.anchor == 1)
        await #expect(throws: RegistryError.self) {
            try await registry.switchAnchor(actor: "a", now: 1)
        }
        #expect(try await registry.announceAnchor(actor: "a", now: 1).generation == 3)
        for _ in 1...2 { try await lamp.talk() }
        #expect(try await registry.switchAnchor(actor: "a", now: 1).generation == 3)
    }

    @Test func `a device that lies about its generation moves the numbers a little at most`()
        async throws
    {
        let registry = try await home.lights()
        var liar = try FakeDevice("liar")
        liar.instance = [UInt8](repeating: 1, count: 8)
        _ = try await liar.enrol(with: registry.bundle(), at: registry)
        for lie in [UInt32.max, 1002, 500] {
            liar.anchor = lie
            _ = try await liar.talk(to: registry)
        }
        #expect(try await registry.auditList(AuditFilter(kind: .anchorAhead)).count == 1)
        #expect(try await registry.announceAnchor(actor: "a", now: 1).generation == 501)
        // Its word covers nothing.
        #expect(try await registry.stragglers().map(\.id) == [liar.id])
    }
}

extension Home {
    /// Everything in the database, which nobody has open.
    fileprivate func backup() throws -> [String: Data] {
        var files: [String: Data] = [:]
        for suffix in ["", "-wal", "-shm"] {
            files[suffix] = FileManager.default.contents(atPath: database + suffix)
        }
        return files
    }

    fileprivate func restore(_ files: [String: Data]) throws {
        for suffix in ["", "-wal", "-shm"] {
            try? FileManager.default.removeItem(atPath: database + suffix)
            try files[suffix]?.write(to: URL(fileURLWithPath: database + suffix))
        }
    }
}
