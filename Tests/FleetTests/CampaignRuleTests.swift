import Fleet
import KeyExchange
import Testing

/// What a campaign does when it goes wrong, or comes to its deadline.
@Suite struct CampaignRuleTests {
    private let now = Story.now

    // MARK: - Roll back and retry

    @Test func `rolling back waits for what was offered, and takes it along`() throws {
        var machine = try Story.running(Story.plan(maximumInFlight: 3))
        _ = machine.tick(Story.counts([.waiting: 9]), at: now)
        _ = try machine.rollBack(wave: nil, by: "1:ann", at: now)
        #expect(
            machine.tick(Story.counts([.waiting: 1, .settled: 5]), at: now)
                == [.cancelMembers(wave: nil)]
        )
        let settled = Story.counts([.cancelled: 3, .settled: 5, .offered: 1])
        #expect(
            machine.tick(settled, at: now + 9) == [.rollBack(wave: nil, count: 2)]
        )
        #expect(
            machine.tick(
                Story.counts([.cancelled: 3, .settled: 3, .rollingBack: 2, .offered: 1]),
                at: now + 30
            ) == []
        )
        #expect(
            machine.tick(Story.counts([.cancelled: 3, .rolledBack: 4, .offered: 1]), at: now + 40)
                == []
        )
        #expect(
            machine.tick(Story.counts([.cancelled: 3, .rolledBack: 5, .kept: 1]), at: now + 50)
                == [.record(.rolledBack(wave: nil)), .record(.cancelled)]
        )
        #expect(machine.state.phase == .cancelled)
    }

    @Test func `a wave that is rolled back pauses the others`() throws {
        var machine = try Story.running(
            Story.plan(
                waves: [Wave(.count(5)), Wave(.rest, successPercent: 50)],
                stopRules: [StopRule(threshold: .count(2), reaction: .rollBackWave)]
            )
        )
        _ = machine.tick(Story.counts([.waiting: 5], [.waiting: 9]), at: now)
        let bad = Story.counts([.settled: 3, .failed: 2], [.waiting: 9])
        #expect(
            machine.tick(bad, at: now + 9) == [
                .record(.stopped(.stopRule(0))), .record(.rollingBack(wave: 0)),
                .cancelMembers(wave: 0),
            ]
        )
        #expect(machine.tick(bad, at: now + 19) == [.rollBack(wave: 0, count: 3)])
        let back = Story.counts([.rolledBack: 3, .failed: 2], [.waiting: 9])
        #expect(
            machine.tick(back, at: now + 30)
                == [.record(.rolledBack(wave: 0)), .record(.paused(.rolledBack(wave: 0)))]
        )
        _ = try machine.resume(by: "1:ann", counts: back, at: now + 40)
        #expect(machine.tick(back, at: now + 41).contains(.record(.waveOpened(1))))
    }

    @Test func `a wave that was not opened is not rolled back`() throws {
        var machine = try Story.running(Story.plan(waves: [Wave(.count(5)), Wave(.rest)]))
        _ = machine.tick(Story.counts([.waiting: 5], [.waiting: 9]), at: now)
        for wave in [1, 2, -1] {
            #expect(throws: FleetError.self) {
                try machine.rollBack(wave: wave, by: "1:ann", at: now)
            }
        }
    }

    @Test func `nobody goes back to a compromised key`() throws {
        var machine = try Story.running(Story.plan(action: .compromise))
        #expect(throws: FleetError.self) {
            try machine.rollBack(wave: nil, by: "1:ann", at: now)
        }
    }

    @Test func `a retry opens a finished campaign again, without old failures against it`() throws {
        var machine = try Story.running(
            Story.plan(stopRules: [StopRule(threshold: .count(3))])
        )
        _ = machine.tick(Story.counts([.waiting: 4]), at: now)
        let ended = Story.counts([.settled: 2, .failed: 2])
        _ = machine.tick(ended, at: now + 1)
        #expect(machine.state.phase == .finished)
        #expect(throws: FleetError.self) {
            try machine.retry([.hookFailed], by: "1:ann", counts: ended, at: now + 2)
        }
        #expect(throws: FleetError.self) {
            try machine.retry([], by: "1:ann", counts: ended, at: now + 2)
        }
        _ = try machine.retry([.tpmFailed], by: "1:ann", counts: ended, at: now + 2)
        #expect(machine.state.phase == .running)
        let again = Story.counts([.settled: 2, .failed: 2, .waiting: 1])
        #expect(machine.tick(again, at: now + 9).released == 1)
        #expect(
            machine.tick(Story.counts([.settled: 2, .failed: 5]), at: now + 20)
                == [.record(.paused(.stopRule(0)))]
        )
    }

    // MARK: - Stop rules

    private func rules(
        _ counts: CampaignCounts,
        _ rule: StopRule
    ) throws -> [CampaignStep] {
        var machine = try Story.running(Story.plan(stopRules: [rule]))
        return machine.tick(counts, at: now)
    }

    @Test func `a percentage says nothing below its sample`() throws {
        let rule = try StopRule(threshold: .percent(50, sample: 10), reaction: .cancel)
        #expect(try rules(Story.counts([.failed: 9, .waiting: 1]), rule).released == 1)
        #expect(
            try rules(Story.counts([.failed: 5, .settled: 5, .waiting: 1]), rule) == [
                .record(.stopped(.stopRule(0))), .record(.cancelling(by: "server")),
                .cancelMembers(wave: nil),
            ]
        )
        #expect(
            try rules(Story.counts([.failed: 4, .settled: 6, .waiting: 1]), rule).released == 1
        )
    }

    @Test func `a rule counts its own kinds, and silence is one of them`() throws {
        let silent = try StopRule(failures: [.silent], threshold: .count(3))
        #expect(try rules(Story.counts([.failed: 9, .waiting: 1]), silent).released == 1)
        let suspects = CampaignCounts(waves: [
            .init(
                members: [.waiting: 1, .failed: 1, .suspect: 9],
                failures: [.silent: 1],
                suspectsAsEvidence: 2
            )
        ])
        #expect(try rules(suspects, silent) == [.record(.paused(.stopRule(0)))])
        let absent = CampaignCounts(waves: [
            .init(members: [.waiting: 1, .suspect: 9], suspectsAsEvidence: 2)
        ])
        #expect(try rules(absent, silent).released == 1)
    }

    @Test func `the same failures slow it down once`() throws {
        let rule = try StopRule(threshold: .count(2), reaction: .slowDown)
        var machine = try Story.running(
            Story.plan(pace: Pace(perMinute: 600), stopRules: [rule])
        )
        let counts = Story.counts([.failed: 2, .waiting: 500])
        #expect(
            machine.tick(counts, at: now)
                == [.record(.stopped(.stopRule(0))), .record(.slowedDown)]
        )
        #expect(machine.tick(counts, at: now + 1).released == 5)
        #expect(machine.tick(counts, at: now + 2).released == 5)
        _ = machine.tick(Story.counts([.failed: 4, .waiting: 500]), at: now + 3)
        #expect(machine.state.halvings == 2)
        for _ in 0..<100 {
            let failures = machine.state.halvings * 1000
            _ = machine.tick(Story.counts([.failed: failures, .waiting: 500]), at: now + 4)
        }
        // However often: at last one in ten minutes, never none.
        #expect(machine.wakeAt(Story.counts([.waiting: 500]), at: now + 4) == now + 4 + 600)
    }

    // MARK: - Deadline

    @Test func `at the deadline nobody waits any longer, and nothing is in progress for ever`()
        throws
    {
        var machine = try Story.running(Story.plan(deadline: now + 100))
        _ = machine.tick(Story.counts([.waiting: 9]), at: now)
        let late = Story.counts([.waiting: 3, .blocked: 1, .offered: 1, .suspect: 2, .settled: 2])
        #expect(
            machine.tick(late, at: now + 100)
                == [.record(.deadlinePassed), .skipWaiting(.deadline), .closeSuspects]
        )
        #expect(
            machine.tick(
                Story.counts([.skipped: 4, .failed: 2, .offered: 1, .settled: 2]),
                at: now + 101
            )
                == []
        )
        #expect(
            machine.tick(Story.counts([.skipped: 4, .failed: 2, .suspect: 1]), at: now + 200)
                == [.closeSuspects]
        )
        #expect(
            machine.tick(Story.counts([.skipped: 4, .failed: 3]), at: now + 201)
                == [.record(.finished)]
        )
    }

    @Test func `a campaign that was paused and forgotten ends at its deadline`() throws {
        var machine = try Story.running(Story.plan(deadline: now + 100))
        _ = try machine.pause(by: "1:ann")
        let counts = Story.counts([.waiting: 3])
        #expect(machine.wakeAt(counts, at: now) == now + 100)
        #expect(machine.tick(counts, at: now + 99) == [])
        #expect(machine.tick(counts, at: now + 100).contains(.skipWaiting(.deadline)))
        // Not before it is done: that may take many commits.
        #expect(machine.state.phase == .paused)
        _ = machine.tick(Story.counts([.skipped: 3]), at: now + 101)
        #expect(machine.state.phase == .finished)
    }

    @Test func `a dynamic campaign goes on until its deadline`() throws {
        var machine = try Story.running(Story.plan(isDynamic: true, deadline: now + 100))
        #expect(machine.tick(Story.counts([.settled: 3]), at: now) == [.record(.waveOpened(0))])
        #expect(machine.state.phase == .running)
        #expect(machine.tick(Story.counts([.settled: 3, .waiting: 1]), at: now + 9).released == 1)
        #expect(machine.tick(Story.counts([.settled: 4]), at: now + 100) == [.record(.finished)])
    }
}
