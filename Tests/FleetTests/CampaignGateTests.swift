import Testing

@testable import Fleet

@Suite struct CampaignGateTests {
    private let now = Story.now

    private let gated = [Wave(.count(3)), Wave(.rest, successPercent: 90)]

    @Test func `a wave of whom nobody came is no success`() throws {
        var machine = try Story.running(Story.plan(waves: gated))
        _ = machine.tick(Story.counts([.waiting: 3], [.waiting: 9]), at: now)
        #expect(machine.state.openWave == 0)
        var counts = Story.counts([.skipped: 3], [.waiting: 9])
        counts.waves[0].skips = [.absent: 3]
        #expect(machine.tick(counts, at: now + 9) == [.record(.paused(.gate(wave: 1)))])
        #expect(machine.state.pauseReason == .gate(wave: 1))
    }

    @Test func `a wave of suspects that say nothing asks a person at once`() throws {
        var machine = try Story.running(Story.plan(waves: gated))
        _ = machine.tick(Story.counts([.waiting: 3], [.waiting: 9]), at: now)
        let counts = Story.counts([.suspect: 3], [.waiting: 9])
        _ = machine.tick(counts, at: now + 9)
        #expect(machine.state.phase == .paused)
        _ = try machine.resume(by: "1:ann", counts: counts, at: now + 10)
        _ = machine.tick(counts, at: now + 11)
        #expect(machine.state.phase == .running && machine.state.openWave == 1)
    }

    @Test func `one that settled is enough where the others say nothing`() throws {
        var machine = try Story.running(Story.plan(waves: gated))
        _ = machine.tick(Story.counts([.waiting: 3], [.waiting: 9]), at: now)
        var counts = Story.counts([.settled: 1, .skipped: 2], [.waiting: 9])
        counts.waves[0].skips = [.absent: 2]
        _ = machine.tick(counts, at: now + 9)
        #expect(machine.state.openWave == 1)
    }

    @Test func `waves that nobody belongs to hold no one up`() throws {
        let waves = [
            Wave(.percent(1)), Wave(.percent(1), successPercent: 90),
            Wave(.rest, successPercent: 90),
        ]
        var machine = try Story.running(Story.plan(waves: waves))
        var counts = Story.counts([.skipped: 2], [:], [.waiting: 9])
        counts.waves[0].skips = [.notEnrolled: 2]
        _ = machine.tick(counts, at: now)
        #expect(machine.state.phase == .running && machine.state.openWave == 2)
    }

    @Test func `a wave without a gate asks for no success`() throws {
        let waves = [Wave(.count(3)), Wave(.rest)]
        var machine = try Story.running(Story.plan(waves: waves))
        _ = machine.tick(Story.counts([.waiting: 3], [.waiting: 9]), at: now)
        var counts = Story.counts([.skipped: 3], [.waiting: 9])
        counts.waves[0].skips = [.absent: 3]
        _ = machine.tick(counts, at: now + 9)
        #expect(machine.state.openWave == 1)
    }
}
