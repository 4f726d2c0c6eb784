import Fleet
import KeyExchange
import Testing

@testable import Registry

/// Rows that no server of ours wrote: each a named state or a clear error, and nothing else is lost.
@Suite struct DamagedRowTests {
    /// What is done to the row of a key in use, and whether it can be told which generation it was.
    static let damages = [
        "state = 99", "state = -1", "state = 'active'", "state = x'03'", "thumbprint = x'00'",
        "thumbprint = zeroblob(33)", "thumbprint = 7", "created_at = 'noon'", "changed_at = x'00'",
        "rotate_at = 'soon'", "expires_at = 'late'", "grace_until = 'never'", "failure = 'many'",
    ]

    @Test(arguments: damages)
    func `a damaged row of a key leads to a fresh generation, and is noticed`(
        damage: String
    ) async throws {
        var story = try await LampStory.begin(keys: ["door", "window"])
        try story.home.tamper("UPDATE device_key SET \(damage) WHERE name = 'door'")
        let shown = try await story.details
        #expect(shown.keys.map(\.name.description) == ["window"])
        #expect(shown.damage.count == 1)
        #expect(shown.damage.first?.hasPrefix("key door 1: ") == true)
        try await story.talk()
        try await story.talk()
        #expect(
            story.lamp.inShort == ["door 1 grace", "door 2 primary", "window 1 primary"]
        )
        #expect(try await story.states == ["door 2 active", "window 1 active"])
        #expect(try await story.notices.contains(.damaged))
        #expect(try await story.registry.status(now: 1).notices[.damaged] == 1)
        // What was in the row is still there for whoever looks into it.
        #expect(try story.home.number("SELECT COUNT(*) FROM device_key WHERE name = 'door'") == 2)
        #expect(try await story.registry.auditVerify().fault == nil)
    }

    @Test(arguments: ["0", "-1", "4294967296", "9223372036854775807", "1.5", "'one'", "x'01'"])
    func `an epoch that can't be is passed over`(epoch: String) async throws {
        var story = try await LampStory.begin()
        try story.home.tamper("UPDATE device_key SET epoch = \(epoch)")
        try await story.talk()
        try await story.talk()
        #expect(story.lamp.inShort == ["door 1 grace", "door 2 primary"])
        let damage = try await story.details.damage
        #expect(damage.first?.hasPrefix("key door of no epoch") == true)
    }

    @Test(arguments: ["'DOOR!'", "''", "x'646f6f72'", "7"])
    func `a name that can't be is passed over`(name: String) async throws {
        var story = try await LampStory.begin()
        try story.home.tamper("UPDATE device_key SET name = \(name)")
        try await story.talk()
        #expect(story.lamp.inShort == ["door 1 grace", "door 2 primary"])
    }

    @Test func `a number in a row that can't be read is not given out again`() async throws {
        var story = try await LampStory.begin()
        try await story.rotate()
        let lost = try #require(try await story.registry.reconcile(story.lamp.contact()).offer)
        try story.home.tamper("UPDATE device_key SET state = 77 WHERE epoch = 2")
        // The offer got lost on the way, and so did its row: another takes another number.
        let offer = try #require(try await story.talk().offer)
        #expect(lost.keys[0].epoch.number == 2 && offer.keys[0].epoch.number == 3)
        #expect(try await story.states == ["door 1 superseded", "door 3 active"])
    }

    @Test(arguments: ["x''", "x'00'", "zeroblob(12)", "zeroblob(60)", "NULL", "'text'", "5"])
    func `material that can't be opened is replaced, whoever needs it`(sealed: String) async throws
    {
        var story = try await LampStory.begin()
        try await story.rotate()
        let first = try #require(try await story.registry.reconcile(story.lamp.contact()).offer)
        try story.home.tamper("UPDATE device_key SET sealed = \(sealed)")
        let second = try #require(try await story.talk().offer)
        #expect(second.keys.map(\.epoch.number) == [3])
        #expect(first.keys[0].thumbprint != second.keys[0].thumbprint)
        #expect(story.lamp.inShort == ["door 1 grace", "door 3 primary"])
        #expect(
            try await story.states == ["door 1 superseded", "door 2 withdrawn", "door 3 active"]
        )
        let rows = try await story.registry.auditList(AuditFilter(kind: .keyWithdrawn))
        #expect(rows.last?.event.details["reason"] == "damaged")
    }

    @Test func `a device that lost its store while the server lost the material starts anew`()
        async throws
    {
        var story = try await LampStory.begin()
        try story.home.tamper("UPDATE device_key SET sealed = x'0102'")
        story.lamp.held = [:]
        try await story.talk()
        #expect(story.lamp.inShort == ["door 2 primary"])
    }

    @Test func `damage is told of again and again, in bounds`() async throws {
        var story = try await LampStory.begin()
        try story.home.tamper(
            """
            INSERT INTO device_key (device_id, name, epoch, state, thumbprint, created_at, changed_at)
            VALUES (1, 'door', 500, 42, x'', 1, 1)
            """
        )
        for _ in 1...300 { try await story.talk() }
        #expect(try await story.kinds.count { $0 == .rowDamaged } == Conduct.perHour)
        // It holds a key all the while.
        #expect(story.lamp.inShort == ["door 1 primary"])
        try await story.talk(now: Home.now + 3600)
        let row = try await story.registry.auditList(
            AuditFilter(kind: .rowDamaged),
            limit: 1000
        ).last
        #expect(row?.event.details["omittedBefore"] == "\(300 - Conduct.perHour)")
    }

    @Test func `the end of a device takes the material of damaged rows along`() async throws {
        var story = try await LampStory.begin(keys: ["door", "window"])
        try story.home.tamper("UPDATE device_key SET state = 99 WHERE name = 'door'")
        _ = try await story.registry.retireDevice(story.lamp.id, actor: "a", now: 1)
        let receipt = story.lamp.destroy(try #require(try await story.talk().retire))
        _ = try await story.registry.acknowledge(device: story.lamp.id, receipt, now: 2)
        #expect(try await story.details.device.state == .retired)
        #expect(
            try story.home.number("SELECT COUNT(*) FROM device_key WHERE sealed IS NOT NULL") == 0
        )
        #expect(try story.home.number("SELECT COUNT(*) FROM device_key") == 2)
    }

    @Test func `a key that is retired takes the material of its damaged rows along`() async throws {
        var story = try await LampStory.begin(grace: 3600, keys: ["door", "window"])
        try await story.rotateThrough()
        try story.home.tamper("UPDATE device_key SET state = 99 WHERE epoch = 1 AND name = 'door'")
        _ = try await story.registry.retireKey(story.here, key: story.door, actor: "a", now: 1)
        let receipt = story.lamp.destroy(try #require(try await story.talk().retire))
        _ = try await story.registry.acknowledge(device: story.lamp.id, receipt, now: 2)
        #expect(
            try story.home.number(
                "SELECT COUNT(*) FROM device_key WHERE name = 'door' AND sealed IS NOT NULL"
            ) == 0
        )
        #expect(try await story.states == ["door 2 destroyed", "window 1 active"])
    }

    /// What is done to the row of a device.
    static let devices = [
        "order_counter = -1", "order_counter = 'x'", "state = 42",
        "anchor = -5", "pinned = 99999999999", "told = 'x'", "run = 'x'", "name = 'Lamp One'",
    ]

    @Test(arguments: devices)
    func `a damaged row of a device is a clear error and a notice, and the server goes on`(
        damage: String
    ) async throws {
        let story = try await LampStory.begin()
        var other = try FakeDevice("lamp-2")
        _ = try await other.enrol(with: story.registry.bundle(), at: story.registry)
        try story.home.tamper("UPDATE device SET \(damage) WHERE name = 'lamp-1'")
        #expect(
            await fault { _ = try await story.registry.reconcile(story.lamp.contact()) } == .damaged
        )
        #expect(try await story.registry.status(now: 1).notices == [.damaged: 1])
        #expect(try await story.registry.kinds().last == .rowDamaged)
        #expect(try await other.talk(to: story.registry).settle != nil)
        #expect(
            try story.home.number("SELECT COUNT(*) FROM device_key WHERE sealed IS NOT NULL") == 2
        )
        // Orders to all reach the others, and none is a crash.
        let lights = try GroupName(parsing: "lights")
        for body in [story.registry.suspend, story.registry.resume] {
            #expect(await fault { _ = try await body(.group(lights), nil, "a", 1) } == nil)
        }
        _ = try? await story.registry.order(for: story.lamp.id, now: 1)
        _ = try? await story.registry.listDevices()
        _ = try? await story.registry.device(story.lamp.id)
        #expect(try await other.talk(to: story.registry).settle != nil)
    }

    @Test(arguments: [
        "instance = x'01'", "earlier_instances = zeroblob(13)", "report = x'ff'", "report = 5",
        "report = NULL", "retire_operation = x'01'", "agent_version = x'ff'", "last_seen = NULL",
        "contact_interval = NULL", "store = 77", "security_level = 77",
    ])
    func `what only helps to remember may be lost`(damage: String) async throws {
        var story = try await LampStory.begin()
        try await story.talk()
        try story.home.tamper("UPDATE device SET \(damage)")
        _ = try await story.details
        #expect(try await story.talk().settle != nil)
        #expect(story.lamp.inShort == ["door 1 primary"])
    }

    @Test func `a retirement without an operation is damage, and no other order`() async throws {
        let story = try await LampStory.begin()
        _ = try await story.registry.retireDevice(story.lamp.id, actor: "a", now: 1)
        try story.home.tamper("UPDATE device SET retire_operation = x'0102'")
        #expect(
            await fault { _ = try await story.registry.order(for: story.lamp.id, now: 1) }
                == .damaged
        )
        #expect(
            await fault { _ = try await story.registry.reconcile(story.lamp.contact()) } == .damaged
        )
        #expect(try await story.notices == [.damaged])
    }

    @Test(arguments: ["epoch = 'x'", "key_name = 9", "device = x'ff'", "time = 'x'", "kind = 'x'"])
    func `a row of the log that can't be read is named by its number`(damage: String) async throws {
        let story = try await LampStory.begin()
        try story.home.tamper("UPDATE audit SET \(damage) WHERE sequence = 5")
        #expect(try await story.registry.auditVerify().fault?.sequence == 5)
        _ = try? await story.registry.auditList()
    }
}
