import Fleet
import KeyExchange
import Testing

@testable import Registry

/// Devices that say what cannot be.
///
/// What no report can carry (epoch 0, one twice, one of 64 bits) is refused by its parser: see
/// `WrongReportTests`.
@Suite struct NonsenseReportTests {
    private static func held(
        _ number: UInt32,
        _ state: Report.EpochState = .primary
    ) -> Report.HeldEpoch {
        Report.HeldEpoch(
            epoch: Epoch(number) ?? .first,
            state: state,
            check: [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 8)
        )
    }

    /// The rows of the log that the lamp alone causes by saying `held` at each of so many contacts.
    private func rows(
        _ contacts: Int,
        saying held: (inout [KeyName: [Report.HeldEpoch]], Int) throws -> Void
    ) async throws -> (Int, LampStory) {
        var story = try await LampStory.begin()
        let before = try story.home.number("SELECT COUNT(*) FROM audit")
        for number in 0..<contacts {
            try held(&story.lamp.held, number)
            _ = try await story.registry.reconcile(story.lamp.contact())
        }
        return (try story.home.number("SELECT COUNT(*) FROM audit") - before, story)
    }

    @Test(arguments: [UInt32.max, UInt32.max - 1, 1 << 20, 100, 2] as [UInt32])
    func `an epoch that the server never gave leads above it, or nowhere`(
        number: UInt32
    ) async throws {
        var story = try await LampStory.begin()
        story.lamp.held[story.door] = [Self.held(number)]
        let answer = try await story.talk()
        #expect((answer.offer == nil) == (number == .max))
        if number < .max {
            #expect(answer.offer?.keys[0].epoch.number == number + 1)
            try await story.talk()
            #expect(story.lamp.inShort.last == "door \(number + 1) primary")
            #expect(try await story.states.last == "door \(number + 1) active")
        } else {
            // It says that it has the last number there is: nothing of the server's changes.
            #expect(try await story.states == ["door 1 active"])
        }
        #expect(try await story.notices.contains(.ahead))
        #expect(
            try await story.notices.contains(.implausible) == (number > 1 << 20)
        )
        #expect(try await story.kinds.contains(.deviceAhead))
        #expect(try await story.registry.auditVerify().fault == nil)
    }

    @Test func `after the last number the device keeps what it has, and an admin sees it`()
        async throws
    {
        var story = try await LampStory.begin()
        story.lamp.held[story.door] = [Self.held(.max - 1)]
        try await story.talk()
        try await story.talk()
        #expect(story.lamp.inShort.last == "door \(UInt32.max) primary")
        try await story.rotate()
        #expect(try await story.talk().offer == nil)
        #expect(try await story.states.last == "door \(UInt32.max) active")
    }

    @Test func `a key that nobody specified is left alone, and costs no row`() async throws {
        let (rows, story) = try await rows(5) { held, _ in
            held[try KeyName(parsing: "attic")] = [Self.held(7), Self.held(9, .pending)]
        }
        #expect(rows == 0)
        #expect(story.lamp.inShort.contains("attic 7 primary"))
    }

    @Test func `two generations in use lead above both`() async throws {
        var story = try await LampStory.begin(grace: 3600)
        try await story.rotateThrough()
        story.lamp.held[story.door] = story.lamp.held[story.door]?.map { held in
            Report.HeldEpoch(epoch: held.epoch, state: .primary, check: held.check)
        }
        try await story.talk()
        try await story.talk()
        #expect(story.lamp.inShort.last == "door 3 primary")
        #expect(try await story.notices == [.implausible])
    }

    @Test func `other bytes under a number of ours lead above it`() async throws {
        var story = try await LampStory.begin()
        story.lamp.held[story.door] = [Self.held(1)]
        try await story.talk()
        try await story.talk()
        #expect(story.lamp.inShort == ["door 1 grace", "door 2 primary"])
        #expect(try await story.kinds.contains(.keyMismatched))
    }

    @Test func `everything in its grace and nothing in use leads on`() async throws {
        var story = try await LampStory.begin()
        story.lamp.held[story.door] = story.lamp.held[story.door]?.map { held in
            Report.HeldEpoch(epoch: held.epoch, state: .grace, check: held.check)
        }
        try await story.talk()
        try await story.talk()
        #expect(story.lamp.inShort.last == "door 2 primary")
    }

    @Test func `a device that suspends itself is led back into use`() async throws {
        var story = try await LampStory.begin()
        story.lamp.held[story.door] = story.lamp.held[story.door]?.map { held in
            Report.HeldEpoch(epoch: held.epoch, state: .suspended, check: held.check)
        }
        try await story.talk()
        #expect(story.lamp.inShort == ["door 1 primary"])
    }

    @Test func `a liar fills no disk: 160 rows in an hour, and the rest is counted`() async throws {
        let (rows, story) = try await rows(400) { held, number in
            held[try KeyName(parsing: "door")] = [Self.held(UInt32(number) * 10 + 5)]
        }
        #expect(rows <= Conduct.perHour)
        #expect(rows > Conduct.perHour / 2)
        #expect(try await story.notices.contains(.implausible))
        // The next hour says what was left out.
        var later = story
        try await later.talk(now: Home.now + 3600)
        let row = try await later.registry.auditList(
            AuditFilter(kind: .deviceAhead),
            limit: 1000
        ).last
        #expect(Int(row?.event.details["omittedBefore"] ?? "") ?? 0 > 200)
        #expect(try await later.registry.auditVerify().fault == nil)
    }

    @Test func `a liar who is over its bound still gets what an admin asks for`() async throws {
        var (_, story) = try await rows(400) { held, number in
            held[try KeyName(parsing: "door")] = [Self.held(UInt32(number) * 10 + 5)]
        }
        story.lamp.held = [:]
        try await story.talk()
        try await story.rotate()
        #expect(try await story.talk().offer != nil)
        _ = try await story.registry.retireDevice(story.lamp.id, actor: "a", now: Home.now)
        #expect(try await story.talk().retire != nil)
    }

    @Test func `many liars share one allowance beyond those that are watched`() {
        var conduct = Conduct()
        for device in 1...Int64(Conduct.watched) {
            #expect(conduct.admit(1, by: device, at: 0) == 0)
        }
        let more = Int64(Conduct.watched)
        let admitted = (1...1000).count { conduct.admit(1, by: more + $0, at: 0) != nil }
        #expect(admitted == Conduct.perHour)
        // One that is watched keeps its own.
        #expect(conduct.admit(Conduct.perHour - 1, by: 1, at: 0) == 0)
    }

    @Test func `a clock that goes back gives an hour, and not one for each second`() {
        var conduct = Conduct()
        #expect(conduct.admit(Conduct.perHour, by: 1, at: 7200) == 0)
        #expect(conduct.admit(1, by: 1, at: 7201) == nil)
        #expect(conduct.admit(1, by: 1, at: 3600) == 1)
        #expect(conduct.admit(Conduct.perHour, by: 1, at: 3601) == nil)
    }

    @Test func `enrolling anew under ever new names of a credential is bounded, too`() async throws
    {
        let story = try await LampStory.begin()
        let before = try await story.kinds.count { $0 == .deviceEnrolled }
        var refused = 0
        for _ in 1...(Conduct.perHour + 20) {
            let again = try FakeDevice("lamp-1", publicKey: story.lamp.publicKey)
            let answer = try await story.registry.reconcile(again.contact(byValue: nil))
            if answer.refusal == .throttled { refused += 1 }
        }
        #expect(refused == 20)
        let rows = try await story.registry.auditList(
            AuditFilter(device: "lamp-1", kind: .deviceEnrolled),
            limit: 1000
        )
        #expect(rows.count - before == Conduct.perHour)
    }

    @Test(arguments: [UInt64.max, 1 << 63, 1 << 53] as [UInt64])
    func `an order that no server can have given is not believed`(order: UInt64) async throws {
        var story = try await LampStory.begin()
        story.lamp.lastOrder = order
        try await story.talk()
        #expect(try await story.notices == [.implausible])
        #expect(try await story.details.orderCounter == 0)
        _ = try await story.registry.retireDevice(story.lamp.id, actor: "a", now: Home.now)
        #expect(try await story.order() != nil)
    }

    @Test func `failures without end are bounded, and the key in use stays`() async throws {
        let story = try await LampStory.begin()
        try await story.rotate()
        for _ in 1...200 {
            guard let offer = try await story.registry.reconcile(story.lamp.contact()).offer
            else { continue }
            _ = try await story.registry.confirm(
                device: story.lamp.id,
                operation: offer.operation,
                outcomes: offer.keys.map {
                    KeyOutcome(name: $0.name, epoch: $0.epoch, failure: .storeFull)
                },
                verdicts: [],
                now: Home.now
            )
        }
        let rows = try await story.registry.auditList(
            AuditFilter(device: "lamp-1"),
            limit: 1000
        )
        #expect(rows.count < Conduct.perHour + 20)
        #expect(story.lamp.inShort == ["door 1 primary"])
        #expect(try await story.states.first == "door 1 active")
        #expect(try story.home.number("SELECT COUNT(*) FROM device_key") < 12)
    }
}
