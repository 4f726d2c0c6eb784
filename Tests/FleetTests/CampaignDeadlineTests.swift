import Testing

@testable import Fleet

@Suite struct CampaignDeadlineTests {
    private let now = Story.now

    private func running(
        perMinute: Int = 60,
        maximum: Int? = 600,
        windows: [MaintenanceWindow] = []
    ) throws -> CampaignMachine {
        try Story.running(
            Story.plan(
                pace: Pace(perMinute: perMinute, maximumPerMinute: maximum),
                windows: windows,
                deadline: now + 6000
            )
        )
    }

    @Test func `a deadline that the highest rate meets is no reason to warn`() throws {
        let machine = try running()
        #expect(machine.deadlineWarning(Story.counts([.waiting: 60_000]), at: now) == nil)
        #expect(machine.rate(Story.counts([.waiting: 60_000]), at: now) == 600_000)
    }

    @Test func `one more device than the highest rate takes is told, with the rate needed`() throws
    {
        let machine = try running()
        let warning = machine.deadlineWarning(Story.counts([.waiting: 60_001]), at: now)
        #expect(
            warning
                == "the deadline cannot be met: 60001 devices wait, which needs 601 in a minute, "
                + "and at most 600 are released"
        )
    }

    @Test func `a pause makes it later, and that is told, too`() throws {
        var machine = try running()
        _ = try machine.pause(by: "1:ann")
        #expect(machine.deadlineWarning(Story.counts([.waiting: 30_000]), at: now) == nil)
        #expect(machine.deadlineWarning(Story.counts([.waiting: 30_000]), at: now + 3001) != nil)
    }

    @Test func `a rate that was halved is not raised, so it may be too slow`() throws {
        var machine = try running()
        machine.state.halvings = 1
        let warning = machine.deadlineWarning(Story.counts([.waiting: 30_000]), at: now)
        #expect(warning?.hasSuffix("needs 300 in a minute, and at most 30 are released") == true)
    }

    @Test func `windows that are over before the deadline are told`() throws {
        let midnight = now - now % 86_400
        let past = Int(now - midnight) / 60 - 60
        let window = try MaintenanceWindow(
            weekdays: Set(MaintenanceWindow.Weekday.allCases),
            from: past,
            to: past + 30
        )
        let machine = try CampaignMachine(
            plan: Story.plan(windows: [window], deadline: now + 6000),
            state: running().state
        )
        let warning = machine.deadlineWarning(Story.counts([.waiting: 3]), at: now)
        #expect(warning == "no window opens any more before the deadline, and 3 devices wait")
    }

    @Test func `nobody who waits, no deadline, or one that is past: nothing to tell`() throws {
        let machine = try running()
        #expect(machine.deadlineWarning(Story.counts([.settled: 60_001]), at: now) == nil)
        #expect(machine.deadlineWarning(Story.counts([.waiting: 60_001]), at: now + 6000) == nil)
        let free = try Story.running(Story.plan())
        #expect(free.deadlineWarning(Story.counts([.waiting: 60_001]), at: now) == nil)
    }
}
