import Fleet
import KeyExchange
import Registry
import Testing

/// A server that was put back to an old copy of itself.
@Suite struct RestoreTests {
    @Test func `devices ahead are noticed, told of, and led to a generation above both`()
        async throws
    {
        var story = try await LampStory.begin()
        try await story.backUp()
        for _ in 1...3 { try await story.rotateThrough() }
        #expect(story.lamp.inShort.last == "door 4 primary")
        try await story.restore()
        #expect(try await story.states == ["door 1 active"])
        #expect(try await story.registry.status(now: 1).notices.isEmpty)

        let offer = try #require(try await story.talk().offer)
        #expect(offer.keys.map(\.epoch.number) == [5])
        try await story.talk()
        #expect(story.lamp.inShort.last == "door 5 primary")
        #expect(try await story.states.last == "door 5 active")
        #expect(try await story.notices == [.ahead])
        #expect(try await story.registry.status(now: 1).notices == [.ahead: 1])
        let row = try await story.registry.auditList(AuditFilter(kind: .deviceAhead)).last
        #expect(row?.event.epoch?.number == 4 && row?.event.device == "lamp-1")
        #expect(try await story.registry.auditVerify().fault == nil)
        // Once, and not at every contact.
        let count = try await story.kinds.count { $0 == .deviceAhead }
        for _ in 1...3 { try await story.talk() }
        #expect(try await story.kinds.count { $0 == .deviceAhead } == count)
    }

    @Test func `a copy from before the first key is no reason to strand anyone`() async throws {
        let home = try Home()
        let registry = try await home.lights(keys: [])
        var story = try await LampStory.begin(registry: registry, home: home)
        try await story.backUp()
        let spec = try KeySpec(
            group: GroupName(parsing: "lights"),
            name: KeyName(parsing: "door"),
            algorithm: .aes256GCM
        )
        try await story.registry.createKeySpec(spec, actor: "a", now: Home.now)
        try await story.talk()
        #expect(story.lamp.inShort == ["door 1 primary"])
        try await story.restore()
        // The spec is forgotten: the device keeps what may be its last key.
        try await story.talk()
        #expect(story.lamp.inShort == ["door 1 primary"])
        try await story.registry.createKeySpec(spec, actor: "a", now: Home.now)
        try await story.talk()
        try await story.talk()
        #expect(story.lamp.inShort.last == "door 2 primary")
    }

    @Test func `a device that was retired since is retired again by its own word`() async throws {
        var story = try await LampStory.begin()
        try await story.backUp()
        _ = try await story.registry.retireDevice(story.lamp.id, actor: "a", now: Home.now)
        let first = try #require(try await story.order())
        _ = story.lamp.destroy(first.retire)
        (story.lamp.lastOrder, story.lamp.isRetiring) = (first.counter, true)
        try await story.restore()
        #expect(try await story.details.device.state == .enrolled)

        let again = try #require(try await story.talk().retire)
        #expect(again.scope == .device && again.counter > first.counter)
        #expect(try await story.details.device.state == .retiring)
        #expect(try await story.notices == [.ahead])
        // It is the same one until the receipt is in.
        #expect(try await story.talk().retire == again)
        let receipt = story.lamp.destroy(again)
        _ = try await story.registry.acknowledge(device: story.lamp.id, receipt, now: 2)
        #expect(try await story.details.device.state == .retired)
        #expect(try await story.states == ["door 1 destroyed"])
        let row = try await story.registry.auditList(AuditFilter(kind: .retirementOrdered)).last
        #expect(row?.event.actor == "device")
        #expect(row?.event.details["reason"] == "it has obeyed an order that is not known")
    }

    @Test func `a device in quarantine is not believed that it is retiring until it is let in`()
        async throws
    {
        var story = try await LampStory.begin()
        story.lamp.isRetiring = true
        _ = try await story.registry.quarantineDevice(story.lamp.id, actor: "a", now: 1)
        #expect(try await story.talk().refusal == .deviceQuarantined)
        #expect(try await story.details.device.state == .quarantined)
        _ = try await story.registry.reinstateDevice(story.lamp.id, actor: "a", now: 1)
        #expect(try await story.talk().retire?.scope == .device)
    }

    @Test func `a number that was given out twice is noticed by its bytes`() async throws {
        var story = try await LampStory.begin()
        try await story.backUp()
        try await story.rotateThrough()
        try await story.restore()
        // Another generation 2 is made before the device is heard.
        try await story.rotate()
        var twin = story.lamp
        twin.held = [:]
        _ = try await story.registry.reconcile(twin.contact())
        #expect(try await story.states == ["door 1 active", "door 2 offered"])
        try await story.talk()
        try await story.talk()
        #expect(story.lamp.inShort.last == "door 3 primary")
        #expect(try await story.states.last == "door 3 active")
    }

    @Test func `a device that was compromised and replaced since is led on, not back`() async throws
    {
        var story = try await LampStory.begin()
        try await story.backUp()
        _ = try await story.registry.compromise(
            story.here,
            key: story.door,
            actor: "a",
            now: Home.now
        )
        try await story.talk()
        try await story.talk()
        #expect(story.lamp.inShort == ["door 2 primary"])
        try await story.restore()
        // The server believes in 1 again, which the device no longer has.
        let offer = try #require(try await story.talk().offer)
        #expect(offer.keys.map(\.epoch.number) == [3])
        try await story.talk()
        #expect(story.lamp.inShort.last == "door 3 primary")
    }

