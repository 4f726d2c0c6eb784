import Fleet
import Testing

@Suite struct PaceTests {
    private let now = Story.now

    /// How many are released when asked each second, each settling at once.
    private func release(
        _ machine: inout CampaignMachine,
        waiting: Int,
        seconds: Int,
        from start: Int64
    ) -> Int {
        var settled = 0
        for second in 0..<seconds {
            let counts = Story.counts([.waiting: waiting - settled, .settled: settled])
            settled += machine.tick(counts, at: start + Int64(second)).released
        }
        return settled
    }

    @Test(arguments: [1, 7, 60, 1000, 99_999]) func `a constant pace is kept`(rate: Int) throws {
        var machine = try Story.running(
            Story.plan(pace: Pace(perMinute: rate), maximumInFlight: 100_000)
        )
        let released = release(&machine, waiting: 10_000_000, seconds: 601, from: now)
        // The first one is free, the rest is exact.
        #expect(released >= rate * 10 && released <= rate * 10 + 1)
    }

    @Test func `an exponential pace grows with what settled, to its maximum`() throws {
        let pace = try Pace(
            kind: .exponential(factorThousandths: 2000, every: 10),
            perMinute: 60,
            maximumPerMinute: 240
        )
        var machine = try Story.running(Story.plan(pace: pace))
        let rate = { (settled: Int, machine: inout CampaignMachine, second: Int64) in
            machine.tick(Story.counts([.waiting: 9999, .settled: settled]), at: second).released
        }
        _ = rate(0, &machine, now)
        #expect(rate(9, &machine, now + 10) == 10)
        #expect(rate(10, &machine, now + 20) == 20)
        #expect(rate(20, &machine, now + 30) == 40)
        #expect(rate(5000, &machine, now + 40) == 40)
        #expect(rate(.max / 2, &machine, now + 50) == 40)
    }

    @Test func `a near deadline raises the rate, as far as allowed`() throws {
        let pace = try Pace(perMinute: 60, maximumPerMinute: 600)
        let rate = { (waiting: Int, seconds: Int64) throws -> Int in
            var machine = try Story.running(
                Story.plan(pace: pace, deadline: Story.now + seconds)
            )
            let counts = Story.counts([.waiting: waiting])
            _ = machine.tick(counts, at: Story.now)
            return machine.tick(counts, at: Story.now + 10).released
        }
        #expect(try rate(1000, 100_000) == 10)
        #expect(try rate(5000, 1010) == 50)
        #expect(try rate(50_000, 1010) == 100)
    }

    @Test func `a deadline does not hurry the careful beginning, nor one that was slowed down`()
        throws
    {
        let pace = try Pace(
            kind: .exponential(factorThousandths: 2000, every: 100),
            perMinute: 60,
            maximumPerMinute: 6000
        )
        var machine = try Story.running(Story.plan(pace: pace, deadline: now + 1000))
        _ = machine.tick(Story.counts([.waiting: 99_999]), at: now)
        #expect(machine.tick(Story.counts([.waiting: 99_999]), at: now + 10).released == 10)
        let proven = Story.counts([.waiting: 99_999, .settled: 100])
        #expect(machine.tick(proven, at: now + 20).released > 500)
    }

    @Test(arguments: [-1_000_000, 1_000_000, -1_000_000_000, 2_000_000_000] as [Int64])
    func `no burst follows a clock that jumps`(jump: Int64) throws {
        var machine = try Story.running(Story.plan(pace: Pace(perMinute: 600)))
        let counts = Story.counts([.waiting: 999_999])
        _ = machine.tick(counts, at: now)
        _ = machine.tick(counts, at: now + 1)
        let released = machine.tick(counts, at: now + jump).released
        #expect(released <= 150)
        #expect(machine.tick(counts, at: now + jump + 1).released == 10)
    }

