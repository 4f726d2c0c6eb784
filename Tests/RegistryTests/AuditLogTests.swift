import Fleet
import Foundation
import KeyExchange
import Testing

@testable import Registry

@Suite struct AuditLogTests {
    private let home: Home

    init() throws { home = try Home() }

    private func filled() async throws -> Registry {
        let registry = try await home.lights()
        for number in 1...5 {
            var lamp = try FakeDevice("lamp-\(number)")
            _ = try await lamp.enrol(with: registry.bundle(), at: registry)
        }
        return registry
    }

    @Test(arguments: [
        "time = time + 1", "kind = 'deviceRetired'", "actor = 'uid:eve'",
        "device = 'lamp-9'", "device = NULL", "key_name = 'gate'", "epoch = 7",
        "details = x'a0'", "details = x'ff'", "hash = x'00'", "kind = 'nonsense'",
        "key_name = 'NO'", "epoch = 0",
    ])
    func `an edited row is named, whatever was edited`(edit: String) async throws {
        let registry = try await filled()
        try home.tamper("UPDATE audit SET \(edit) WHERE sequence = 6")
        #expect(try await registry.auditVerify().fault?.sequence == 6)
    }

    @Test func `a removed row is named, renumbered or not`() async throws {
        let registry = try await filled()
        try home.tamper("DELETE FROM audit WHERE sequence = 6")
        #expect(try await registry.auditVerify().fault?.sequence == 6)
        try home.tamper("UPDATE audit SET sequence = sequence - 1 WHERE sequence > 6")
        #expect(try await registry.auditVerify().fault?.sequence == 6)
    }

    @Test func `reordered rows are named`() async throws {
        let registry = try await filled()
        try home.tamper(
            """
            UPDATE audit SET sequence = -1 WHERE sequence = 6;
            UPDATE audit SET sequence = 6 WHERE sequence = 7;
            UPDATE audit SET sequence = 7 WHERE sequence = -1;
            """
        )
        #expect(try await registry.auditVerify().fault?.sequence == 6)
    }

    @Test func `cutting off the newest rows is found, and stays found`() async throws {
        let registry = try await filled()
        let count = try await registry.status(now: 1).audit.count
        try home.tamper("DELETE FROM audit WHERE sequence > \(count - 2)")
        #expect(try await registry.auditVerify().fault?.sequence == count - 1)
        _ = try await registry.createGroup(GroupName(parsing: "doors"), actor: "", now: 1)
        #expect(try await registry.auditVerify().fault?.sequence == count - 1)
    }

    @Test func `a forged head is found, and no server goes on from it`() async throws {
        let registry = try await filled()
        let count = try await registry.status(now: 1).audit.count
        await registry.close()
        try home.tamper(
            """
            DELETE FROM audit WHERE sequence > \(count - 2);
            UPDATE audit_head SET count = \(count - 2),
                hash = (SELECT hash FROM audit WHERE sequence = \(count - 2));
            """
        )
        #expect(throws: RegistryError.self) { try Reopened(home) }
        try home.tamper("DELETE FROM audit_head")
        let verification = try Registry.auditVerify(
            folder: home.copy(),
            rootKey: .file(home.keyFile),
            crypto: home.crypto
        )
        #expect(verification.fault != nil)
        withExtendedLifetime(registry) {}
    }

    @Test func `a log is filtered by device, kind and time, and read in pages`() async throws {
        let registry = try await filled()
        let all = try await registry.auditList(limit: 1000)
        #expect(all.map(\.sequence) == Array(1...Int64(all.count)))
        let lamp = try await registry.auditList(AuditFilter(device: "lamp-3"))
        #expect(lamp.map(\.event.kind) == [.deviceEnrolled, .keyOffered, .keyActivated])
        let one = try await registry.auditList(
            AuditFilter(device: "lamp-3", kind: .keyOffered)
        )
        #expect(one.count == 1)
        #expect(try await registry.auditList(AuditFilter(since: Home.now + 1)).isEmpty)
        #expect(
            try await registry.auditList(
                AuditFilter(since: Home.now, until: Home.now + 1),
                limit: 1000
            ).count == all.count
        )
        #expect(try await registry.auditList(AuditFilter(until: Home.now)).isEmpty)
        let page = try await registry.auditList(after: 4, limit: 3)
        #expect(page.map(\.sequence) == [5, 6, 7])
        #expect(try await registry.auditList(after: .max, limit: -5).isEmpty)
    }

    @Test func `no row tells key material`() async throws {
        let registry = try await home.lights()
        let lamp = try FakeDevice("lamp-1")
        let claim = lamp.claim(try await registry.bundle())
        let offer = try #require(
            try await registry.reconcile(lamp.contact(byValue: claim)).offer
        )
        let material = hexadecimal(offer.keys[0].material.bytesForSearch)
        for row in try await registry.auditList(limit: 1000) {
            #expect(!row.event.details.values.contains { $0.contains(material) })
        }
    }
}

extension Home {
    fileprivate func copy() throws -> String {
        let path = folder + "/verify"
        try FileManager.default.copyItem(atPath: data, toPath: path)
        return path
    }
}
