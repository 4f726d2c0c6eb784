import Fleet
import KeyExchange
import Testing

@testable import Registry

/// Back to the key before, of one device.
@Suite struct RollBackTests {
    private let door: KeyName

    init() throws { door = try KeyName(parsing: "door") }

    private func rolledBack(_ scene: CampaignScene) async throws -> KeyRecord {
        try await scene.registry.rollBack(
            scene.lamps[0].id,
            key: door,
            actor: "uid:ann",
            now: scene.now
        )
    }

    private func rotated() async throws -> CampaignScene {
        let scene = try await CampaignScene(1)
        _ = try await scene.registry.rotate(
            .device(scene.lamps[0].id),
            key: door,
            actor: "uid:ann",
            now: scene.now
        )
        try await scene.answerNudges()
        return scene
    }

    private func code(_ body: () async throws -> Void) async -> RegistryError.Code? {
        do { try await body() } catch { return (error as? RegistryError)?.code }
        return nil
    }

    @Test func `the older key comes again under the next number, once`() async throws {
        let scene = try await rotated()
        let made = try await rolledBack(scene)
        #expect(made.epoch.number == 3 && made.state == .offered)
        #expect(try await rolledBack(scene) == made)
        try await scene.answerNudges()
        let keys = try await scene.registry.device(scene.lamps[0].id).keys
        #expect(keys.map(\.state) == [.superseded, .superseded, .active])
        #expect(keys[0].thumbprint == keys[2].thumbprint)
        let offers = try await scene.registry.auditList(AuditFilter(kind: .keyOffered))
        #expect(offers.last?.event.details["rolledBackTo"] == "1")
    }

    @Test func `a key without a generation before it is refused, and nothing changes`() async throws
    {
        let scene = try await CampaignScene(1)
        let before = try await scene.registry.device(scene.lamps[0].id).keys
        #expect(await code { _ = try await rolledBack(scene) } == .conflict)
        #expect(try await scene.registry.device(scene.lamps[0].id).keys == before)
    }

    @Test func `a lost SETTLE and a refused roll-back leave a key in common`() async throws {
        var story = try await LampStory.begin()
        try await story.rotate()
        try await story.confirmWithoutSettle()
        _ = try await story.registry.rollBack(
            story.lamp.id,
            key: story.door,
            actor: "a",
            now: Home.now
        )
        try await story.refuse(.hookFailed)
        // The server works with the second one; the device would have lost it for one that it refused.
        #expect(story.lamp.inShort == ["door 1 grace", "door 2 primary"])
        #expect(
            try await story.states == ["door 1 superseded", "door 2 active", "door 3 withdrawn"]
        )
    }

    @Test func `a generation that others may know is never led back to`() async throws {
        let scene = try await rotated()
        _ = try await scene.registry.compromise(
            .device(scene.lamps[0].id),
            key: door,
            epoch: Epoch(1),
            actor: "uid:ann",
            now: scene.now
        )
        #expect(await code { _ = try await rolledBack(scene) } == .conflict)
    }

    @Test func `no device, no key and a quarantined device are told apart`() async throws {
        let scene = try await rotated()
        let registry = scene.registry
        let nobody = try DeviceID(parsing: "nobody")
        let other = try KeyName(parsing: "other")
        #expect(
            await code { _ = try await registry.rollBack(nobody, key: door, actor: "a", now: 1) }
                == .notFound
        )
        #expect(
            await code {
                _ = try await registry.rollBack(
                    scene.lamps[0].id,
                    key: other,
                    actor: "a",
                    now: scene.now
                )
            } == .notFound
        )
        _ = try await registry.quarantineDevice(scene.lamps[0].id, actor: "a", now: scene.now)
        #expect(await code { _ = try await rolledBack(scene) } == .conflict)
    }

    @Test func `a campaign keeps what it cannot read back, and goes on with the others`()
        async throws
    {
        let scene = try await CampaignScene(2)
        let name = try await scene.begin(CampaignScene.plan())
        try await scene.pulse(seconds: 2)
        try await scene.answerNudges()
        try scene.home.tamper(
            """
            UPDATE device_key SET sealed = zeroblob(60) WHERE epoch = 1
                AND device_id = (SELECT id FROM device WHERE name = 'lamp-0')
            """
        )
        _ = try await scene.registry.rollBackCampaign(name, actor: "uid:ann", now: scene.now)
        try await scene.pulse(seconds: 2)
        try await scene.answerNudges()
        try await scene.pulse(seconds: 2)
        #expect(try await scene.counts(name)[.kept] == 1)
        #expect(try await scene.counts(name)[.rolledBack] == 1)
        #expect(try await scene.epochs() == [2, 3])
    }
}
