import EDHOC
import Fleet
import KeyExchange
import MbedCrypto
import Registry
import Testing

@Suite struct EnrolmentTests {
    private let home: Home

    init() throws { home = try Home() }

    @Test func `a device enrols and both sides hold the same key`() async throws {
        let registry = try await home.lights()
        var lamp = try FakeDevice("lamp-1")
        let answer = try await lamp.enrol(with: registry.bundle(), at: registry)
        #expect(answer.offer?.keys.count == 1)
        #expect(lamp.inShort == ["door 1 primary"])
        #expect(try await registry.keys(of: lamp) == ["door 1 active"])
        let details = try await registry.device(lamp.id)
        #expect(details.keys[0].thumbprint.check == lamp.report.keys[0].epochs[0].check)
        #expect(details.device.state == .enrolled)
        #expect(
            try await registry.kinds(of: "lamp-1")
                == [.deviceEnrolled, .keyOffered, .keyActivated]
        )
        #expect(try await registry.status(now: Home.now).devices[.enrolled] == 1)
        let again = try await lamp.talk(to: registry)
        #expect(again.settle?.verdicts == [])
    }

    @Test func `an enrolled device is known by its kid`() async throws {
        let registry = try await home.lights()
        var lamp = try FakeDevice("lamp-1")
        _ = try await lamp.enrol(with: registry.bundle(), at: registry)
        #expect(try registry.knownCredential(kid: lamp.kid)?.encoded == lamp.ccs)
        #expect(try registry.knownCredential(kid: [0]) == nil)
        #expect(try registry.knownCredential(kid: []) == nil)
    }

    @Test func `a repeat is the same device, the same key and the same use of the token`()
        async throws
    {
        let registry = try await home.lights()
        let bundle = try await registry.bundle(uses: 1)
        let lamp = try FakeDevice("lamp-1")
        let contact = try lamp.contact(byValue: lamp.claim(bundle))
        let first = try await registry.reconcile(contact).offer
        let second = try await registry.reconcile(contact).offer
        let (one, two) = (try #require(first?.keys.first), try #require(second?.keys.first))
        #expect(one.epoch == two.epoch)
        #expect(one.thumbprint == two.thumbprint)
        #expect(try await registry.listBundles().map(\.usesLeft) == [0])
        #expect(
            try await registry.kinds(of: "lamp-1") == [.deviceEnrolled, .keyOffered]
        )
    }

    @Test func `the newest broker password counts`() async throws {
        let registry = try await home.lights()
        let bundle = try await registry.bundle()
        let lamp = try FakeDevice("lamp-1")
        _ = try await registry.reconcile(
            lamp.contact(byValue: lamp.claim(bundle), hash: "first")
        )
        _ = try await registry.reconcile(
            lamp.contact(byValue: lamp.claim(bundle), hash: "second")
        )
        _ = try await registry.reconcile(lamp.contact())
        #expect(
            try await registry.brokerAccounts()
                .map(\.passwordHash) == ["second"]
        )
    }

    @Test func `an enrolled device gets a new account without a token, whenever it asks`()
        async throws
    {
        let registry = try await home.lights()
        var lamp = try FakeDevice("lamp-1")
        _ = try await lamp.enrol(with: registry.bundle(uses: 1), at: registry)
        // Long after its bundle.
        let late = Home.now + 100_000_000
        let answer = try await lamp.talk(
            to: registry,
            lamp.contact(byValue: nil, hash: "second", now: late)
        )
        #expect(answer.settle != nil)
        #expect(try await registry.brokerAccounts().map(\.passwordHash) == ["second"])
        #expect(try await registry.kinds(of: "lamp-1").count { $0 == .deviceEnrolled } == 1)
    }

    @Test func `a device that is refused keeps the account that it has`() async throws {
        let registry = try await home.lights()
        var lamp = try FakeDevice("lamp-1")
        _ = try await lamp.talk(
            to: registry,
            lamp.contact(byValue: lamp.claim(registry.bundle()), hash: "first")
        )
        _ = try await registry.quarantineDevice(lamp.id, actor: "uid:root", now: 1)
        _ = try await registry.reconcile(lamp.contact(byValue: nil, hash: "second"))
        #expect(try await registry.brokerAccounts().map(\.passwordHash) == ["first"])
    }

    @Test func `an imported device enrols without a token`() async throws {
        let registry = try await home.lights()
        let key = try home.crypto.generateAgreementKey(.p256).publicKey
        let csv = "name,group,public_key\nlamp-1,lights,\(hexadecimal(key))\n"
        #expect(try await registry.importDevices(csv: csv, actor: "uid:root", now: 1) == 1)
        #expect(try await registry.status(now: 1).devices == [.registered: 1])
        var lamp = try FakeDevice("lamp-1", publicKey: key)
        _ = try await lamp.talk(to: registry, lamp.contact(byValue: nil))
        #expect(lamp.inShort == ["door 1 primary"])
        let counts = try await registry.status(now: 1).devices
        #expect(counts[.enrolled] == 1 && counts[.registered] == 0)
    }

    @Test func `a device that a restored server has forgotten goes on once it is imported`()
        async throws
    {
        let old = try await home.lights()
        var lamp = try FakeDevice("lamp-1")
        _ = try await lamp.enrol(with: old.bundle(), at: old)
        await old.close()
        let other = try Home()
        let restored = try await other.lights()
        let stranger = try await restored.reconcile(lamp.contact(byValue: nil))
        #expect(stranger.refusal == .unknownDevice)
        // The registry wants a point of the curve; this one is as good as another.
        let key = try other.crypto.generateAgreementKey(.p256).publicKey
        var reborn = try FakeDevice("lamp-1", publicKey: key)
        reborn.held = lamp.held
        let csv = "name,group,public_key\nlamp-1,lights,\(hexadecimal(key))\n"
        _ = try await restored.importDevices(csv: csv, actor: "uid:root", now: 1)
        _ = try await reborn.talk(to: restored, reborn.contact(byValue: nil))
        #expect(reborn.inShort == ["door 1 grace", "door 2 primary"])
    }

    @Test func `a device that lost its memory but not its key is the same device`() async throws {
        let registry = try await home.lights()
        let bundle = try await registry.bundle(uses: 1)
        var lamp = try FakeDevice("lamp-1")
        _ = try await lamp.enrol(with: bundle, at: registry)
        var reborn = try FakeDevice("lamp-1", publicKey: lamp.publicKey)
        let answer = try await reborn.enrol(with: bundle, at: registry)
        #expect(answer.offer != nil)
        #expect(reborn.inShort == ["door 1 primary"])
        #expect(try registry.knownCredential(kid: reborn.kid) != nil)
        #expect(try registry.knownCredential(kid: lamp.kid) == nil)
    }
}
