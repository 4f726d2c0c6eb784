import Fleet
import KeyExchange
import Registry
import Testing

/// Single generations: destroyed early, and led back to.
@Suite struct GenerationTests {
    private func destroy(_ story: LampStory, _ epoch: UInt32) async throws -> KeyState {
        try await story.registry.destroy(
            story.lamp.id,
            key: story.door,
            epoch: Epoch(epoch) ?? .first,
            actor: "a",
            now: Home.now
        ).state
    }

    private func rollBack(_ story: LampStory) async throws -> KeyRecord {
        try await story.registry.rollBack(
            story.lamp.id,
            key: story.door,
            actor: "a",
            now: Home.now
        )
    }

    @Test func `a superseded generation is destroyed before its grace ends, once`() async throws {
        var story = try await LampStory.begin(grace: 3600)
        try await story.rotateThrough()
        for _ in 1...2 { #expect(try await destroy(story, 1) == .destroyed) }
        #expect(try await story.states == ["door 1 destroyed", "door 2 active"])
        #expect(try await story.kinds.count { $0 == .keyDestroyed } == 1)
        try await story.talk()
        #expect(story.lamp.inShort == ["door 2 primary"])
    }

    @Test func `what the device may still use is not destroyed`() async throws {
        var story = try await LampStory.begin(grace: 3600)
        #expect(await fault { _ = try await destroy(story, 1) } == .conflict)
        try await story.rotate()
        try await story.confirmWithoutSettle()
        // The device has not said that it uses the second one.
        #expect(await fault { _ = try await destroy(story, 1) } == .conflict)
        #expect(await fault { _ = try await destroy(story, 2) } == .conflict)
        #expect(await fault { _ = try await destroy(story, 9) } == .notFound)
        #expect(try await story.states == ["door 1 superseded", "door 2 active"])
        _ = try await story.registry.retireDevice(story.lamp.id, actor: "a", now: 1)
        #expect(await fault { _ = try await destroy(story, 1) } == .conflict)
    }

    @Test func `a suspended, an offered and a withdrawn generation are not destroyed by name`()
        async throws
    {
        var story = try await LampStory.begin()
        try await story.rotate()
        _ = try await story.registry.reconcile(story.lamp.contact())
        #expect(await fault { _ = try await destroy(story, 2) } == .conflict)
        _ = try await story.registry.suspend(story.here, key: story.door, actor: "a", now: 1)
        #expect(await fault { _ = try await destroy(story, 1) } == .conflict)
        #expect(await fault { _ = try await destroy(story, 2) } == .conflict)
        try await story.talk()
        #expect(story.lamp.inShort == ["door 1 suspended"])
    }

    @Test func `a roll back brings the older key under the next number`() async throws {
        var story = try await LampStory.begin(grace: 3600)
        let first = try await story.details.keys[0].thumbprint
        try await story.rotateThrough()
        for _ in 1...2 {
            let made = try await rollBack(story)
            #expect(made.epoch.number == 3 && made.thumbprint == first && made.state == .offered)
        }
        try await story.talk()
        try await story.talk()
        #expect(
            try await story.states == ["door 1 superseded", "door 2 superseded", "door 3 active"]
        )
        #expect(story.lamp.inShort == ["door 1 grace", "door 2 grace", "door 3 primary"])
        let row = try await story.registry.auditList(AuditFilter(kind: .keyOffered)).last
        #expect(row?.event.details["rolledBackTo"] == "1" && row?.event.actor == "a")
    }

    @Test func `a key does not become younger by being rolled back to`() async throws {
        let home = try Home()
        let registry = try await home.lights(keys: [])
        let spec = try KeySpec(
            group: GroupName(parsing: "lights"),
            name: KeyName(parsing: "door"),
            algorithm: .aes256GCM,
            graceSeconds: 5000,
            maximumAgeSeconds: 10_000
        )
        try await registry.createKeySpec(spec, actor: "a", now: Home.now)
        var story = try await LampStory.begin(registry: registry, home: home)
        try await story.rotateThrough(now: Home.now + 4000)
        let made = try await registry.rollBack(
            story.lamp.id,
            key: story.door,
            actor: "a",
            now: Home.now + 5000
        )
        #expect(made.createdAt == Home.now)
        try await story.talk(now: Home.now + 5000)
        #expect(try await story.details.keys.last?.expiresAt == Home.now + 10_000)
        #expect(try await story.talk(now: Home.now + 10_000).offer?.keys[0].epoch.number == 4)
    }

    @Test func `there is no way back to what is gone, known or not there`() async throws {
        var story = try await LampStory.begin(grace: 10)
        #expect(await fault { _ = try await rollBack(story) } == .conflict)
        try await story.rotate()
        _ = try await story.registry.reconcile(story.lamp.contact())
        // One is on its way.
        #expect(await fault { _ = try await rollBack(story) } == .conflict)
        try await story.talk()
        try await story.talk()
        _ = try await story.registry.compromise(
            story.here,
            key: story.door,
            epoch: .first,
            actor: "a",
            now: Home.now
        )
        #expect(await fault { _ = try await rollBack(story) } == .conflict)
        try await story.rotateThrough()
        _ = try await story.registry.sweep(now: Home.now + 11)
        #expect(await fault { _ = try await rollBack(story) } == .conflict)
        try await story.rotateThrough()
        _ = try await story.registry.suspend(story.here, key: story.door, actor: "a", now: 1)
        #expect(await fault { _ = try await rollBack(story) } == .conflict)
        _ = try await story.registry.resume(story.here, key: story.door, actor: "a", now: 1)
        _ = try await story.registry.quarantineDevice(story.lamp.id, actor: "a", now: 1)
        #expect(await fault { _ = try await rollBack(story) } == .conflict)
        for (device, key) in [("nobody", "door"), ("lamp-1", "window")] {
            let (device, key) = (try DeviceID(parsing: device), try KeyName(parsing: key))
            _ = try? await story.registry.reinstateDevice(story.lamp.id, actor: "a", now: 1)
            #expect(
                await fault {
                    _ = try await story.registry.rollBack(device, key: key, actor: "a", now: 1)
                } == .notFound
            )
        }
    }

    @Test func `a retired key is not rolled back`() async throws {
        var story = try await LampStory.begin(grace: 3600)
        try await story.rotateThrough()
        _ = try await story.registry.retireKey(story.here, key: story.door, actor: "a", now: 1)
        #expect(await fault { _ = try await rollBack(story) } == .conflict)
    }

    @Test func `after the last number there is no way back and no way on`() async throws {
        var story = try await LampStory.begin(grace: 3600)
        try await story.rotateThrough()
        try story.home.tamper("UPDATE device_key SET epoch = 4294967295 WHERE epoch = 2")
        #expect(await fault { _ = try await rollBack(story) } == .conflict)
        try await story.rotate()
        #expect(try await story.registry.reconcile(story.lamp.contact()).offer == nil)
        #expect(try await story.states.count == 2)
    }
}