    @Test
    func `a clock that was in 2039 does not hold a campaign up, though only decisions are stored`()
        throws
    {
        var stored = try Story.running(Story.plan(), at: 2_177_452_800)
        let counts = Story.counts([.waiting: 999])
        _ = stored.tick(counts, at: 2_177_452_800)
        var released = 0
        for second in 0..<60 {
            var machine = stored
            let steps = machine.tick(counts, at: now + Int64(second))
            guard !steps.isEmpty else { continue }
            released += steps.released
            stored = machine
        }
        #expect((58...61).contains(released))
    }

    @Test(arguments: [0, 2_177_452_800, .max] as [Int64])
    func `clocks at their ends do no harm`(moment: Int64) throws {
        var machine = try Story.running(Story.plan(pace: Pace(perMinute: 100_000)), at: moment)
        let counts = Story.counts([.waiting: 999_999])
        _ = machine.tick(counts, at: moment)
        #expect(machine.tick(counts, at: .max).released <= 25_000)
        #expect(machine.tick(counts, at: .min).released <= 1000)
        _ = machine.wakeAt(counts, at: .max)
        _ = machine.wakeAt(counts, at: .min)
    }

    @Test func `the limit in flight holds`() throws {
        var machine = try Story.running(
            Story.plan(pace: Pace(perMinute: 60_000), maximumInFlight: 10)
        )
        #expect(machine.tick(Story.counts([.waiting: 99]), at: now).released == 1)
        #expect(
            machine.tick(Story.counts([.waiting: 98, .released: 1]), at: now + 9).released == 9
        )
        let full = Story.counts([.waiting: 89, .released: 4, .offered: 6, .suspect: 50])
        #expect(machine.tick(full, at: now + 20) == [])
        #expect(machine.wakeAt(full, at: now + 20) == nil)
        let over = Story.counts([.waiting: 89, .released: 14])
        #expect(machine.tick(over, at: now + 30) == [])
    }

    @Test func `a slow pace is asked again when the next one is due`() throws {
        var machine = try Story.running(Story.plan(pace: Pace(perMinute: 1)))
        let counts = Story.counts([.waiting: 5])
        #expect(machine.tick(counts, at: now).released == 1)
        #expect(machine.wakeAt(counts, at: now) == now + 60)
        #expect(machine.tick(counts, at: now + 59).released == 0)
        #expect(machine.wakeAt(counts, at: now + 59) == now + 60)
        #expect(machine.tick(counts, at: now + 60).released == 1)
    }

    @Test func `only devices whose window is open are released`() throws {
        let night = try MaintenanceWindow(
            weekdays: Set(MaintenanceWindow.Weekday.allCases),
            from: 0,
            to: 60
        )
        var machine = try Story.running(Story.plan(windows: [night]))
        // 1,000,000 is 13:46:40 UTC: where it is half past midnight, the clocks are 643 minutes ahead.
        let counts = { (here: Int, there: Int) in
            CampaignCounts(waves: [
                .init(members: [.waiting: here + there], waitingByClock: [0: here, 643: there])
            ])
        }
        #expect(
            machine.tick(counts(5, 5), at: now)
                == [.record(.waveOpened(0)), .release(wave: 0, count: 1, clocks: [643])]
        )
        #expect(machine.tick(counts(5, 0), at: now + 60) == [])
        let midnight = now + 36_800
        #expect(machine.wakeAt(counts(5, 0), at: now + 60) == midnight)
        let steps = machine.tick(counts(5, 0), at: midnight)
        #expect(steps.released > 0 && steps.released <= 15)
    }

    @Test func `what has accrued survives a restart`() throws {
        var machine = try Story.running(Story.plan(pace: Pace(perMinute: 7)))
        let counts = Story.counts([.waiting: 999])
        var (straight, restarted) = (0, 0)
        var other = machine
        for second in 0..<600 {
            straight += machine.tick(counts, at: now + Int64(second)).released
            other = CampaignMachine(
                plan: try CampaignPlan(decoding: other.plan.encoded()),
                state: try CampaignState(decoding: other.state.encoded())
            )
            restarted += other.tick(counts, at: now + Int64(second)).released
        }
        #expect(straight == restarted && straight == 70)
    }
}
