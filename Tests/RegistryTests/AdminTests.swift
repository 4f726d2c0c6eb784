import EDHOC
import Fleet
import KeyExchange
import MbedCrypto
import Registry
import Testing

@Suite struct AdminTests {
    private let home: Home
    private let lights: GroupName

    init() throws {
        home = try Home()
        lights = try GroupName(parsing: "lights")
    }

    private func expect(
        _ code: RegistryError.Code,
        _ body: () async throws -> Void
    ) async {
        do {
            try await body()
            Issue.record("want \(code), and it was done")
        } catch {
            #expect((error as? RegistryError)?.code == code)
        }
    }

    @Test func `groups and key specs are listed by name`() async throws {
        let registry = try await home.lights(keys: ["window", "door"])
        _ = try await registry.createGroup(GroupName(parsing: "doors"), actor: "a", now: 5)
        #expect(try await registry.listGroups().map(\.name.description) == ["doors", "lights"])
        #expect(
            try await registry.listKeySpecs().map(\.name.description) == ["door", "window"]
        )
        #expect(
            try await registry.listKeySpecs(group: GroupName(parsing: "doors")).isEmpty
        )
    }

    @Test func `what is there already is not made twice`() async throws {
        let registry = try await home.lights()
        let before = try await registry.status(now: 1).audit
        await expect(.conflict) {
            _ = try await registry.createGroup(lights, actor: "a", now: 1)
        }
        await expect(.conflict) {
            try await registry.createKeySpec(
                KeySpec(
                    group: lights,
                    name: KeyName(parsing: "door"),
                    algorithm: .aes128GCM
                ),
                actor: "a",
                now: 1
            )
        }
        #expect(try await registry.status(now: 1).audit == before)
    }

    @Test func `a group has a bounded number of key specs`() async throws {
        let names = (1...KeySpec.maximumPerGroup).map { "key-\($0)" }
        let registry = try await home.lights(keys: names)
        await expect(.invalid) {
            try await registry.createKeySpec(
                KeySpec(
                    group: lights,
                    name: KeyName(parsing: "one-more"),
                    algorithm: .aes128GCM
                ),
                actor: "a",
                now: 1
            )
        }
        var lamp = try FakeDevice("lamp-1")
        _ = try await lamp.enrol(with: registry.bundle(), at: registry)
        #expect(lamp.inShort.count == KeySpec.maximumPerGroup)
    }

    @Test func `nothing is made for a group that is not there`() async throws {
        let registry = try await home.lights()
        let nowhere = try GroupName(parsing: "nowhere")
        await expect(.notFound) {
            try await registry.createKeySpec(
                KeySpec(group: nowhere, name: KeyName(parsing: "door"), algorithm: .aes128GCM),
                actor: "a",
                now: 1
            )
        }
        await expect(.notFound) { _ = try await registry.bundle("nowhere") }
        await expect(.notFound) {
            _ = try await registry.listDevices(DeviceFilter(group: nowhere))
        }
    }

    @Test func `a bundle out of range is not made`() async throws {
        let registry = try await home.lights()
        await expect(.invalid) { _ = try await registry.bundle(uses: 0) }
        await expect(.invalid) {
            _ = try await registry.bundle(uses: EnrolmentBundle.maximumUses + 1)
        }
        await expect(.invalid) { _ = try await registry.bundle(expiresAt: Home.now) }
        await expect(.notFound) {
            try await registry.revokeBundle(
                #require(BundleID(parsing: "0000000000000000")),
                actor: "a",
                now: 1
            )
        }
        #expect(try await registry.listBundles().isEmpty)
    }

    @Test func `devices are listed in pages, by group and by state`() async throws {
        let registry = try await home.lights()
        _ = try await registry.createGroup(GroupName(parsing: "doors"), actor: "a", now: 5)
        for number in 1...6 {
            var lamp = try FakeDevice("lamp-\(number)")
            let bundle = try await registry.bundle(number > 4 ? "doors" : "lights")
            _ = try await lamp.enrol(with: bundle, at: registry)
        }
        let third = try DeviceID(parsing: "lamp-3")
        _ = try await registry.retireDevice(third, actor: "a", now: 1)
        func list(
            _ filter: DeviceFilter,
            after: DeviceID? = nil,
            limit: Int = 100
        )
            async throws -> [String]
        {
            try await registry.listDevices(filter, after: after, limit: limit).map {
                String($0.id.description.suffix(1))
            }
        }
        #expect(try await list(DeviceFilter()) == ["1", "2", "3", "4", "5", "6"])
        #expect(try await list(DeviceFilter(), limit: 2) == ["1", "2"])
        #expect(try await list(DeviceFilter(), after: third) == ["4", "5", "6"])
        #expect(try await list(DeviceFilter(group: lights)) == ["1", "2", "3", "4"])
        #expect(try await list(DeviceFilter(state: .retiring)) == ["3"])
        #expect(try await list(DeviceFilter(group: lights, state: .enrolled)) == ["1", "2", "4"])
        #expect(try await list(DeviceFilter(state: .quarantined)).isEmpty)
    }

    @Test func `one bad row keeps the whole file out`() async throws {
        let registry = try await home.lights()
        var lamp = try FakeDevice("lamp-1")
        _ = try await lamp.enrol(with: registry.bundle(), at: registry)
        let keys = try (0..<3).map { _ in
            hexadecimal(try home.crypto.generateAgreementKey(.p256).publicKey)
        }
        let lines = [
            "name,group,public_key", "lamp-2,lights,\(keys[0])", "lamp-1,lights,\(keys[1])",
            "lamp-3,lights,\(keys[2])",
        ]
        do {
            _ = try await registry.importDevices(
                csv: lines.joined(separator: "\n"),
                actor: "a",
                now: 1
            )
            Issue.record("a taken name was imported")
        } catch {
            #expect(error.code == .invalid)
            #expect(error.rows == ["line 3: there is a device lamp-1 already"])
        }
        #expect(try await registry.listDevices().map(\.id) == [lamp.id])
        #expect(try await registry.auditVerify().fault == nil)
    }

    @Test func `every bad row of an import is reported by its line`() async throws {
        let registry = try await home.lights()
        let csv = "name,group,public_key\nLamp,lights,00\nlamp,nowhere,00\nlamp,lights,00"
        do {
            _ = try await registry.importDevices(csv: csv, actor: "a", now: 1)
            Issue.record("bad rows were imported")
        } catch {
            #expect(error.rows.map { $0.prefix(6) } == ["line 2", "line 3", "line 4"])
        }
    }

    @Test func `a device shows both sides`() async throws {
        let registry = try await home.lights()
        var lamp = try FakeDevice("lamp-1")
        _ = try await lamp.enrol(with: registry.bundle(), at: registry)
        _ = try await lamp.talk(to: registry, now: Home.now + 5)
        let details = try await registry.device(lamp.id)
        #expect(details.reported == lamp.report.keys)
        #expect(details.device.lastSeen == Home.now + 5)
        #expect(details.device.agentVersion == "1.0")
        #expect(details.publicKey == lamp.publicKey && details.kid == lamp.kid)
    }
}
