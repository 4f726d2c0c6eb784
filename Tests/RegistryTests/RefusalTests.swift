import EDHOC
import Fleet
import KeyExchange
import MbedCrypto
import Registry
import Testing

/// Refusals, each with its own code and a row in the audit log.
@Suite struct RefusalTests {
    private let home: Home

    init() throws { home = try Home() }

    private func expectRefusal(
        _ code: ProblemCode,
        of contact: Contact,
        by registry: Registry,
        about name: String?
    ) async throws {
        #expect(try await registry.reconcile(contact).refusal == code)
        let row = try #require(
            try await registry.auditList(AuditFilter(kind: .contactRefused)).last
        )
        #expect(row.event.details["code"] == code.description)
        #expect(row.event.device == name)
        #expect(try await registry.auditVerify().fault == nil)
    }

    @Test func `an unknown device without a proof is refused`() async throws {
        let registry = try await home.lights()
        let lamp = try FakeDevice("lamp-1")
        try await expectRefusal(
            .unknownDevice,
            of: lamp.contact(byValue: nil),
            by: registry,
            about: "lamp-1"
        )
        try await expectRefusal(
            .unknownDevice,
            of: lamp.contact(),
            by: registry,
            about: "lamp-1"
        )
    }

    @Test func `an unknown token is refused`() async throws {
        let registry = try await home.lights()
        let lamp = try FakeDevice("lamp-1")
        let claim = EnrolmentClaim(tokenID: [1, 2, 3, 4, 5, 6, 7, 8], proof: [], message: [])
        try await expectRefusal(
            .tokenUnknown,
            of: lamp.contact(byValue: claim),
            by: registry,
            about: "lamp-1"
        )
        let short = EnrolmentClaim(tokenID: [], proof: [], message: [])
        try await expectRefusal(
            .tokenUnknown,
            of: lamp.contact(byValue: short),
            by: registry,
            about: "lamp-1"
        )
    }

    @Test func `a token taken back is refused as unknown`() async throws {
        let registry = try await home.lights()
        let bundle = try await registry.bundle()
        try await registry.revokeBundle(bundle.bundle.id, actor: "uid:root", now: 1)
        try await registry.revokeBundle(bundle.bundle.id, actor: "uid:root", now: 1)
        let lamp = try FakeDevice("lamp-1")
        try await expectRefusal(
            .tokenUnknown,
            of: lamp.contact(byValue: lamp.claim(bundle)),
            by: registry,
            about: "lamp-1"
        )
        #expect(try await registry.kinds().filter { $0 == .bundleRevoked }.count == 1)
    }

    @Test func `an expired token is refused`() async throws {
        let registry = try await home.lights()
        let bundle = try await registry.bundle(expiresAt: Home.now + 10)
        let lamp = try FakeDevice("lamp-1")
        let late = try lamp.contact(byValue: lamp.claim(bundle), now: Home.now + 10)
        try await expectRefusal(.tokenExpired, of: late, by: registry, about: "lamp-1")
    }

    @Test func `a token used up is refused`() async throws {
        let registry = try await home.lights()
        let bundle = try await registry.bundle(uses: 1)
        var first = try FakeDevice("lamp-1")
        _ = try await first.enrol(with: bundle, at: registry)
        let second = try FakeDevice("lamp-2")
        try await expectRefusal(
            .tokenUsedUp,
            of: second.contact(byValue: second.claim(bundle)),
            by: registry,
            about: "lamp-2"
        )
    }

    @Test func `a wrong proof is refused, and uses nothing up`() async throws {
        let registry = try await home.lights()
        let bundle = try await registry.bundle(uses: 1)
        let lamp = try FakeDevice("lamp-1")
        let good = lamp.claim(bundle)
        for bit in 0..<8 {
            var proof = good.proof
            proof[bit * 4] ^= 1 << UInt8(bit)
            let claim = EnrolmentClaim(
                tokenID: good.tokenID,
                proof: proof,
                message: good.message
            )
            try await expectRefusal(
                .tokenProofWrong,
                of: lamp.contact(byValue: claim),
                by: registry,
                about: "lamp-1"
            )
        }
        #expect(try await registry.listBundles().map(\.usesLeft) == [1])
    }

    @Test func `another device with the same proof is refused`() async throws {
        let registry = try await home.lights()
        let bundle = try await registry.bundle()
        let (lamp, thief) = (try FakeDevice("lamp-1"), try FakeDevice("lamp-2"))
        let stolen = lamp.claim(bundle)
        // The bytes that the proof must cover name the thief's credential.
        let claim = EnrolmentClaim(
            tokenID: stolen.tokenID,
            proof: stolen.proof,
            message: thief.claim(bundle).message
        )
        try await expectRefusal(
            .tokenProofWrong,
            of: thief.contact(byValue: claim),
            by: registry,
            about: "lamp-2"
        )
    }

    @Test func `a token of another group is refused`() async throws {
        let registry = try await home.lights()
        _ = try await registry.createGroup(
            GroupName(parsing: "doors"),
            actor: "uid:root",
            now: 1
        )
        let key = try home.crypto.generateAgreementKey(.p256).publicKey
        let csv = "name,group,public_key\nlamp-1,doors,\(hexadecimal(key))"
        _ = try await registry.importDevices(csv: csv, actor: "uid:root", now: 1)
        let lamp = try FakeDevice("lamp-1", publicKey: key)
        let claim = lamp.claim(try await registry.bundle("lights"))
        try await expectRefusal(
            .wrongGroup,
            of: lamp.contact(byValue: claim),
            by: registry,
            about: "lamp-1"
        )
    }

    @Test func `a name that is taken is refused, whatever became of its device`() async throws {
        let registry = try await home.lights()
        let bundle = try await registry.bundle()
        var first = try FakeDevice("lamp-1")
        _ = try await first.enrol(with: bundle, at: registry)
        let second = try FakeDevice("lamp-1")
        let contact = try second.contact(byValue: second.claim(bundle))
        try await expectRefusal(.nameTaken, of: contact, by: registry, about: "lamp-1")
        _ = try await registry.retireDevice(first.id, actor: "uid:root", now: 1)
        try await expectRefusal(.nameTaken, of: contact, by: registry, about: "lamp-1")
        #expect(try await registry.listBundles().map(\.usesLeft) == [9])
    }

    @Test func `a key or a kid of another device is refused`() async throws {
        let registry = try await home.lights()
        let bundle = try await registry.bundle()
        var first = try FakeDevice("lamp-1")
        _ = try await first.enrol(with: bundle, at: registry)
        let sameKey = try FakeDevice("lamp-2", publicKey: first.publicKey)
        try await expectRefusal(
            .nameTaken,
            of: sameKey.contact(byValue: sameKey.claim(bundle)),
            by: registry,
            about: "lamp-2"
        )
        let sameKid = try FakeDevice("lamp-3", kid: first.kid)
        try await expectRefusal(
            .nameTaken,
            of: sameKid.contact(byValue: sameKid.claim(bundle)),
            by: registry,
            about: "lamp-3"
        )
    }

    @Test(arguments: [("Lamp!", 8), ("lamp-1", 7), ("lamp-1", 0)])
    func `a credential that is not of our form is refused`(
        name: String,
        kidLength: Int
    ) async throws {
        let registry = try await home.lights()
        let ccs = CCS.encode(
            subject: name,
            kid: [UInt8](repeating: 1, count: kidLength),
            curve: .p256,
            publicKey: [UInt8](repeating: 2, count: 32)
        )
        let lamp = try FakeDevice("lamp-1")
        let contact = Contact(
            credential: try Credential(ccs: ccs, sentByValue: true),
            isByValue: true,
            claim: nil,
            report: lamp.report,
            brokerPasswordHash: nil,
            now: 1
        )
        try await expectRefusal(
            .malformed,
            of: contact,
            by: registry,
            about: name == "lamp-1" ? name : nil
        )
    }

    @Test func `a known kid with another credential is refused`() async throws {
        let registry = try await home.lights()
        var lamp = try FakeDevice("lamp-1")
        _ = try await lamp.enrol(with: registry.bundle(), at: registry)
        let other = try FakeDevice("lamp-1", kid: lamp.kid)
        try await expectRefusal(
            .unknownDevice,
            of: other.contact(),
            by: registry,
            about: "lamp-1"
        )
    }

    @Test func `a quarantined device is refused until it is released`() async throws {
        let registry = try await home.lights()
        var lamp = try FakeDevice("lamp-1")
        _ = try await lamp.enrol(with: registry.bundle(), at: registry)
        _ = try await registry.quarantineDevice(lamp.id, actor: "uid:root", now: 1)
        try await expectRefusal(
            .deviceQuarantined,
            of: lamp.contact(),
            by: registry,
            about: "lamp-1"
        )
        _ = try await registry.reinstateDevice(lamp.id, actor: "uid:root", now: 1)
        #expect(try await lamp.talk(to: registry).settle != nil)
    }

    @Test func `a refusal that was decided outside is written down`() async throws {
        let registry = try await home.lights()
        try await registry.refused(Problem(.throttled), about: "lamp/#\n", now: 1)
        let row = try #require(
            try await registry.auditList(AuditFilter(kind: .contactRefused)).last
        )
        #expect(row.event.details == ["code": "throttled"])
        #expect(row.event.device == nil)
    }

    @Test
    func `a storm of refusals fills two pages of the log a minute, and says what it left out`()
        async throws
    {
        let registry = try await home.lights()
        let before = try await registry.status(now: Home.now).audit.count
        for _ in 0..<500 {
            try await registry.refused(Problem(.unknownDevice), about: "lamp-1", now: Home.now)
        }
        #expect(try await registry.status(now: Home.now).audit.count == before + 120)
        try await registry.refused(Problem(.unknownDevice), about: "lamp-1", now: Home.now + 60)
        let last = try #require(
            try await registry.auditList(AuditFilter(kind: .contactRefused), limit: 1000).last
        )
        #expect(last.event.details["omittedBefore"] == "380")
        #expect(try await registry.auditVerify().fault == nil)
    }
}
