import Fleet
import KeyExchange
import Testing

/// Random plans over random devices, with random words of admins and clocks that jump.
@Suite struct CampaignPropertyTests {
    private func plan(_ random: inout SeededGenerator) throws -> CampaignPlan {
        let windows: [MaintenanceWindow] =
            random.chance(250)
            ? [
                try MaintenanceWindow(
                    weekdays: Set(MaintenanceWindow.Weekday.allCases),
                    from: Int.random(in: 0...1000, using: &random),
                    to: Int.random(in: 1001...1440, using: &random)
                )
            ] : []
        let waves: [Wave] =
            switch Int.random(in: 0..<3, using: &random) {
            case 0: [Wave(.rest)]
            case 1: [Wave(.count(5)), Wave(.percent(30), successPercent: 50), Wave(.rest)]
            default:
                [Wave(.percent(50)), Wave(.percent(50), successPercent: 90, needsApproval: true)]
            }
        let reactions = StopRule.Reaction.allCases
        let pace =
            random.chance(500)
            ? try Pace(
                perMinute: Int.random(in: 1...600, using: &random),
                maximumPerMinute: 6000
            )
            : try Pace(
                kind: .exponential(factorThousandths: 1500, every: 5),
                perMinute: 30,
                maximumPerMinute: 3000
            )
        return try Story.plan(
            pace: pace,
            waves: waves,
            windows: windows,
            maximumInFlight: Int.random(in: 1...30, using: &random),
            deadline: random.chance(500) ? Story.now + 200_000 : nil,
            stopRules: random.chance(500)
                ? [
                    try StopRule(
                        threshold: .percent(20, sample: 5),
                        reaction: reactions.randomElement(using: &random) ?? .pause
                    )
                ] : [],
            sequentialTest: random.chance(500) ? .standard : nil
        )
    }

    private func members(
        of plan: CampaignPlan,
        _ random: inout SeededGenerator
    ) -> [ToyCampaign.Member] {
        let total = Int.random(in: 0...60, using: &random)
        let sizes = WaveSizes(plan: plan, total: total)
        let trouble = [0, 10, 100, 500, 1000].randomElement(using: &random) ?? 0
        return (0..<total).map { place in
            let isAbsent = random.chance(50)
            return ToyCampaign.Member(
                wave: sizes.wave(at: place),
                offset: [0, 120, -480].randomElement(using: &random) ?? 0,
                isAbsent: isAbsent,
                trouble: isAbsent ? 1000 : random.chance(30) ? 1000 : min(trouble, 999),
                rollsBack: random.chance(800)
            )
        }
    }

    private func say(_ toy: inout ToyCampaign, _ random: inout SeededGenerator) {
        let now = toy.now
        let counts = toy.counts
        let steps: [CampaignStep]?
        switch Int.random(in: 0..<8, using: &random) {
        case 0: steps = try? toy.machine.pause(by: "1:ann")
        case 1, 2, 3: steps = try? toy.machine.resume(by: "1:ann", counts: counts, at: now)
        case 4, 5: steps = try? toy.machine.approve(by: "2:bob", needsSecondPerson: true, at: now)
        case 6:
            steps = try? toy.machine.retry(
                [.tpmFailed, .silent],
                by: "1:ann",
                counts: counts,
                at: now
            )
        default:
            guard random.chance(100) else { return }
            steps =
                random.chance(500)
                ? try? toy.machine.cancel(by: "1:ann", at: now)
                : try? toy.machine.rollBack(wave: nil, by: "1:ann", at: now)
        }
        toy.perform(steps ?? [])
    }

    /// Plays a campaign through and gives back its last state.
    private func play(seed: UInt64, restarts: Bool) throws -> ToyCampaign {
        var random = SeededGenerator(seed: seed)
        let plan = try plan(&random)
        var toy = try ToyCampaign(
            plan: plan,
            members: members(of: plan, &random),
            at: Story.now,
            restarts: restarts
        )
        for _ in 0..<400 where !toy.machine.state.phase.isOver {
            try toy.tick()
            toy.live(&random)
            if random.chance(100) { say(&toy, &random) }
            toy.now += random.chance(10) ? Int64.random(in: -5000...20_000, using: &random) : 1
        }
        // Quiet time: nobody forbids anything, and clocks are right.
        for _ in 0..<4000 where !toy.machine.state.phase.isOver {
            if toy.machine.state.phase == .paused {
                let counts = toy.counts
                let steps =
                    (try? toy.machine.resume(by: "1:ann", counts: counts, at: toy.now))
                    ?? (try? toy.machine.approve(
                        by: "2:bob",
                        needsSecondPerson: true,
                        at: toy.now
                    ))
                toy.perform(steps ?? [])
            }
            try toy.tick()
            toy.live(&random)
            toy.now += toy.counts.inFlight > 0 ? 5 : 600
        }
        return toy
    }

    @Test func `whatever happens, no rule is broken and every campaign ends`() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed): campaigns at random")
        var ends: [CampaignState.Phase: Int] = [:]
        for number in 0..<120 {
            let toy = try play(seed: seed &+ UInt64(number), restarts: false)
            #expect(toy.violations.isEmpty, "seed \(seed) + \(number): \(toy.violations.prefix(3))")
            #expect(
                toy.machine.state.phase.isOver,
                "seed \(seed) + \(number): \(toy.machine.state)"
            )
            let isDone = toy.members.allSatisfy { $0.state.isDone }
            #expect(isDone, "seed \(seed) + \(number)")
            #expect(toy.members.count == toy.counts.total, "seed \(seed) + \(number)")
            ends[toy.machine.state.phase, default: 0] += 1
        }
        #expect(ends.count == 2, "seed \(seed): \(ends)")
    }

    @Test func `a restart before each decision changes none of them`() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed): restarts")
        for number in 0..<60 {
            let straight = try play(seed: seed &+ UInt64(number), restarts: false)
            let restarted = try play(seed: seed &+ UInt64(number), restarts: true)
            #expect(straight.events == restarted.events, "seed \(seed) + \(number)")
            #expect(straight.machine.state == restarted.machine.state, "seed \(seed) + \(number)")
            #expect(
                straight.members.map(\.state) == restarted.members.map(\.state),
                "seed \(seed) + \(number)"
            )
        }
    }

    @Test func `asked when it says, a campaign without faults is over in time`() throws {
        var random = SeededGenerator(seed: 1)
        let plan = try Story.plan(pace: Pace(perMinute: 120), deadline: Story.now + 1000)
        var toy = try ToyCampaign(
            plan: plan,
            members: (0..<200).map { _ in
                ToyCampaign.Member(wave: 0, offset: 0, isAbsent: false, trouble: 0)
            },
            at: Story.now,
            restarts: true
        )
        while !toy.machine.state.phase.isOver, toy.now < Story.now + 1000 {
            try toy.tick()
            // What devices do is heard at once; otherwise it is asked when it said.
            let isQuiet = toy.counts.inFlight == 0
            toy.live(&random)
            let counts = toy.counts
            let wake = toy.machine.wakeAt(counts, at: toy.now) ?? toy.now + 1
            #expect(wake > toy.now)
            toy.now = isQuiet ? wake : min(wake, toy.now + 1)
        }
        #expect(toy.machine.state.phase == .finished)
        #expect(toy.counts[.settled] == 200)
        #expect(toy.violations.isEmpty)
        // 120 in a minute, and a few seconds for the last ones.
        #expect(toy.now <= Story.now + 130)
    }
}
