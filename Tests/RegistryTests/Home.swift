import EDHOC
import Fleet
import Foundation
import GRDB
import KeyExchange
import MbedCrypto
import Secrets

@testable import Registry

/// A fleet in a folder of its own that goes away with it.
final class Home: Sendable {
    static let now: Int64 = 1_700_000_000

    let folder: String
    let crypto = MbedCrypto()

    var data: String { folder + "/data" }
    var keyFile: String { folder + "/root.key" }
    var database: String { data + "/latchkey.db" }

    init() throws {
        folder = NSTemporaryDirectory() + "registry-" + UUID().uuidString
        try FileManager.default.createDirectory(
            atPath: folder,
            withIntermediateDirectories: true
        )
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    func create(_ source: RootKeySource? = nil) throws -> Registry {
        try Registry.create(
            folder: data,
            fleet: FleetID(parsing: "house"),
            broker: BrokerSettings(host: "broker.test", port: 8883, authority: [1, 2, 3]),
            rootKey: source ?? .file(keyFile),
            iterations: 2,
            crypto: crypto,
            actor: "uid:root",
            now: Self.now
        )
    }

    func open(
        _ source: RootKeySource? = nil,
        faults: @escaping ChangeFaults = { _ in nil }
    ) throws -> Registry {
        try Registry.open(
            folder: data,
            rootKey: source ?? .file(keyFile),
            crypto: crypto,
            faults: faults
        )
    }

    /// A fleet with the group `lights` that shall hold the key `door`.
    func lights(
        grace: UInt32 = 60,
        rotation: UInt32? = nil,
        keys: [String] = ["door"]
    ) async throws -> Registry {
        let registry = try create()
        let group = try GroupName(parsing: "lights")
        _ = try await registry.createGroup(group, actor: "uid:root", now: Self.now)
        for key in keys {
            let spec = try KeySpec(
                group: group,
                name: KeyName(parsing: key),
                algorithm: .aes256GCM,
                rotationSeconds: rotation,
                graceSeconds: grace
            )
            try await registry.createKeySpec(spec, actor: "uid:root", now: Self.now)
        }
        return registry
    }

    /// Changes the database behind the server's back.
    func tamper(_ sql: String) throws {
        let queue = try DatabaseQueue(path: database)
        try queue.write { db in try db.execute(sql: sql) }
        try queue.close()
    }

    func thumbprints(of key: KeyName) throws -> [Thumbprint] {
        let queue = try DatabaseQueue(path: database)
        defer { try? queue.close() }
        return try queue.read { db in
            try Data.fetchAll(
                db,
                sql: "SELECT thumbprint FROM device_key WHERE name = ?",
                arguments: [key.description]
            ).compactMap { Thumbprint(bytes: [UInt8]($0)) }
        }
    }

    func number(_ sql: String) throws -> Int {
        let queue = try DatabaseQueue(path: database)
        defer { try? queue.close() }
        return try queue.read { db in try Int.fetchOne(db, sql: sql) ?? 0 }
    }
}

extension Registry {
    func bundle(
        _ group: String = "lights",
        uses: UInt32 = 10,
        expiresAt: Int64 = Home.now + 3600
    ) async throws -> CreatedBundle {
        try await createBundle(
            group: GroupName(parsing: group),
            uses: uses,
            expiresAt: expiresAt,
            actor: "uid:root",
            now: Home.now
        )
    }

    func kinds(of device: String? = nil) async throws -> [AuditKind] {
        try await auditList(AuditFilter(device: device), limit: 1000).map(\.event.kind)
    }

    func keys(of device: FakeDevice) async throws -> [String] {
        try await self.device(device.id).keys.map { "\($0.name) \($0.epoch) \($0.state)" }
    }
}
