import EDHOC
import Fleet
import KeyExchange
import MbedCrypto
import Registry
import Synchronization
import Testing

/// One key goes, the device stays.
@Suite struct KeyRetirementTests {
    private func retire(_ story: LampStory, _ scope: KeyScope? = nil) async throws -> Int {
        try await story.registry.retireKey(
            scope ?? story.here,
            key: story.door,
            actor: "a",
            now: Home.now
        )
    }

    @Test func `the order is there before the device is, and is the one of the session`()
        async throws
    {
        var story = try await LampStory.begin(keys: ["door", "window"])
        #expect(try await retire(story) == 1)
        let order = try #require(try await story.order())
        #expect(order.scope == .keys([story.door]))
        #expect(try await story.orders() == 1)
        #expect(try await story.registry.devicesUnderOrder(limit: 9) == [story.lamp.id])
        let retire = try #require(try await story.talk().retire)
        #expect(retire == order.retire)
        let receipt = story.lamp.destroy(retire)
        _ = try await story.registry.acknowledge(device: story.lamp.id, receipt, now: 2)
        #expect(try await story.states == ["door 1 destroyed", "window 1 active"])
        // The topic is cleared.
        #expect(try await story.order() == nil)
        #expect(try await story.orders() == 2)
        #expect(try await story.talk().settle != nil)
        #expect(story.lamp.inShort == ["window 1 primary"])
        #expect(
            try await story.kinds.suffix(4) == [
                .keyRetirementOrdered, .keyDeactivated, .keyDestroyed, .keyRetired,
            ]
        )
    }

    @Test func `a device that obeyed without a session hands in its receipt later`() async throws {
        var story = try await LampStory.begin(keys: ["door", "window"])
        _ = try await retire(story)
        let order = try #require(try await story.order())
        let receipt = story.lamp.destroy(order.retire)
        #expect(story.lamp.inShort == ["window 1 primary"])
        #expect(try await story.talk().retire == order.retire)
        _ = try await story.registry.acknowledge(device: story.lamp.id, receipt, now: 2)
        #expect(try await story.talk().settle != nil)
        #expect(try await story.notices.isEmpty)
    }

    @Test func `a retired key is not rotated, before its receipt and after`() async throws {
        var story = try await LampStory.begin(keys: ["door", "window"])
        _ = try await retire(story)
        let order = try #require(try await story.order())
        for hasReceipt in [false, true] {
            let said = await #expect(throws: RegistryError.self) { try await story.rotate() }
            #expect(said?.detail == "key door of device lamp-1 is retired", "\(hasReceipt)")
            let home = try KeyScope.query(Query(parsing: "id=lamp-1"))
            for scope in [story.here, home] {
                #expect(try await story.registry.rotate(scope, key: nil, actor: "a", now: 2) == 1)
            }
            #expect(try await story.registry.rotate(home, key: story.door, actor: "a", now: 2) == 0)
            #expect(try await story.registry.status(now: 2).overdueKeys == 1)
            guard !hasReceipt else { continue }
            let receipt = story.lamp.destroy(order.retire)
            _ = try await story.registry.acknowledge(device: story.lamp.id, receipt, now: 2)
        }
    }

    @Test func `asking twice leaves one order and one row`() async throws {
        let story = try await LampStory.begin()
        for _ in 1...3 { #expect(try await retire(story) == 1) }
        #expect(try await story.orders() == 1)
        #expect(try await story.kinds.count { $0 == .keyRetirementOrdered } == 1)
    }

    @Test func `a second key makes another order with a later number`() async throws {
        var story = try await LampStory.begin(keys: ["door", "window"])
        _ = try await retire(story)
        let first = try #require(try await story.order())
        // Obeyed, but the server has not heard of it.
        _ = story.lamp.destroy(first.retire)
        let window = try KeyName(parsing: "window")
        _ = try await story.registry.retireKey(story.here, key: window, actor: "a", now: Home.now)
        let second = try #require(try await story.order())
        #expect(second.scope == .keys([story.door, window]))
        #expect(second.counter > first.counter && second.operation != first.operation)
        let stale = story.lamp.destroy(first.retire)
        #expect(
            await fault {
                _ = try await story.registry.acknowledge(device: story.lamp.id, stale, now: 2)
            } == .conflict
        )
        let receipt = story.lamp.destroy(try #require(try await story.talk().retire))
        _ = try await story.registry.acknowledge(device: story.lamp.id, receipt, now: 2)
        #expect(try await story.states == ["door 1 destroyed", "window 1 destroyed"])
    }

    @Test func `a key on its way is retired after its confirmation`() async throws {
        let story = try await LampStory.begin()
        var other = story
        try await other.rotate()
        let offer = try #require(try await other.registry.reconcile(other.lamp.contact()).offer)
        _ = try await retire(other)
        other.lamp.obey(try await other.confirm(offer))
        #expect(try await other.states == ["door 1 superseded", "door 2 active"])
        let receipt = other.lamp.destroy(try #require(try await other.talk().retire))
        _ = try await other.registry.acknowledge(device: other.lamp.id, receipt, now: 2)
        #expect(try await other.states == ["door 1 destroyed", "door 2 destroyed"])
        // A confirmation that comes once more brings nothing back.
        #expect(try await other.confirm(offer).verdicts.map(\.action) == [.discard(Epoch(2)!)])
    }

    @Test func `a key retired before the device was ever heard is never offered`() async throws {
        let home = try Home()
        let registry = try await home.lights(keys: ["door", "window"])
        let key = try home.crypto.generateAgreementKey(.p256).publicKey
        _ = try await registry.importDevices(
            csv: "name,group,public_key\nlamp-1,lights,\(hexadecimal(key))",
            actor: "a",
            now: 1
        )
        var lamp = try FakeDevice("lamp-1", publicKey: key)
        let door = try KeyName(parsing: "door")
        #expect(try await registry.retireKey(.device(lamp.id), key: door, actor: "a", now: 1) == 0)
        #expect(try await registry.takeOutbox(limit: 9).isEmpty)
        let answer = try await lamp.talk(to: registry, lamp.contact(byValue: nil))
        #expect(answer.offer?.keys.map(\.name.description) == ["window"])
        #expect(try await registry.device(lamp.id).retiredKeys == [door])
    }

    @Test func `a quarantined device gets the order, and no nudge`() async throws {
        let story = try await LampStory.begin()
        _ = try await story.registry.quarantineDevice(story.lamp.id, actor: "a", now: 1)
        try await story.calm()
        #expect(try await retire(story) == 1)
        #expect(try await story.order()?.scope == .keys([story.door]))
        #expect(try await story.registry.takeOutbox(limit: 9).map(\.kind) == [.order])
    }

    @Test func `a retiring device loses everything: one key more is no order`() async throws {
        let story = try await LampStory.begin()
        _ = try await retire(story)
        let first = try #require(try await story.order())
        _ = try await story.registry.retireDevice(story.lamp.id, actor: "a", now: Home.now)
        let whole = try #require(try await story.order())
        #expect(whole.scope == .device && whole.counter > first.counter)
        #expect(await fault { _ = try await retire(story) } == .conflict)
    }

    @Test func `a group loses a key: each device that has it is ordered, none twice`() async throws
    {
        let home = try Home()
        let registry = try await home.lights(keys: ["door", "window"])
        let bundle = try await registry.bundle()
        for number in 1...4 {
            var lamp = try FakeDevice("lamp-\(number)")
            _ = try await lamp.enrol(with: bundle, at: registry)
        }
        let (lights, door) = (try GroupName(parsing: "lights"), try KeyName(parsing: "door"))
        let third = try DeviceID(parsing: "lamp-3")
        _ = try await registry.quarantineDevice(third, actor: "a", now: 1)
        for _ in 1...2 {
            #expect(
                try await registry.retireKey(.group(lights), key: door, actor: "a", now: 2) == 4
            )
        }
        let orders = try await registry.takeOutbox(limit: 99).filter { $0.kind == .order }
        #expect(Set(orders.map(\.device)).count == 4 && orders.count == 4)
        #expect(try await registry.kinds().count { $0 == .keyRetirementOrdered } == 1)
        var late = try FakeDevice("lamp-5")
        #expect(
            try await late.enrol(with: bundle, at: registry).offer?.keys.map(\.name.description)
                == ["window"]
        )
        #expect(
            await fault {
                _ = try await registry.rotate(.group(lights), key: door, actor: "a", now: 3)
            } == .conflict
        )
    }

    @Test func `what is not there is not retired`() async throws {
        let story = try await LampStory.begin()
        for (scope, key) in [
            (story.here, "window"), (.device(try DeviceID(parsing: "nobody")), "door"),
            (.group(try GroupName(parsing: "attic")), "door"),
            (.group(try GroupName(parsing: "lights")), "window"),
        ] {
            let name = try KeyName(parsing: key)
            #expect(
                await fault {
                    _ = try await story.registry.retireKey(scope, key: name, actor: "a", now: 1)
                } == .notFound
            )
        }
        #expect(try await story.orders() == 0)
        #expect(try await story.states == ["door 1 active"])
    }

    @Test func `a crash at any statement leaves all of the order or nothing of it`() async throws {
        var story = try await LampStory.begin()
        let count = Atomic<Int>(0)
        var point = 0
        var isDone = false
        while !isDone {
            point += 1
            let limit = point
            count.store(.min / 2, ordering: .relaxed)
            try await story.restart { found in
                guard found != .committed,
                    count.add(1, ordering: .relaxed).newValue == limit
                else { return nil }
                return RegistryError(.failed, "cut at \(limit)")
            }
            count.store(0, ordering: .relaxed)
            isDone = await fault { _ = try await retire(story) } == nil
            count.store(.min / 2, ordering: .relaxed)
            try await story.restart()
            let rows = try await story.kinds.count { $0 == .keyRetirementOrdered }
            let keys = try await story.details.retiredKeys.count
            let order = try await story.order()
            #expect(
                [rows, keys, try await story.orders()] == (order == nil ? [0, 0, 0] : [1, 1, 1])
            )
            #expect((order != nil) == isDone, "point \(point)")
            #expect(try await story.registry.auditVerify().fault == nil)
        }
        #expect(point > 8)
    }

    @Test func `a group whose retirement was cut short is finished by asking again`() async throws {
        let home = try Home()
        var registry = try await home.lights()
        let bundle = try await registry.bundle()
        var lamp = try FakeDevice("lamp-1")
        _ = try await lamp.enrol(with: bundle, at: registry)
        let (lights, door) = (try GroupName(parsing: "lights"), try KeyName(parsing: "door"))
        await registry.close()
        let commits = Atomic<Int>(0)
        registry = try home.open { point in
            guard point == .committing, commits.add(1, ordering: .relaxed).newValue == 2 else {
                return nil
            }
            return RegistryError(.failed, "cut")
        }
        #expect(
            await fault {
                _ = try await registry.retireKey(.group(lights), key: door, actor: "a", now: 2)
            } == .failed
        )
        await registry.close()
        registry = try home.open()
        // The device learns of it in a session in any case.
        #expect(try await registry.order(for: lamp.id, now: 3).isEmpty)
        #expect(try await registry.retireKey(.group(lights), key: door, actor: "a", now: 3) == 1)
        #expect(try await !registry.order(for: lamp.id, now: 3).isEmpty)
        #expect(try await registry.reconcile(lamp.contact()).retire != nil)
    }

    @Test func `a campaign leaves out who loses its key, and goes on with the others`() async throws
    {
        let scene = try await CampaignScene(3)
        let registry = scene.registry
        let name = try await scene.begin(
            CampaignScene.plan(waves: [Wave(.count(1)), Wave(.rest, needsApproval: true)])
        )
        try await scene.pulse(seconds: 3)
        let before = try await scene.counts(name)
        #expect(before[.released] == 1 && before[.waiting] == 2)
        let door = try KeyName(parsing: "door")
        for lamp in scene.lamps.prefix(2) {
            _ = try await registry.retireKey(
                .device(lamp.id),
                key: door,
                actor: "a",
                now: scene.now
            )
        }
        #expect(try await scene.counts(name)[.skipped] == 2)
        #expect(try scene.countsAreTrue())
        let lights = try GroupName(parsing: "lights")
        _ = try await registry.retireKey(.group(lights), key: door, actor: "a", now: scene.now)
        #expect(try await scene.counts(name)[.skipped] == 3)
        try await scene.pulse(seconds: 3)
        #expect(try scene.countsAreTrue())
    }
}
