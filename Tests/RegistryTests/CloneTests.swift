import EDHOC
import Fleet
import KeyExchange
import MbedCrypto
import Testing

@testable import Registry

/// One identity in two places, what the policy makes of it, and the way back in.
@Suite struct CloneTests {
    private static let first: [UInt8] = [1, 1, 1, 1, 1, 1, 1, 1]
    private static let second: [UInt8] = [2, 2, 2, 2, 2, 2, 2, 2]

    /// A lamp that was heard as the first process, then as the second.
    private func heardTwice(_ response: String? = nil) async throws -> LampStory {
        var story = try await LampStory.begin()
        if let response {
            _ = try await story.registry.setPolicy(
                "cloneResponse",
                to: response,
                actor: "a",
                now: 1
            )
        }
        try await story.talk()
        story.lamp.instance = Self.second
        try await story.talk()
        return story
    }

    @Test func `a process that another one had replaced shuts the device out`() async throws {
        var story = try await heardTwice()
        #expect(try await story.notices.isEmpty)
        story.lamp.instance = Self.first
        #expect(try await story.talk().refusal == .deviceQuarantined)
        #expect(try await story.details.device.state == .quarantined)
        #expect(try await story.notices == [.cloned])
        #expect(
            try await story.kinds.suffix(3) == [.deviceCloned, .deviceQuarantined, .contactRefused]
        )
        let status = try await story.registry.status(now: 1)
        #expect(
            status.devices == [.enrolled: 0, .quarantined: 1] && status.notices == [.cloned: 1]
        )
        // It keeps its key, and the server accepts it still.
        #expect(story.lamp.inShort == ["door 1 primary"])
        #expect(try await story.states == ["door 1 active"])
    }

    @Test func `a generation in use that went back shuts the device out`() async throws {
        var story = try await LampStory.begin(grace: 3600)
        let copy = story.lamp.held
        try await story.rotateThrough()
        story.lamp.held = copy
        #expect(try await story.talk().refusal == .deviceQuarantined)
        let row = try await story.registry.auditList(AuditFilter(kind: .deviceCloned)).last
        #expect(row?.event.details["reason"] == "door went back from 2 to 1")
    }

    @Test func `by the policy it is reported only, and served`() async throws {
        var story = try await heardTwice("report")
        story.lamp.instance = Self.first
        #expect(try await story.talk().settle != nil)
        #expect(try await story.details.device.state == .enrolled)
        #expect(try await story.notices == [.cloned])
        #expect(try await !story.kinds.contains(.deviceQuarantined))
    }

    @Test func `a session that began before the other proves nothing`() async throws {
        var story = try await LampStory.begin()
        try await story.talk()
        let early = story.registry.ticket()
        story.lamp.instance = Self.second
        try await story.talk()
        // The first process has ended; this is what it sent before.
        story.lamp.instance = Self.first
        #expect(
            try await story.registry.reconcile(story.lamp.contact(began: early)).settle != nil
        )
        story.lamp.instance = Self.second
        #expect(try await story.talk().settle != nil)
        #expect(try await story.notices.isEmpty)
    }

    @Test func `restarts without end are no clones`() async throws {
        var story = try await LampStory.begin()
        for number in UInt8(10)..<40 {
            story.lamp.instance = [UInt8](repeating: number, count: 8)
            #expect(try await story.talk().settle != nil)
        }
        #expect(try await story.notices.isEmpty)
    }

    @Test func `an agent that goes back to an older version, and on again, is no clone`()
        async throws
    {
        var story = try await heardTwice()
        story.lamp.instance = nil
        try await story.talk()
        story.lamp.instance = Self.first
        #expect(try await story.talk().settle != nil)
        #expect(try await story.notices.isEmpty)
    }

    @Test func `a restart of the server forgets nothing that counts`() async throws {
        var story = try await heardTwice()
        try await story.restart()
        story.lamp.instance = Self.first
        #expect(try await story.talk().refusal == .deviceQuarantined)
    }

    @Test func `reinstated, the next contact is the first, and the notice is gone`() async throws {
        var story = try await heardTwice()
        story.lamp.instance = Self.first
        try await story.talk()
        let back = try await story.registry.reinstateDevice(story.lamp.id, actor: "a", now: 1)
        #expect(back.state == .enrolled)
        #expect(try await story.notices.isEmpty)
        #expect(try await story.registry.takeOutbox(limit: 9).last?.kind == .nudge)
        #expect(try await story.talk().settle != nil)
        // The other one of the two is noticed as before.
        story.lamp.instance = Self.second
        try await story.talk()
        story.lamp.instance = Self.first
        #expect(try await story.talk().refusal == .deviceQuarantined)
    }

    @Test func `reinstating a device that is not shut out forgets no suspicion`() async throws {
        var story = try await heardTwice("report")
        story.lamp.instance = Self.first
        try await story.talk()
        _ = try await story.registry.reinstateDevice(story.lamp.id, actor: "a", now: 1)
        #expect(try await story.notices == [.cloned])
        #expect(try await !story.kinds.contains(.deviceReleased))
    }

    @Test func `a quarantine between offer and confirmation does not part the two sides`()
        async throws
    {
        var story = try await LampStory.begin()
        try await story.rotate()
        let offer = try #require(try await story.registry.reconcile(story.lamp.contact()).offer)
        _ = try await story.registry.quarantineDevice(story.lamp.id, actor: "a", now: 1)
        story.lamp.obey(try await story.confirm(offer))
        #expect(story.lamp.inShort == ["door 1 grace", "door 2 primary"])
        #expect(try await story.states == ["door 1 superseded", "door 2 active"])
        #expect(try await story.talk().refusal == .deviceQuarantined)
        // Its grace does not begin while nobody hears it.
        #expect(try await story.registry.sweep(now: Home.now + 1_000_000) == 0)
        _ = try await story.registry.reinstateDevice(story.lamp.id, actor: "a", now: 1)
        #expect(try await story.talk().settle != nil)
    }

    @Test func `who is shut out can be retired, and does not come back by reinstating`()
        async throws
    {
        var story = try await LampStory.begin()
        _ = try await story.registry.quarantineDevice(story.lamp.id, actor: "a", now: 1)
        _ = try await story.registry.retireDevice(story.lamp.id, actor: "a", now: 1)
        for _ in 1...2 {
            #expect(
                await fault {
                    _ = try await story.registry.reinstateDevice(story.lamp.id, actor: "a", now: 1)
                } == .conflict
            )
            #expect(
                await fault {
                    _ = try await story.registry.quarantineDevice(story.lamp.id, actor: "a", now: 1)
                } == .conflict
            )
            let receipt = story.lamp.destroy(try #require(try await story.talk().retire))
            _ = try await story.registry.acknowledge(device: story.lamp.id, receipt, now: 2)
        }
        #expect(try await story.registry.status(now: 1).devices[.retired] == 1)
    }

    @Test func `who was never heard can't be quarantined`() async throws {
        let home = try Home()
        let registry = try await home.lights()
        let key = try home.crypto.generateAgreementKey(.p256).publicKey
        let csv = "name,group,public_key\nlamp-1,lights,\(hexadecimal(key))"
        _ = try await registry.importDevices(csv: csv, actor: "a", now: 1)
        let id = try DeviceID(parsing: "lamp-1")
        #expect(
            await fault { _ = try await registry.quarantineDevice(id, actor: "a", now: 1) }
                == .conflict
        )
    }
}
