import EDHOC
import Fleet
import Foundation
import GRDB
import KeyExchange
import Testing

@testable import Registry

@Suite struct FirstAnchorTests {
    private let home: Home

    init() throws { home = try Home() }

    @Test func `a new fleet has a command key, sealed`() async throws {
        let registry = try home.create()
        let newest = registry.anchors.newest
        #expect(newest.generation == 1)
        #expect(newest.commandKey.publicKey.count == 64)
        #expect(newest.commandKey.publicKey != newest.key.publicPoint)
        #expect(try await registry.auditList().map(\.event.kind) == [.fleetCreated])
        await registry.close()
        #expect(try home.open().anchors.newest.commandKey.publicKey == newest.commandKey.publicKey)
    }

    @Test func `a fleet of layout 1 keeps its identity and gets a command key, once`() async throws
    {
        let old = try Home.layoutOne()
        let identity = try old.credential()
        for _ in 1...2 {
            let registry = try old.open()
            #expect(registry.serverCredential.encoded == identity)
            #expect(registry.serverKey.publicPoint == (try CCS(parsing: identity).publicKey))
            let rows = try await registry.auditList(AuditFilter(kind: .commandKeyCreated))
            #expect(rows.count == 1)
            #expect(try await registry.auditVerify().fault == nil)
            await registry.close()
        }
        #expect(try old.number("SELECT length(identity) + length(credential) FROM fleet") == 0)
    }

    @Test func `a server that died between the new layout and the command key goes on`()
        async throws
    {
        let old = try Home.layoutOne()
        let identity = try old.credential()
        try Store(folder: old.data, mustExist: true).pool.close()
        #expect(try old.number("SELECT COUNT(*) FROM anchor") == 0)
        let registry = try old.open()
        #expect(registry.serverCredential.encoded == identity)
        #expect(registry.anchors.newest.generation == 1)
    }

    @Test func `a backup of layout 1 gets the command key that devices already trust`() async throws
    {
        let old = try Home.layoutOne()
        let first = try old.open()
        await first.close()
        try old.restoreLayoutOne()
        let restored = try old.open()
        #expect(
            restored.anchors.newest.commandKey.publicKey
                == first.anchors.newest.commandKey.publicKey
        )
    }

    @Test func `the command keys of two fleets differ, even under one root key`() async throws {
        let first = try home.create()
        let second = try Registry.create(
            folder: home.folder + "/second",
            fleet: FleetID(parsing: "shed"),
            broker: BrokerSettings(host: "broker.test", port: 8883, authority: [1]),
            rootKey: .file(home.keyFile),
            iterations: 2,
            crypto: home.crypto,
            actor: "uid:root",
            now: Home.now
        )
        #expect(
            first.anchors.newest.commandKey.publicKey
                != second.anchors.newest.commandKey.publicKey
        )
    }

    @Test(arguments: [
        "UPDATE anchor SET sealed_identity = sealed_command_key",
        "UPDATE anchor SET sealed_command_key = sealed_identity",
        "UPDATE anchor SET sealed_identity = NULL",
        "UPDATE anchor SET generation = 2",
        "UPDATE anchor SET state = 9",
        "UPDATE anchor SET credential = x'00'",
        "UPDATE anchor SET state = 3",
    ])
    func `an identity that was changed or moved in the database is refused`(
        sql: String
    ) async throws {
        await (try home.create()).close()
        try home.tamper(sql)
        #expect(throws: RegistryError.self) { _ = try home.open() }
    }
}

extension Home {
    /// The server's credential, as layout 1 kept it.
    fileprivate func credential() throws -> [UInt8] {
        let queue = try DatabaseQueue(path: database)
        defer { try? queue.close() }
        return try queue.read { db in
            try Data.fetchOne(db, sql: "SELECT credential FROM fleet").map { [UInt8]($0) } ?? []
        }
    }
}
