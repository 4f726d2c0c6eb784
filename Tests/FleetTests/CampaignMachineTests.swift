import Fleet
import KeyExchange
import Testing

@Suite struct CampaignMachineTests {
    private let now = Story.now

    private func draft(_ plan: CampaignPlan) -> CampaignMachine {
        CampaignMachine(plan: plan, state: CampaignState(createdBy: "1:ann"))
    }

    @Test func `a cancelled compromise waits for all that it released`() throws {
        var machine = try Story.running(Story.plan(action: .compromise))
        _ = machine.tick(Story.counts([.waiting: 3]), at: now)
        _ = try machine.cancel(by: "1:ann", at: now)
        #expect(
            machine.tick(Story.counts([.waiting: 2, .released: 1]), at: now)
                == [.cancelMembers(wave: nil)]
        )
        #expect(machine.tick(Story.counts([.cancelled: 2, .released: 1]), at: now) == [])
        #expect(
            machine.tick(Story.counts([.cancelled: 2, .suspect: 1]), at: now) == [.closeSuspects]
        )
        #expect(
            machine.tick(Story.counts([.cancelled: 2, .settled: 1]), at: now)
                == [.record(.cancelled)]
        )
    }

    @Test func `a campaign goes from draft to its end`() throws {
        var machine = draft(try Story.plan())
        #expect(machine.tick(Story.counts([:]), at: now) == [])
        #expect(
            try machine.start(by: "1:ann", needsSecondPerson: false, at: now)
                == [.record(.started), .list]
        )
        #expect(machine.tick(Story.counts([.waiting: 1]), at: now) == [])
        #expect(try machine.prepared(members: 2, at: now) == [.record(.prepared(members: 2))])
        #expect(
            machine.tick(Story.counts([.waiting: 2]), at: now)
                == [.record(.waveOpened(0)), .release(wave: 0, count: 1, clocks: nil)]
        )
        #expect(machine.tick(Story.counts([.waiting: 1, .released: 1]), at: now) == [])
        #expect(
            machine.tick(Story.counts([.waiting: 1, .offered: 1]), at: now + 1)
                == [.release(wave: 0, count: 1, clocks: nil)]
        )
        #expect(machine.tick(Story.counts([.settled: 1, .suspect: 1]), at: now + 9) == [])
        #expect(
            machine.tick(Story.counts([.settled: 1, .failed: 1]), at: now + 10)
                == [.record(.finished)]
        )
        #expect(machine.state.phase == .finished && machine.state.endedAt == now + 10)
        #expect(machine.tick(Story.counts([.settled: 1, .failed: 1]), at: now + 11) == [])
        #expect(machine.wakeAt(Story.counts([.settled: 2]), at: now + 11) == nil)
    }

    @Test func `a campaign without members is over at once`() throws {
        var machine = draft(
            try Story.plan(waves: [Wave(.count(2)), Wave(.rest, successPercent: 90)])
        )
        _ = try machine.start(by: "1:ann", needsSecondPerson: false, at: now)
        _ = try machine.prepared(members: 0, at: now)
        _ = machine.tick(Story.counts([:], [:]), at: now)
        #expect(machine.state.phase == .finished)
    }

    // MARK: - Approval

    @Test func `whoever made it does not approve it`() throws {
        var machine = draft(try Story.plan())
        #expect(
            try machine.start(by: "1:ann", needsSecondPerson: true, at: now)
                == [.record(.submitted(by: "1:ann"))]
        )
        #expect(throws: FleetError.self) {
            try machine.approve(by: "1:ann", needsSecondPerson: true, at: now)
        }
        // Not either when the policy was loosened in between.
        #expect(throws: FleetError.self) {
            try machine.approve(by: "1:ann", needsSecondPerson: false, at: now)
        }
        #expect(machine.state.phase == .awaitingApproval)
        #expect(
            try machine.approve(by: "2:bob", needsSecondPerson: true, at: now)
                == [.record(.approved(by: "2:bob")), .record(.started), .list]
        )
        #expect(machine.state.approvedBy == "2:bob")
        #expect(throws: FleetError.self) {
            try machine.approve(by: "2:bob", needsSecondPerson: true, at: now)
        }
    }

    @Test func `an approval after the deadline starts nothing`() throws {
        var machine = draft(try Story.plan(deadline: now + 60))
        _ = try machine.start(by: "1:ann", needsSecondPerson: true, at: now)
        #expect(throws: FleetError.self) {
            try machine.approve(by: "2:bob", needsSecondPerson: true, at: now + 60)
        }
        #expect(machine.state.phase == .awaitingApproval)
    }

    @Test func `a wave waits for a person, and resuming is not approving`() throws {
        var machine = try Story.running(
            Story.plan(waves: [
                Wave(.count(2)), Wave(.rest, successPercent: 60, needsApproval: true),
            ])
        )
        _ = machine.tick(Story.counts([.waiting: 2], [.waiting: 9]), at: now)
        let half = Story.counts([.settled: 1, .failed: 1], [.waiting: 9])
        #expect(machine.tick(half, at: now + 60) == [.record(.paused(.gate(wave: 1)))])
        _ = try machine.resume(by: "1:ann", counts: half, at: now + 60)
        #expect(machine.tick(half, at: now + 61) == [.record(.paused(.approval(wave: 1)))])
        #expect(throws: FleetError.self) {
            try machine.resume(by: "1:ann", counts: half, at: now + 61)
        }
        #expect(throws: FleetError.self) {
            try machine.approve(by: "1:ann", needsSecondPerson: true, at: now + 61)
        }
        _ = try machine.approve(by: "2:bob", needsSecondPerson: true, at: now + 61)
        #expect(machine.tick(half, at: now + 62).contains(.record(.waveOpened(1))))
    }

    // MARK: - Gates

    private func gated(_ percent: Int) throws -> CampaignMachine {
        var machine = try Story.running(
            Story.plan(waves: [Wave(.count(10)), Wave(.rest, successPercent: percent)])
        )
        _ = machine.tick(Story.counts([.waiting: 10], [.waiting: 50]), at: now)
        return machine
    }

    private func gate(_ before: CampaignCounts.WaveCounts, percent: Int) throws -> [CampaignStep] {
        var machine = try gated(percent)
        let counts = CampaignCounts(waves: [before, .init(members: [.waiting: 50])])
        return machine.tick(counts, at: now)
    }

    @Test(
        arguments: [
            [.waiting: 1, .settled: 9], [.blocked: 1, .settled: 9], [.released: 1, .settled: 9],
            [.offered: 1, .settled: 9],
        ] as [[MemberState: Int]]
    )
    func `a wave does not open before the one before is done`(
        members: [MemberState: Int]
    ) throws {
        #expect(
            try gate(.init(members: members), percent: 0).released == 0 || members[.waiting] == 1
        )
        #expect(try !gate(.init(members: members), percent: 0).contains(.record(.waveOpened(1))))
    }

    @Test func `enough have to settle for the next wave to open`() throws {
        let eight = CampaignCounts.WaveCounts(members: [.settled: 8, .failed: 2])
        #expect(try gate(eight, percent: 80).contains(.record(.waveOpened(1))))
        #expect(try gate(eight, percent: 81) == [.record(.paused(.gate(wave: 1)))])
        #expect(
            try gate(.init(members: [.skipped: 10]), percent: 99).contains(.record(.waveOpened(1)))
        )
        #expect(
            try gate(.init(members: [.settled: 1, .skipped: 9]), percent: 100)
                .contains(.record(.waveOpened(1)))
        )
        #expect(
            try gate(.init(members: [.rolledBack: 5, .settled: 5]), percent: 60)
                == [.record(.paused(.gate(wave: 1)))]
        )
    }

    @Test func `a gate behind an empty wave looks at the one before`() throws {
        var machine = try Story.running(
            Story.plan(waves: [
                Wave(.count(4)), Wave(.percent(1)), Wave(.rest, successPercent: 80),
            ])
        )
        let counts = Story.counts([.settled: 1, .failed: 3], [:], [.waiting: 9])
        #expect(machine.tick(counts, at: now).last == .record(.paused(.gate(wave: 2))))
    }

    @Test func `suspects that can still decide are waited for`() throws {
        let open = CampaignCounts.WaveCounts(
            members: [.settled: 8, .suspect: 2],
            suspectsAsEvidence: 2
        )
        #expect(try gate(open, percent: 80).contains(.record(.waveOpened(1))))
        #expect(try gate(open, percent: 90) == [])
        let hopeless = CampaignCounts.WaveCounts(
            members: [.settled: 5, .failed: 3, .suspect: 2],
            suspectsAsEvidence: 2
        )
        #expect(try gate(hopeless, percent: 90) == [.record(.paused(.gate(wave: 1)))])
    }

    // MARK: - Pause, resume, cancel

    @Test func `a paused campaign releases nothing, and no burst follows`() throws {
        var machine = try Story.running(Story.plan())
        let counts = Story.counts([.waiting: 1000])
        _ = machine.tick(counts, at: now)
        #expect(
            try machine.pause(by: "1:ann") == [.record(.paused(.admin(by: "1:ann")))]
        )
        for minute in 0..<1000 {
            #expect(machine.tick(counts, at: now + Int64(minute) * 60) == [])
        }
        #expect(throws: FleetError.self) { try machine.pause(by: "1:ann") }
        let later = now + 100_000
        _ = try machine.resume(by: "1:ann", counts: counts, at: later)
        #expect(machine.tick(counts, at: later) == [])
        #expect(machine.tick(counts, at: later + 1).released == 1)
    }

    @Test func `cancelling leaves alone what was offered`() throws {
        var machine = try Story.running(Story.plan())
        _ = machine.tick(Story.counts([.waiting: 9]), at: now)
        #expect(
            try machine.cancel(by: "1:ann", at: now)
                == [.record(.cancelling(by: "1:ann")), .cancelMembers(wave: nil)]
        )
        let offered = Story.counts([.cancelled: 5, .offered: 4])
        #expect(machine.tick(offered, at: now + 1) == [])
        #expect(machine.state.phase == .cancelling)
        // One waits for a retry after a failure: it is out, too.
        #expect(
            machine.tick(Story.counts([.waiting: 1, .offered: 3]), at: now + 2)
                == [.cancelMembers(wave: nil)]
        )
        let silent = Story.counts([.cancelled: 6, .suspect: 1, .settled: 2])
        #expect(machine.tick(silent, at: now + 3) == [.closeSuspects])
        #expect(machine.state.phase == .cancelling)
        let given = Story.counts([.cancelled: 6, .failed: 1, .settled: 2])
        #expect(machine.tick(given, at: now + 3) == [.record(.cancelled)])
        #expect(machine.state.phase == .cancelled)
        #expect(throws: FleetError.self) { try machine.cancel(by: "1:ann", at: now) }
    }

    @Test func `a draft is cancelled without waiting for anyone`() throws {
        var machine = draft(try Story.plan())
        _ = try machine.cancel(by: "1:ann", at: now)
        #expect(machine.state.phase == .cancelled)
    }

    @Test func `words at the wrong time are refused and change nothing`() throws {
        var machine = draft(try Story.plan())
        let before = machine.state
        let none = Story.counts([:])
        #expect(throws: FleetError.self) { try machine.pause(by: "1:ann") }
        #expect(throws: FleetError.self) {
            try machine.resume(by: "1:ann", counts: none, at: now)
        }
        #expect(throws: FleetError.self) { try machine.prepared(members: 1, at: now) }
        #expect(throws: FleetError.self) {
            try machine.approve(by: "2:bob", needsSecondPerson: false, at: now)
        }
        #expect(throws: FleetError.self) {
            try machine.rollBack(wave: nil, by: "1:ann", at: now)
        }
        #expect(throws: FleetError.self) {
            try machine.retry([.silent], by: "1:ann", counts: none, at: now)
        }
        #expect(machine.state == before)
        _ = try machine.start(by: "1:ann", needsSecondPerson: false, at: now)
        #expect(throws: FleetError.self) {
            try machine.start(by: "1:ann", needsSecondPerson: false, at: now)
        }
        #expect(machine.state.revision == 1)
    }
}