    @Test func `a device that enrolled since is told to enrol, and keeps its keys`() async throws {
        var story = try await LampStory.begin()
        try await story.backUp()
        var late = try FakeDevice("lamp-2")
        _ = try await late.enrol(with: story.registry.bundle(), at: story.registry)
        try await story.restore()
        #expect(try await late.talk(to: story.registry).refusal == .unknownDevice)
        #expect(late.inShort == ["door 1 primary"])
        _ = try await late.enrol(with: story.registry.bundle(), at: story.registry)
        _ = try await late.talk(to: story.registry)
        #expect(late.inShort.last == "door 2 primary")
    }

    @Test func `the number of an order that was obeyed is not given to another one`() async throws {
        var story = try await LampStory.begin(keys: ["door", "window"])
        try await story.backUp()
        _ = try await story.registry.retireKey(
            story.here,
            key: story.door,
            actor: "a",
            now: Home.now + 10
        )
        let lost = try #require(try await story.order())
        _ = story.lamp.destroy(lost.retire)
        try await story.restore()

        let window = try KeyName(parsing: "window")
        _ = try await story.registry.retireKey(
            story.here,
            key: window,
            actor: "a",
            now: Home.now + 20
        )
        let order = try #require(try await story.order())
        #expect(order.refusal(lastObeyed: story.lamp.lastOrder, serverTimeFloor: nil) == nil)
        let receipt = story.lamp.destroy(order.retire)
        #expect(try await story.talk(now: Home.now + 30).retire == order.retire)
        _ = try await story.registry.acknowledge(device: story.lamp.id, receipt, now: 2)
        #expect(try await story.details.orderCounter == order.counter)
    }

    @Test func `with a clock that was set back, too, the session finds a number above both`()
        async throws
    {
        var story = try await LampStory.begin()
        try await story.backUp()
        story.lamp.lastOrder = UInt64(Home.now) + 10
        try await story.restore()
        _ = try await story.registry.retireDevice(story.lamp.id, actor: "a", now: 100)
        let early = try #require(try await story.order(now: 100))
        #expect(early.refusal(lastObeyed: story.lamp.lastOrder, serverTimeFloor: nil) == .replayed)
        try await story.calm()
        let retire = try #require(try await story.talk(now: 200).retire)
        #expect(retire.counter > story.lamp.lastOrder && retire.operation == early.operation)
        // And what the broker holds is replaced, should the session end here.
        #expect(try await story.orders() == 1)
        #expect(try await story.order(now: 200)?.retire == retire)
        #expect(try await story.notices == [.ahead])
        let receipt = story.lamp.destroy(retire)
        _ = try await story.registry.acknowledge(device: story.lamp.id, receipt, now: 300)
        #expect(try await story.details.device.state == .retired)
    }

    @Test func `the same for a key that is to go`() async throws {
        var story = try await LampStory.begin(keys: ["door", "window"])
        story.lamp.lastOrder = UInt64(Home.now) + 10
        _ = try await story.registry.retireKey(story.here, key: story.door, actor: "a", now: 100)
        let early = try #require(try await story.order(now: 100))
        #expect(early.counter < story.lamp.lastOrder)
        try await story.calm()
        let retire = try #require(try await story.talk(now: 200).retire)
        #expect(retire.counter > story.lamp.lastOrder && retire.operation != early.operation)
        #expect(try await story.orders() == 1)
        let receipt = story.lamp.destroy(retire)
        _ = try await story.registry.acknowledge(device: story.lamp.id, receipt, now: 300)
        #expect(story.lamp.inShort == ["window 1 primary"])
    }

    @Test(arguments: [Int64.min, -1, 0, 1, Home.now, 1 << 53, Int64.max])
    func `whatever the clock says, numbers grow and stay countable`(now: Int64) async throws {
        let story = try await LampStory.begin(keys: ["door", "window"])
        _ = try await story.registry.retireKey(story.here, key: story.door, actor: "a", now: now)
        let first = try #require(try await story.order())
        _ = try await story.registry.retireDevice(story.lamp.id, actor: "a", now: 0)
        let second = try #require(try await story.order())
        #expect(first.counter >= 1 && second.counter > first.counter)
        #expect(second.counter <= 1 << 53)
    }

    @Test func `an order that the server forgot was real: the device obeys it and is served again`()
        async throws
    {
        var story = try await LampStory.begin(keys: ["door", "window"])
        try await story.backUp()
        _ = try await story.registry.retireKey(
            story.here,
            key: story.door,
            actor: "a",
            now: Home.now
        )
        let order = try #require(try await story.order())
        try await story.restore()
        // It lay at the broker.
        let receipt = story.lamp.destroy(order.retire)
        #expect(
            await fault {
                _ = try await story.registry.acknowledge(device: story.lamp.id, receipt, now: 2)
            } == .conflict
        )
        // The server believes that the device shall have the key, and gives it the same again.
        try await story.talk()
        #expect(story.lamp.inShort == ["door 1 primary", "window 1 primary"])
        #expect(try await story.notices == [.ahead])
    }
}
