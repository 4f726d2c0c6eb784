import Fleet
import KeyExchange
import Testing

@Suite struct ReconcilerTests {
    @Test func `a device without keys is offered the first generation of each`() throws {
        let specs = [try Story.spec("window"), try Story.spec("door")]
        let plan = try Story.plan([], [], specs: specs)
        #expect(plan.inShort == ["door 1 new", "window 1 new"])
        #expect(plan.verdicts.isEmpty)
    }

    @Test func `a device that has what it should gets nothing`() throws {
        let plan = try Story.plan([Story.record(1, .active)], [Story.held(1, .primary)])
        #expect(plan == Plan())
    }

    @Test func `an offer that got lost is made again with the same material`() throws {
        let plan = try Story.plan([Story.record(1, .offered)], [])
        #expect(plan.inShort == ["door 1 again"])
    }

    @Test func `an offer that arrived without its confirmation is made again`() throws {
        let plan = try Story.plan([Story.record(1, .offered)], [Story.held(1, .pending)])
        #expect(plan.inShort == ["door 1 again"])
        #expect(plan.verdicts.isEmpty)
    }

    @Test func `a settled key that the device still waits for is activated`() throws {
        let plan = try Story.plan(
            [Story.record(1, .superseded), Story.record(2, .active)],
            [Story.held(1, .primary), Story.held(2, .pending)]
        )
        #expect(plan.offers.isEmpty)
        #expect(
            plan.verdicts == [
                Verdict(
                    name: try Story.name("door"),
                    action: .activate(try Story.epoch(2), graceSeconds: 60)
                )
            ]
        )
    }

    @Test func `a settled key that the device still waits for is not given up for one on offer`()
        throws
    {
        let plan = try Story.plan(
            [Story.record(1, .superseded), Story.record(2, .active), Story.record(3, .offered)],
            [Story.held(1, .primary), Story.held(2, .pending)]
        )
        #expect(plan.inShort == ["door 3 again"])
        #expect(
            plan.verdicts.map(\.action) == [.activate(try Story.epoch(2), graceSeconds: 60)]
        )
    }

    @Test func `a device that went another way gets a generation after both`() throws {
        let plan = try Story.plan(
            [Story.record(1, .active), Story.record(2, .withdrawn)],
            [Story.held(1, .grace), Story.held(2, .primary)]
        )
        #expect(plan.inShort == ["door 3 new"])
        #expect(plan.verdicts.isEmpty)
    }

    @Test func `a device is not offered what it has left behind, but a generation after both`()
        throws
    {
        // A server that was restored twice: the number 13 was given out by another life of it.
        let plan = try Story.plan(
            [Story.record(12, .active), Story.record(13, .withdrawn)],
            [Story.held(13, .primary, wrong: true)]
        )
        #expect(plan.inShort == ["door 14 new"])
        #expect(plan.findings.map(\.kind) == [.keyMismatched])
        #expect(plan.verdicts.isEmpty)
    }

    @Test func `a number that the device has used up leads to a generation above it, at once`()
        throws
    {
        // A server that was restored to a day before the key was retired, or was compromised.
        for state in [KeyState.active, .offered] {
            let plan = try Story.plan([Story.record(4, state)], [Story.held(25, .gone)])
            #expect(plan.inShort == ["door 26 new"])
            #expect(plan.findings.map(\.kind) == [.deviceAhead])
            #expect(
                plan.withdrawals.map(\.epoch) == (state == .offered ? [try Story.epoch(4)] : [])
            )
            let same = try Story.plan([Story.record(4, state)], [Story.held(4, .gone)])
            #expect(same.inShort == ["door 5 new"])
        }
    }

    @Test func `a number that is used up says nothing where the server is ahead`() throws {
        let plan = try Story.plan(
            [Story.record(4, .destroyedCompromised), Story.record(5, .active)],
            [Story.held(4, .gone), Story.held(5, .primary)]
        )
        #expect(plan == Plan())
        let retired = try Story.plan(
            [Story.record(4, .destroyed)],
            [Story.held(4, .gone)],
            gone: [try Story.name("door")]
        )
        #expect(retired == Plan())
    }

    @Test func `a device that uses what the server never knew is not left there by a refusal`()
        throws
    {
        let refused = try Story.record(6, .withdrawn, failure: .hookFailed)
        for state in [Report.EpochState.primary, .suspended] {
            let plan = try Story.plan(
                [Story.record(1, .destroyedCompromised), refused],
                [Story.held(5, state)]
            )
            #expect(plan.inShort == ["door 7 new"])
        }
    }

    @Test func `a grace that is over on the server is over on the device`() throws {
        let plan = try Story.plan(
            [Story.record(1, .destroyed), Story.record(2, .superseded), Story.record(3, .active)],
            [Story.held(1, .grace), Story.held(2, .grace), Story.held(3, .primary)]
        )
        #expect(plan.offers.isEmpty)
        #expect(
            plan.verdicts == [
                Verdict(name: try Story.name("door"), action: .discard(try Story.epoch(1)))
            ]
        )
    }

    @Test func `a grace of which the server has no record is left alone`() throws {
        let plan = try Story.plan(
            [Story.record(9, .active)],
            [Story.held(1, .grace), Story.held(9, .primary)]
        )
        #expect(plan == Plan())
    }

    @Test func `a device that lost the key in use gets the same again`() throws {
        let plan = try Story.plan([Story.record(3, .active)], [])
        #expect(plan.inShort == ["door 3 again"])
    }

    @Test func `a key that is due gets its next generation`() throws {
        let plan = try Story.plan(
            [Story.record(1, .active, rotateAt: Story.now)],
            [Story.held(1, .primary)]
        )
        #expect(plan.inShort == ["door 2 new"])
    }

    @Test func `a key that is not due yet stays`() throws {
        let plan = try Story.plan(
            [Story.record(1, .active, rotateAt: Story.now + 1)],
            [Story.held(1, .primary)]
        )
        #expect(plan == Plan())
    }

    @Test func `a device ahead of the server gets a generation after both`() throws {
        let plan = try Story.plan([Story.record(2, .active)], [Story.held(7, .primary)])
        #expect(plan.inShort == ["door 8 new"])
        #expect(plan.findings.map(\.kind) == [.deviceAhead])
    }

    @Test func `an open offer is withdrawn when the device is ahead of it`() throws {
        let plan = try Story.plan([Story.record(2, .offered)], [Story.held(3, .primary)])
        #expect(plan.inShort == ["door 4 new"])
        #expect(plan.withdrawals.map(\.epoch) == [try Story.epoch(2)])
    }

    @Test func `a device with keys that the server knows nothing of gets a later one`() throws {
        let plan = try Story.plan([], [Story.held(4, .primary)])
        #expect(plan.inShort == ["door 5 new"])
    }

    @Test func `a pending generation that the server withdrew is discarded`() throws {
        let plan = try Story.plan(
            [Story.record(1, .active), Story.record(2, .withdrawn)],
            [Story.held(1, .primary), Story.held(2, .pending)]
        )
        #expect(plan.offers.isEmpty)
        #expect(
            plan.verdicts == [
                Verdict(name: try Story.name("door"), action: .discard(try Story.epoch(2)))
            ]
        )
    }

    @Test func `a pending generation that the server never made is discarded and passed by`()
        throws
    {
        let plan = try Story.plan(
            [Story.record(1, .active)],
            [Story.held(1, .primary), Story.held(2, .pending)]
        )
        #expect(plan.inShort == ["door 3 new"])
        #expect(plan.verdicts.map(\.action) == [.discard(try Story.epoch(2))])
    }

    @Test func `a pending generation that is known to others is used until its successor is there`()
        throws
    {
        // SETTLE got lost, and then it was declared compromised: nothing else is accepted of the device.
        let records = [
            try Story.record(1, .destroyedCompromised), try Story.record(2, .compromised),
        ]
        let held = [try Story.held(1, .primary), try Story.held(2, .pending)]
        let plan = try Story.plan(records, held)
        #expect(plan.inShort == ["door 3 new"])
        let activation = Verdict.Action.activate(try Story.epoch(2), graceSeconds: 0)
        #expect(plan.verdicts.map(\.action) == [activation])
        // The same where the device refuses the successor, whatever it says about that.
        for kind in FailureKind.allCases {
            let refused = try Story.record(3, .withdrawn, failure: kind)
            let verdicts = try Story.plan(records + [refused], held).verdicts
            #expect(verdicts.map(\.action) == [activation])
        }
        // Nobody needs it where the one before is accepted, too.
        let other = [try Story.record(1, .superseded), try Story.record(2, .compromised)]
        #expect(
            try Story.plan(other, held).verdicts.map(\.action) == [.discard(try Story.epoch(2))]
        )
        // Other bytes under its number are nothing that the server accepts.
        let wrong = [try Story.held(1, .primary), try Story.held(2, .pending, wrong: true)]
        #expect(
            try Story.plan(records, wrong).verdicts.map(\.action) == [.discard(try Story.epoch(2))]
        )
    }

    @Test func `a key whose spec the server has forgotten is left alone`() throws {
        let held = [try Story.held(1, .grace), try Story.held(2, .primary)]
        #expect(try Story.plan([], held, specs: []) == Plan())
        // Once the spec is there again, the numbers go on.
        #expect(try Story.plan([], held).inShort == ["door 3 new"])
    }

    @Test func `other material under the epoch in use leads to a new generation`() throws {
        let plan = try Story.plan(
            [Story.record(1, .active)],
            [Story.held(1, .primary, wrong: true)]
        )
        #expect(plan.inShort == ["door 2 new"])
        #expect(plan.findings.map(\.kind) == [.keyMismatched])
        #expect(plan.withdrawals.isEmpty)
    }

    @Test func `other material under the epoch on offer is discarded and the offer withdrawn`()
        throws
    {
        let plan = try Story.plan(
            [Story.record(1, .offered)],
            [Story.held(1, .pending, wrong: true)]
        )
        #expect(plan.inShort == ["door 2 new"])
        #expect(plan.withdrawals.map(\.reason) == [.keyMismatched])
        #expect(plan.verdicts.map(\.action) == [.discard(try Story.epoch(1))])
    }

    @Test(arguments: FailureKind.allCases)
    func `a withdrawn key is tried again by itself only when that may help`(
        kind: FailureKind
    ) throws {
        let plan = try Story.plan([Story.record(1, .withdrawn, failure: kind)], [])
        #expect(plan.inShort == (kind.isRetryable ? ["door 2 new"] : []))
    }

    @Test func `an admin's rotation lifts the bar on a key that was refused`() throws {
        let plan = try Story.plan(
            [Story.record(1, .withdrawn, rotateAt: 1, failure: .rejected)],
            []
        )
        #expect(plan.inShort == ["door 2 new"])
    }

    @Test func `a suspended key is left alone`() throws {
        let plan = try Story.plan([Story.record(1, .suspended)], [Story.held(1, .primary)])
        #expect(plan == Plan())
    }

    @Test func `a device whose generations are used up gets no offer`() throws {
        let plan = try Story.plan([Story.record(1, .active)], [Story.held(.max, .primary)])
        #expect(plan.offers.isEmpty)
    }

    @Test func `more verdicts than a message carries wait for the next contact`() throws {
        let names = (0..<KeySpec.maximumPerGroup).map { "key-\($0)" }
        let report = Report(
            agentVersion: "1",
            store: .file,
            level: .software,
            lastOrder: 0,
            keys: try names.map { name in
                Report.HeldKey(
                    name: try Story.name(name),
                    epochs: [try Story.held(1, .grace), try Story.held(2, .pending)]
                )
            }
        )
        let plan = Reconciler.plan(
            specs: try names.map { try Story.spec($0) },
            records: try names.flatMap { name in
                [
                    try Story.record(1, .destroyed, key: name),
                    try Story.record(2, .active, key: name),
                ]
            },
            report: report,
            now: Story.now
        )
        // What brings a key into use goes first.
        let activate = Verdict.Action.activate(try Story.epoch(2), graceSeconds: 60)
        #expect(
            plan.verdicts.map(\.action)
                == Array(repeating: activate, count: MessageLimits.keys)
        )
    }
}
