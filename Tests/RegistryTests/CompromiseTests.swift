import Fleet
import KeyExchange
import Registry
import Testing

@Suite struct CompromiseTests {
    private func compromise(_ story: LampStory, epoch: UInt32? = nil) async throws -> Int {
        try await story.registry.compromise(
            story.here,
            key: story.door,
            epoch: epoch.flatMap { Epoch($0) },
            actor: "a",
            now: Home.now
        )
    }

    @Test func `a compromised key is accepted until its successor is confirmed, and no longer`()
        async throws
    {
        var story = try await LampStory.begin()
        #expect(try await compromise(story) == 1)
        #expect(try await story.states == ["door 1 compromised"])
        #expect(try await story.registry.status(now: Home.now).compromisedKeys == 1)
        #expect(try await story.registry.status(now: Home.now).overdueKeys == 1)
        let offer = try #require(try await story.registry.reconcile(story.lamp.contact()).offer)
        #expect(try await story.states == ["door 1 compromised", "door 2 offered"])
        let settle = try await story.confirm(offer)
        #expect(try await story.states == ["door 1 destroyedCompromised", "door 2 active"])
        // Without grace.
        #expect(
            settle.verdicts.map(\.action) == [.activate(Epoch(2)!, graceSeconds: 0)]
        )
        story.lamp.obey(settle)
        try await story.talk()
        #expect(story.lamp.inShort == ["door 2 primary"])
        #expect(
            try story.home.number("SELECT COUNT(*) FROM device_key WHERE sealed IS NOT NULL") == 1
        )
    }

    @Test func `asking twice changes nothing and is one transition`() async throws {
        let story = try await LampStory.begin()
        for _ in 1...2 { #expect(try await compromise(story) == 1) }
        #expect(try await story.kinds.count { $0 == .keyCompromised } == 1)
        #expect(try await story.kinds.count { $0 == .compromiseOrdered } == 2)
    }

    @Test func `the old generation in its grace goes at once, on the server and on the device`()
        async throws
    {
        var story = try await LampStory.begin(grace: 3600)
        try await story.rotateThrough()
        #expect(try await compromise(story, epoch: 1) == 1)
        #expect(try await story.states == ["door 1 destroyedCompromised", "door 2 active"])
        try await story.talk()
        #expect(story.lamp.inShort == ["door 2 primary"])
    }

    @Test func `an offer whose material is known is never made again`() async throws {
        var story = try await LampStory.begin()
        try await story.rotate()
        let offer = try #require(try await story.registry.reconcile(story.lamp.contact()).offer)
        #expect(try await compromise(story) == 1)
        #expect(try await story.states == ["door 1 compromised", "door 2 destroyedCompromised"])
        let settle = try await story.confirm(offer)
        #expect(settle.verdicts.map(\.action) == [.discard(Epoch(2)!)])
        story.lamp.obey(settle)
        let next = try #require(try await story.talk().offer)
        #expect(next.keys.map(\.epoch.number) == [3])
        #expect(next.keys[0].thumbprint != offer.keys[0].thumbprint)
        try await story.talk()
        #expect(story.lamp.inShort == ["door 3 primary"])
    }

    @Test func `what was rolled back to falls with the generation it came from`() async throws {
        var story = try await LampStory.begin(grace: 3600)
        try await story.rotateThrough()
        _ = try await story.registry.rollBack(
            story.lamp.id,
            key: story.door,
            actor: "a",
            now: Home.now
        )
        try await story.talk()
        #expect(try await story.states.last == "door 3 active")
        #expect(try await compromise(story, epoch: 1) == 1)
        #expect(try await story.states.last == "door 3 compromised")
        try await story.talk()
        try await story.talk()
        #expect(
            try await story.states == [
                "door 1 destroyedCompromised", "door 2 superseded",
                "door 3 destroyedCompromised", "door 4 active",
            ]
        )
    }

    @Test func `a device that never heard SETTLE is not left without a key`() async throws {
        var story = try await LampStory.begin()
        try await story.rotate()
        try await story.confirmWithoutSettle()
        // It still works with the first, and holds the second.
        #expect(try await compromise(story, epoch: 2) == 1)
        #expect(try await story.states == ["door 1 superseded", "door 2 compromised"])
        try await story.talk()
        try await story.talk()
        #expect(
            try await story.states == [
                "door 1 superseded", "door 2 destroyedCompromised", "door 3 active",
            ]
        )
        #expect(story.lamp.inShort.contains("door 3 primary"))
        #expect(!story.lamp.inShort.contains { $0.hasPrefix("door 2") })
    }

    @Test func `a successor that can't be taken leaves the device its key, and the admin a choice`()
        async throws
    {
        var story = try await LampStory.begin()
        _ = try await compromise(story)
        let offer = try #require(try await story.registry.reconcile(story.lamp.contact()).offer)
        _ = try await story.registry.confirm(
            device: story.lamp.id,
            operation: offer.operation,
            outcomes: [
                KeyOutcome(name: story.door, epoch: offer.keys[0].epoch, failure: .hookFailed)
            ],
            verdicts: [],
            now: Home.now
        )
        #expect(try await story.states == ["door 1 compromised", "door 2 withdrawn"])
        #expect(try await story.talk().offer == nil)
        try await story.rotate()
        try await story.talk()
        #expect(try await story.states.first == "door 1 destroyedCompromised")
    }

    @Test func `a device that refused the successor is asked again when the word is said again`()
        async throws
    {
        var story = try await LampStory.begin()
        _ = try await compromise(story)
        try await story.refuse(.hookFailed)
        #expect(try await story.talk().offer == nil)
        #expect(try await compromise(story) == 1)
        #expect(try await story.talk().offer != nil)
        #expect(try await story.states.first == "door 1 destroyedCompromised")
    }

    @Test func `a device with as many generations as it can hold is asked again once it has room`()
        async throws
    {
        var story = try await LampStory.begin(grace: 3600)
        for _ in 1...3 {
            try await story.rotate()
            for _ in 1...2 { try await story.talk() }
        }
        _ = try await compromise(story)
        let before = try await story.registry.takeOutbox(limit: 100).count
        // It is told to discard the older ones, and has no room for the new one until then.
        try await story.refuse(.storeFull)
        #expect(try await story.registry.takeOutbox(limit: 100).count == before + 1)
        // Full all the same: by a disk that takes nothing. It is asked at its own next contact.
        try await story.refuse(.storeFull)
        #expect(try await story.registry.takeOutbox(limit: 100).count == before + 1)
        for _ in 1...2 { try await story.talk() }
        #expect(story.lamp.inShort.count == 1)
    }

    @Test func `a device that is full for long is not taken for one that is ahead`() async throws {
        var story = try await LampStory.begin(grace: 3600)
        _ = try await story.registry.suspend(story.here, key: story.door, actor: "a", now: 1)
        _ = try await compromise(story)
        for _ in 1...12 { try await story.refuse(.storeFull) }
        #expect(try await story.states.first == "door 1 destroyedCompromised")
        for _ in 1...2 { try await story.talk() }
        // Without grace, for it is still known what the old one is.
        #expect(story.lamp.inShort == ["door 14 primary"])
        #expect(try await story.notices.isEmpty)
    }

    @Test func `an older one that others may know ends beside a suspended successor, too`()
        async throws
    {
        var story = try await LampStory.begin()
        try await story.rotate()
        try await story.confirmWithoutSettle()
        _ = try await story.registry.suspend(story.here, key: story.door, actor: "a", now: 1)
        _ = try await story.registry.compromise(
            story.here,
            key: story.door,
            epoch: .first,
            actor: "a",
            now: Home.now
        )
        let ended = "door 1 destroyedCompromised"
        #expect(try await story.states == [ended, "door 2 suspended"])
        _ = try await story.registry.resume(story.here, key: story.door, actor: "a", now: 1)
        #expect(try await story.states == [ended, "door 2 active"])
        for _ in 1...2 { try await story.talk() }
        #expect(story.lamp.inShort == ["door 2 primary"])
    }

    @Test func `a lost SETTLE, a second compromise and a refusal leave a key in common`()
        async throws
    {
        var story = try await LampStory.begin()
        _ = try await compromise(story)
        try await story.confirmWithoutSettle()
        _ = try await compromise(story)
        #expect(try await story.states == ["door 1 destroyedCompromised", "door 2 compromised"])
        try await story.refuse(.hookFailed)
        // The first is accepted no more, the third is refused: the second is all that they have.
        #expect(story.lamp.inShort.contains("door 2 primary"))
        try await story.talk()
        #expect(story.lamp.inShort == ["door 2 primary"])
        #expect(try await story.states.contains("door 2 compromised"))
        try await story.rotate()
        for _ in 1...2 { try await story.talk() }
        #expect(story.lamp.inShort == ["door 4 primary"])
        #expect(try await story.states.suffix(3).first == "door 2 destroyedCompromised")
    }

    @Test func `a key that is compromised is replaced although the device refused one before`()
        async throws
    {
        for isSuspended in [false, true] {
            var story = try await LampStory.begin()
            try await story.rotate()
            let offer = try #require(try await story.registry.reconcile(story.lamp.contact()).offer)
            _ = try await story.registry.confirm(
                device: story.lamp.id,
                operation: offer.operation,
                outcomes: [
                    KeyOutcome(name: story.door, epoch: offer.keys[0].epoch, failure: .hookFailed)
                ],
                verdicts: [],
                now: Home.now
            )
            #expect(try await story.states == ["door 1 active", "door 2 withdrawn"])
            if isSuspended {
                _ = try await story.registry.suspend(
                    story.here,
                    key: story.door,
                    actor: "a",
                    now: Home.now
                )
            }
            #expect(try await compromise(story) == 1)
            try await story.talk()
            try await story.talk()
            #expect(
                try await story.states == [
                    "door 1 destroyedCompromised", "door 2 withdrawn", "door 3 active",
                ]
            )
            #expect(story.lamp.inShort == ["door 3 primary"])
        }
    }

    @Test func `what was destroyed long ago may still turn out to have been known`() async throws {
        var story = try await LampStory.begin(grace: 0)
        try await story.rotateThrough()
        _ = try await story.registry.sweep(now: Home.now + 1)
        #expect(try await story.states.first == "door 1 destroyed")
        #expect(try await compromise(story, epoch: 1) == 1)
        #expect(try await story.states == ["door 1 destroyedCompromised", "door 2 active"])
    }

    @Test func `a retiring device that is silent still has its keys declared known`() async throws {
        let story = try await LampStory.begin()
        _ = try await story.registry.retireDevice(story.lamp.id, actor: "a", now: 1)
        #expect(try await compromise(story) == 1)
        #expect(try await story.states == ["door 1 compromised"])
    }

    @Test func `what is not there can't be compromised`() async throws {
        let story = try await LampStory.begin()
        let registry = story.registry
        #expect(await fault { _ = try await compromise(story, epoch: 7) } == .notFound)
        #expect(
            await fault {
                _ = try await registry.compromise(
                    story.here,
                    key: nil,
                    epoch: .first,
                    actor: "a",
                    now: 1
                )
            } == .invalid
        )
        for (scope, key) in [
            (story.here, "window"), (.device(try DeviceID(parsing: "nobody")), "door"),
            (.group(try GroupName(parsing: "attic")), "door"),
            (.group(try GroupName(parsing: "lights")), "window"),
        ] {
            let name = try KeyName(parsing: key)
            #expect(
                await fault {
                    _ = try await registry.compromise(scope, key: name, actor: "a", now: 1)
                } == .notFound
            )
        }
        #expect(try await story.states == ["door 1 active"])
        #expect(try await !story.kinds.contains(.compromiseOrdered))
    }

    @Test func `a group of many commits is replaced whole, but for the device that is gone`()
        async throws
    {
        let home = try Home()
        let registry = try await home.lights()
        let bundle = try await registry.bundle()
        for number in 1...5 {
            var lamp = try FakeDevice("lamp-\(number)")
            _ = try await lamp.enrol(with: bundle, at: registry)
        }
        try home.tamper("UPDATE device SET order_counter = 'x' WHERE name = 'lamp-2'")
        let lights = try GroupName(parsing: "lights")
        #expect(try await registry.compromise(.group(lights), key: nil, actor: "a", now: 1) == 5)
        #expect(try home.number("SELECT COUNT(*) FROM device_key WHERE state = 7") == 5)
    }
}
