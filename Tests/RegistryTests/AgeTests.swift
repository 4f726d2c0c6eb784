import Fleet
import KeyExchange
import Registry
import Testing

/// Keys that are due by their period or their age, and the sweep that calls their devices.
@Suite struct AgeTests {
    private let home: Home

    init() throws { home = try Home() }

    private func story(
        rotation: UInt32? = nil,
        maximumAge: UInt32? = nil,
        grace: UInt32 = 60
    ) async throws -> LampStory {
        let registry = try await home.lights(keys: [])
        let spec = try KeySpec(
            group: GroupName(parsing: "lights"),
            name: KeyName(parsing: "door"),
            algorithm: .aes256GCM,
            rotationSeconds: rotation,
            graceSeconds: grace,
            maximumAgeSeconds: maximumAge
        )
        try await registry.createKeySpec(spec, actor: "a", now: Home.now)
        return try await LampStory.begin(registry: registry, home: home)
    }

    @Test func `a maximum age alone makes a key due, and over age in the status`() async throws {
        var story = try await story(maximumAge: 10_000)
        let key = try await story.details.keys[0]
        #expect(key.expiresAt == Home.now + 10_000)
        let due = try #require(key.rotateAt)
        #expect((Home.now + 9000...Home.now + 10_000).contains(due))
        #expect(try await story.registry.status(now: Home.now + 9999).keysOverAge == 0)
        #expect(try await story.registry.status(now: Home.now + 10_000).keysOverAge == 1)
        try await story.talk(now: Home.now + 10_000)
        #expect(try await story.registry.status(now: Home.now + 10_000).keysOverAge == 0)
        #expect(try await story.states.last == "door 2 active")
    }

    @Test func `the age counts from the making, however late the device takes the key`()
        async throws
    {
        let registry = try await home.lights(keys: [])
        let spec = try KeySpec(
            group: GroupName(parsing: "lights"),
            name: KeyName(parsing: "door"),
            algorithm: .aes256GCM,
            graceSeconds: 0,
            maximumAgeSeconds: 1000
        )
        try await registry.createKeySpec(spec, actor: "a", now: Home.now)
        var lamp = try FakeDevice("lamp-1")
        let claim = lamp.claim(try await registry.bundle())
        _ = try await registry.reconcile(lamp.contact(byValue: claim))
        let late = Home.now + 5000
        _ = try await lamp.talk(to: registry, now: late)
        #expect(try await registry.device(lamp.id).keys.map(\.expiresAt) == [Home.now + 1000])
        // It is accepted, for the device has no other; the next one is due at once.
        #expect(try await lamp.talk(to: registry, now: late).offer?.keys[0].epoch.number == 2)
    }

    @Test func `whichever ends first counts`() async throws {
        let story = try await story(rotation: 5000, maximumAge: 10_000)
        let due = try #require(try await story.details.keys[0].rotateAt)
        #expect((Home.now + 4500...Home.now + 5000).contains(due))
    }

    @Test func `devices of one minute are not due in one minute`() async throws {
        let registry = try await home.lights(rotation: 100_000)
        let bundle = try await registry.bundle(uses: 60)
        var dates: Set<Int64> = []
        for number in 1...60 {
            var lamp = try FakeDevice("lamp-\(number)")
            _ = try await lamp.enrol(with: bundle, at: registry)
            let due = try #require(try await registry.device(lamp.id).keys[0].rotateAt)
            #expect((Home.now + 90_000...Home.now + 100_000).contains(due))
            dates.insert(due)
        }
        // Sixty of ten thousand seconds: with some luck two fall on one.
        #expect(dates.count > 50)
        let earliest = dates.min() ?? 0
        let latest = dates.max() ?? 0
        #expect(latest - earliest > 5000)
    }

    @Test func `the sweep nudges each due device once, and no other`() async throws {
        var story = try await story(rotation: 1000)
        let registry = story.registry
        try await story.calm()
        let due = try #require(try await story.details.keys[0].rotateAt)
        #expect(try await registry.nudgeDue(now: due - 1) == 0)
        #expect(try await registry.nudgeDue(now: due) == 1)
        #expect(try await registry.nudgeDue(now: due + 5000) == 0)
        #expect(try await registry.takeOutbox(limit: 9).map(\.device) == [story.lamp.id])
        // A nudge that was lost costs nothing: the key is due whenever the device comes.
        #expect(try await story.talk(now: due + 1).offer != nil)
        #expect(try await registry.nudgeDue(now: due + 2) == 0)
    }

    @Test func `a device with two due keys gets one nudge; a quarantined or retired one none`()
        async throws
    {
        let registry = try await home.lights(rotation: 1000, keys: ["door", "window"])
        let bundle = try await registry.bundle()
        for number in 1...3 {
            var lamp = try FakeDevice("lamp-\(number)")
            _ = try await lamp.enrol(with: bundle, at: registry)
            if number == 2 { _ = try await registry.quarantineDevice(lamp.id, actor: "a", now: 1) }
            if number == 3 { _ = try await registry.retireDevice(lamp.id, actor: "a", now: 1) }
        }
        try await registry.outboxDone(registry.takeOutbox(limit: 9).map(\.id))
        #expect(try await registry.nudgeDue(now: Home.now + 1000) == 1)
        #expect(try await registry.takeOutbox(limit: 9).map(\.device.description) == ["lamp-1"])
    }

    @Test(arguments: [Int64.min / 2, -1, 0, 1, 4_102_444_800, Int64.max / 2])
    func `a clock that is wrong makes keys due early or late, and harms none`(
        now: Int64
    ) async throws {
        var story = try await story(rotation: 1000, maximumAge: 2000)
        _ = try await story.registry.nudgeDue(now: now)
        _ = try await story.registry.sweep(now: now)
        _ = try await story.registry.status(now: now)
        try await story.talk(now: now)
        try await story.talk(now: now)
        #expect(story.lamp.inShort.count { $0.hasSuffix("primary") } == 1)
        #expect(try await story.states.count { $0.hasSuffix("active") } == 1)
        // Back in its own time it goes on.
        try await story.talk(now: Home.now + 3000)
        try await story.talk(now: Home.now + 3000)
        let primary = try #require(story.lamp.inShort.last { $0.hasSuffix("primary") })
        #expect(
            try await story.states.last
                == primary.replacing("primary", with: "active")
        )
        #expect(try await story.registry.auditVerify().fault == nil)
    }

    @Test func `a grace that ends while thousands do is ended in parts`() async throws {
        let story = try await story(grace: 10)
        try story.home.tamper(
            """
            WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 1300)
            INSERT INTO device_key (device_id, name, epoch, state, sealed, thumbprint, created_at,
                changed_at, grace_until)
            SELECT 1, 'door', i + 100, 4, x'00', zeroblob(32), 1, 1, i FROM n
            """
        )
        #expect(try await story.registry.sweep(now: 1000) == 999)
        #expect(try await story.registry.sweep(now: Home.now) == 300)
        #expect(
            try story.home.number("SELECT COUNT(*) FROM device_key WHERE sealed IS NOT NULL") == 1
        )
    }
}
