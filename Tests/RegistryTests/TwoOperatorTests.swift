import Fleet
import KeyExchange
import Testing

@testable import Registry

/// Two admins who give orders about the same keys at the same moment.
///
/// The registry has one writer, so one of them is first; which one, nobody says.
@Suite struct TwoOperatorTests {
    /// How both orders ended; nil for one that was done.
    private func atOnce(
        _ first: @escaping @Sendable () async throws -> Void,
        _ second: @escaping @Sendable () async throws -> Void
    ) async -> [RegistryError.Code?] {
        async let one = fault(first)
        async let two = fault(second)
        return await [one, two]
    }

    /// What the log says that both ordered, as `ann rotationOrdered`.
    private func orders(_ story: LampStory) async throws -> [String] {
        try await story.registry.auditList(limit: 1000).map(\.event)
            .filter { $0.kind.description.hasSuffix("Ordered") }
            .map { "\($0.actor) \($0.kind)" }.sorted()
    }

    @Test(arguments: 1...6)
    func `of suspend and resume the later word counts, on both sides`(round: Int) async throws {
        var story = try await LampStory.begin()
        let (registry, here, door) = (story.registry, story.here, story.door)
        let ends = await atOnce(
            { _ = try await registry.suspend(here, key: door, actor: "ann", now: Home.now) },
            { _ = try await registry.resume(here, key: door, actor: "bob", now: Home.now) }
        )
        #expect(ends == [nil, nil])
        #expect(try await orders(story) == ["ann suspensionOrdered", "bob resumptionOrdered"])
        let state = try #require(try await story.states.first)
        let isSuspended = state == "door 1 suspended"
        #expect(isSuspended || state == "door 1 active")
        try await story.talk()
        #expect(story.lamp.inShort == ["door 1 \(isSuspended ? "suspended" : "primary")"])
    }

    @Test(arguments: 1...6)
    func `what one retires and the other rotates is retired`(round: Int) async throws {
        var story = try await LampStory.begin()
        let (registry, here, door) = (story.registry, story.here, story.door)
        let ends = await atOnce(
            { _ = try await registry.retireKey(here, key: door, actor: "ann", now: Home.now) },
            { _ = try await registry.rotate(here, key: door, actor: "bob", now: Home.now) }
        )
        // The one who is late hears of it.
        #expect(ends[0] == nil && (ends[1] == nil || ends[1] == .conflict))
        let retire = try #require(try await story.talk().retire)
        let receipt = story.lamp.destroy(retire)
        _ = try await registry.acknowledge(device: story.lamp.id, receipt, now: Home.now)
        #expect(try await story.talk().offer == nil)
        #expect(try await story.states == ["door 1 destroyed"])
        #expect(try await registry.status(now: Home.now).overdueKeys == 0)
    }

    @Test(arguments: 1...6)
    func `a key that one suspends and the other declares known is replaced`(
        round: Int
    ) async throws {
        var story = try await LampStory.begin()
        let (registry, here, door) = (story.registry, story.here, story.door)
        let ends = await atOnce(
            { _ = try await registry.suspend(here, key: door, actor: "ann", now: Home.now) },
            { _ = try await registry.compromise(here, key: door, actor: "bob", now: Home.now) }
        )
        // What is known to others is not put aside any more: the one who is late hears of it.
        #expect(ends[0] == nil || ends[0] == .conflict)
        #expect(ends[1] == nil)
        #expect(try await orders(story).count == (ends[0] == nil ? 2 : 1))
        try await story.talk()
        #expect(try await story.states == ["door 1 destroyedCompromised", "door 2 active"])
        #expect(story.lamp.inShort.last == "door 2 primary")
    }

    @Test(arguments: 1...6)
    func `two who roll back at once make one generation`(round: Int) async throws {
        var story = try await LampStory.begin(grace: 3600)
        try await story.rotateThrough()
        let (registry, lamp, door) = (story.registry, story.lamp.id, story.door)
        let ends = await atOnce(
            { _ = try await registry.rollBack(lamp, key: door, actor: "ann", now: Home.now) },
            { _ = try await registry.rollBack(lamp, key: door, actor: "bob", now: Home.now) }
        )
        #expect(ends == [nil, nil])
        #expect(
            try await story.states == ["door 1 superseded", "door 2 active", "door 3 offered"]
        )
    }

    @Test(arguments: 1...6)
    func `who is retired by one is let in by nobody`(round: Int) async throws {
        var story = try await LampStory.begin()
        let (registry, lamp) = (story.registry, story.lamp.id)
        _ = try await registry.quarantineDevice(lamp, actor: "ann", now: Home.now)
        let ends = await atOnce(
            { _ = try await registry.retireDevice(lamp, actor: "ann", now: Home.now) },
            { _ = try await registry.reinstateDevice(lamp, actor: "bob", now: Home.now) }
        )
        #expect(ends[0] == nil)
        #expect(ends[1] == nil || ends[1] == .conflict)
        #expect(try await story.details.device.state == .retiring)
        #expect(try await story.talk().retire != nil)
        #expect(try await registry.auditVerify().fault == nil)
    }

    @Test func `a refused generation is not due for ever when both have asked for the next`()
        async throws
    {
        var story = try await LampStory.begin()
        try await story.rotate()
        let refused = try #require(try await story.registry.reconcile(story.lamp.contact()).offer)
        _ = try await story.registry.confirm(
            device: story.lamp.id,
            operation: refused.operation,
            outcomes: [
                KeyOutcome(name: story.door, epoch: refused.keys[0].epoch, failure: .hookFailed)
            ],
            verdicts: [],
            now: Home.now
        )
        try await story.rotate()
        let offer = try #require(try await story.registry.reconcile(story.lamp.contact()).offer)
        // The second admin does not know that it is on its way.
        try await story.rotate()
        story.lamp.obey(try await story.confirm(offer))
        #expect(
            try await story.states == ["door 1 superseded", "door 2 withdrawn", "door 3 active"]
        )
        #expect(try await story.registry.status(now: Home.now).overdueKeys == 0)
        let progress = try await story.registry.progress(
            device: story.lamp.id,
            key: story.door,
            now: Home.now
        )
        #expect(progress.settled == 1 && progress.waiting == 0)
    }

    @Test func `a refused first key that is asked for again and retired is not due`() async throws {
        let home = try Home()
        let registry = try await home.lights()
        var lamp = try FakeDevice("lamp-1")
        let claim = lamp.claim(try await registry.bundle())
        let offer = try #require(
            try await registry.reconcile(lamp.contact(byValue: claim)).offer
        )
        let key = offer.keys[0]
        _ = try await registry.confirm(
            device: lamp.id,
            operation: offer.operation,
            outcomes: [KeyOutcome(name: key.name, epoch: key.epoch, failure: .rejected)],
            verdicts: [],
            now: Home.now
        )
        let here = KeyScope.device(lamp.id)
        _ = try await registry.rotate(here, key: key.name, actor: "ann", now: Home.now)
        #expect(try await registry.status(now: Home.now).overdueKeys == 1)
        _ = try await registry.retireKey(here, key: key.name, actor: "bob", now: Home.now)
        #expect(try await lamp.talk(to: registry).offer == nil)
        #expect(try await registry.status(now: Home.now).overdueKeys == 0)
        _ = try await registry.retireDevice(lamp.id, actor: "bob", now: Home.now)
        #expect(try await registry.status(now: Home.now).overdueKeys == 0)
    }
}
