import EDHOC
import Fleet
import GRDB
import KeyExchange
import Testing

@testable import Registry

@Suite struct SealingTests {
    private let home: Home

    init() throws { home = try Home() }

    /// Two devices with two keys each, on two generations.
    private func filled() async throws -> (Registry, FakeDevice) {
        let registry = try await home.lights(keys: ["door", "window"])
        let bundle = try await registry.bundle()
        var lamps = [try FakeDevice("lamp-1"), try FakeDevice("lamp-2")]
        for index in lamps.indices {
            _ = try await lamps[index].enrol(with: bundle, at: registry)
        }
        // It forgets, so that it is to be offered what the rows hold.
        lamps[0].held = [:]
        return (registry, lamps[0])
    }

    private func swap(_ one: String, _ other: String) throws {
        try home.tamper(
            """
            CREATE TEMP TABLE two AS
                SELECT 1 AS n, sealed FROM device_key WHERE \(one)
                UNION ALL SELECT 2, sealed FROM device_key WHERE \(other);
            UPDATE device_key SET sealed = (SELECT sealed FROM two WHERE n = 2) WHERE \(one);
            UPDATE device_key SET sealed = (SELECT sealed FROM two WHERE n = 1) WHERE \(other);
            """
        )
    }

    /// What cannot be opened is never offered: the device gets a fresh generation, an admin a notice.
    private func expectFresh(_ registry: Registry, _ lamp: FakeDevice) async throws {
        let before = try await registry.device(lamp.id).keys
        let offer = try #require(try await registry.reconcile(lamp.contact()).offer)
        let door = try #require(offer.keys.first)
        #expect(door.epoch > before.filter { $0.name == door.name }.map(\.epoch).max() ?? .first)
        let stored = try home.thumbprints(of: door.name)
        #expect(stored.count { $0 == door.thumbprint } == 1)
        #expect(!before.map(\.thumbprint).contains(door.thumbprint))
        #expect(try await registry.device(lamp.id).notices.map(\.kind) == [.damaged])
        #expect(try await registry.kinds().contains(.rowDamaged))
    }

    @Test func `untouched rows open`() async throws {
        let (registry, lamp) = try await filled()
        #expect(try await registry.reconcile(lamp.contact()).offer?.keys.count == 2)
    }

    @Test func `the material of two devices cannot be swapped`() async throws {
        let (registry, lamp) = try await filled()
        try swap("device_id = 1 AND name = 'door'", "device_id = 2 AND name = 'door'")
        try await expectFresh(registry, lamp)
    }

    @Test func `the material of two keys cannot be swapped`() async throws {
        let (registry, lamp) = try await filled()
        try swap("device_id = 1 AND name = 'door'", "device_id = 1 AND name = 'window'")
        try await expectFresh(registry, lamp)
    }

    @Test func `material cannot be put under another epoch`() async throws {
        let (registry, lamp) = try await filled()
        try home.tamper("UPDATE device_key SET epoch = 2 WHERE device_id = 1 AND name = 'door'")
        try await expectFresh(registry, lamp)
    }

    @Test func `a flipped bit, a cut record and no record are found`() async throws {
        let (registry, lamp) = try await filled()
        for sealed in ["x'00' || substr(sealed, 2)", "substr(sealed, 1, 12)", "NULL"] {
            try home.tamper("UPDATE device_key SET sealed = \(sealed) WHERE device_id = 1")
            try await expectFresh(registry, lamp)
        }
    }

    @Test func `a group's key cannot stand in for another's`() async throws {
        let registry = try await home.lights()
        _ = try await registry.createGroup(
            GroupName(parsing: "doors"),
            actor: "uid:root",
            now: 1
        )
        await registry.close()
        try home.tamper(
            """
            UPDATE device_group SET sealed_key =
                (SELECT sealed_key FROM device_group WHERE name = 'doors')
            WHERE name = 'lights'
            """
        )
        withExtendedLifetime(registry) {}
        let again = try Reopened(home)
        await #expect(throws: RegistryError.self) { try await again.registry.bundle() }
    }

    @Test func `no key material, token or password lies in the files in the clear`() async throws {
        let registry = try await home.lights()
        let bundle = try await registry.bundle()
        let lamp = try FakeDevice("lamp-1")
        let offer = try #require(
            try await registry.reconcile(lamp.contact(byValue: lamp.claim(bundle))).offer
        )
        let secrets = [
            offer.keys[0].material.bytesForSearch, bundle.secret.bytesForSearch,
            registry.enrolPassword.bytesForSearch,
            KeyMaterial(registry.serverKey.export()).bytesForSearch,
        ]
        for suffix in ["", "-wal"] {
            let bytes = try home.bytes(ofFile: home.database + suffix)
            for secret in secrets { #expect(!bytes.contains(secret)) }
        }
    }
}
