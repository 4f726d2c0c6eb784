import Fleet
import KeyExchange
import Registry
import Testing

@Suite struct SuspensionTests {
    private func suspend(_ story: LampStory) async throws -> Int {
        try await story.registry.suspend(story.here, key: story.door, actor: "a", now: Home.now)
    }

    private func resume(_ story: LampStory) async throws -> Int {
        try await story.registry.resume(story.here, key: story.door, actor: "a", now: Home.now)
    }

    @Test func `a suspended key is out of use on both sides, and comes back unchanged`()
        async throws
    {
        var story = try await LampStory.begin()
        let before = try await story.details.keys
        #expect(try await suspend(story) == 1)
        #expect(try await story.states == ["door 1 suspended"])
        #expect(try await story.registry.status(now: Home.now).suspendedKeys == 1)
        try await story.talk()
        #expect(story.lamp.inShort == ["door 1 suspended"])
        #expect(try await resume(story) == 1)
        try await story.talk()
        #expect(story.lamp.inShort == ["door 1 primary"])
        #expect(try await story.details.keys == before)
        #expect(
            try await story.kinds.suffix(4) == [
                .keySuspended, .suspensionOrdered, .keyActivated, .resumptionOrdered,
            ]
        )
    }

    @Test func `asking twice changes nothing and writes no transition twice`() async throws {
        let story = try await LampStory.begin()
        for _ in 1...2 { #expect(try await suspend(story) == 1) }
        #expect(try await story.kinds.count { $0 == .keySuspended } == 1)
        for _ in 1...2 { #expect(try await resume(story) == 1) }
        #expect(try await story.kinds.count { $0 == .keyActivated } == 2)
    }

    @Test func `an older agent knows no suspension and is told nothing it can't read`() async throws
    {
        var story = try await LampStory.begin()
        story.lamp.instance = nil
        _ = try await suspend(story)
        let settle = try #require(try await story.talk().settle)
        #expect(settle.verdicts.isEmpty)
        #expect(try await story.states == ["door 1 suspended"])
    }

    @Test func `a rotation on its way is taken back, and asked for again by resume`() async throws {
        var story = try await LampStory.begin()
        try await story.rotate()
        let offer = try #require(try await story.registry.reconcile(story.lamp.contact()).offer)
        _ = try await suspend(story)
        #expect(try await story.states == ["door 1 suspended", "door 2 withdrawn"])
        // The confirmation was under way: what it is about is gone.
        let settle = try await story.confirm(offer)
        story.lamp.obey(settle)
        #expect(story.lamp.inShort == ["door 1 primary"])
        try await story.talk()
        #expect(story.lamp.inShort == ["door 1 suspended"])
        _ = try await resume(story)
        try await story.talk()
        #expect(try await story.states.last == "door 3 active")
    }

    @Test func `a suspended key is not due, not nudged for and not rotated`() async throws {
        var story = try await LampStory.begin(rotation: 1000)
        _ = try await suspend(story)
        try await story.talk()
        let late = Home.now + 5000
        #expect(try await story.registry.nudgeDue(now: late) == 0)
        #expect(try await story.registry.status(now: late).overdueKeys == 0)
        #expect(try await story.talk(now: late).offer == nil)
        #expect(await fault { try await story.rotate() } == .conflict)
        // Its date was kept.
        _ = try await resume(story)
        #expect(try await story.registry.nudgeDue(now: late) == 1)
        #expect(try await story.talk(now: late).offer != nil)
    }

    @Test func `a device that never heard SETTLE is led on, then suspended`() async throws {
        var story = try await LampStory.begin()
        try await story.rotate()
        try await story.confirmWithoutSettle()
        _ = try await suspend(story)
        #expect(try await story.states == ["door 1 superseded", "door 2 suspended"])
        try await story.talk()
        #expect(story.lamp.inShort == ["door 1 grace", "door 2 suspended"])
    }

    @Test func `a suspended key that others may know is replaced, not resumed`() async throws {
        var story = try await LampStory.begin()
        _ = try await suspend(story)
        try await story.talk()
        _ = try await story.registry.compromise(
            story.here,
            key: story.door,
            actor: "a",
            now: Home.now
        )
        #expect(try await story.states == ["door 1 destroyedCompromised"])
        #expect(await fault { _ = try await resume(story) } == .conflict)
        try await story.talk()
        try await story.talk()
        #expect(story.lamp.inShort == ["door 2 primary"])
    }

    @Test func `only a key in use can be suspended, and only a suspended one resumed`() async throws
    {
        let home = try Home()
        let registry = try await home.lights()
        var lamp = try FakeDevice("lamp-1")
        let claim = lamp.claim(try await registry.bundle())
        let first = try #require(
            try await registry.reconcile(lamp.contact(byValue: claim)).offer
        )
        let door = first.keys[0].name
        for body in [registry.suspend, registry.resume] {
            // On its way is not in use.
            #expect(
                await fault { _ = try await body(.device(lamp.id), door, "a", Home.now) }
                    == .conflict
            )
            let other = try KeyName(parsing: "window")
            #expect(
                await fault { _ = try await body(.device(lamp.id), other, "a", Home.now) }
                    == .notFound
            )
            let nobody = try DeviceID(parsing: "nobody")
            #expect(
                await fault { _ = try await body(.device(nobody), door, "a", Home.now) }
                    == .notFound
            )
            let group = try GroupName(parsing: "attic")
            #expect(
                await fault { _ = try await body(.group(group), door, "a", Home.now) } == .notFound
            )
        }
        _ = lamp.install(first)
        _ = try await registry.retireDevice(lamp.id, actor: "a", now: 1)
        #expect(
            await fault {
                _ = try await registry.suspend(.device(lamp.id), key: door, actor: "a", now: 1)
            }
                == .conflict
        )
    }

    @Test func `a group is suspended as a whole, quarantined devices too`() async throws {
        let home = try Home()
        let registry = try await home.lights(keys: ["door", "window"])
        let bundle = try await registry.bundle()
        for number in 1...4 {
            var lamp = try FakeDevice("lamp-\(number)")
            _ = try await lamp.enrol(with: bundle, at: registry)
            if number == 2 { _ = try await registry.quarantineDevice(lamp.id, actor: "a", now: 1) }
            if number == 3 { _ = try await registry.retireDevice(lamp.id, actor: "a", now: 1) }
        }
        let lights = try GroupName(parsing: "lights")
        #expect(try await registry.suspend(.group(lights), key: nil, actor: "a", now: 2) == 6)
        #expect(try home.number("SELECT COUNT(*) FROM device_key WHERE state = 9") == 6)
        let query = try Query(parsing: "id=lamp-2")
        #expect(try await registry.resume(.query(query), key: nil, actor: "a", now: 3) == 2)
        #expect(try home.number("SELECT COUNT(*) FROM device_key WHERE state = 9") == 4)
    }
}
