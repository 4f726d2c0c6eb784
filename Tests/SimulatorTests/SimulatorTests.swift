import Testing

@testable import Simulator

@Suite struct SimulatorTests {
    @Test func `the same seed tells the same story`() async throws {
        var options = Simulation.Options(seed: 7)
        options.days = 1
        let first = try await Simulation(options).run()
        let second = try await Simulation(options).run()
        #expect(first.digest == second.digest)
        #expect(first.steps == second.steps)
        #expect(first.faults == second.faults)
        #expect(first.steps > 100)
    }

    @Test func `another seed tells another story`() async throws {
        var digests: Set<UInt64> = []
        for seed: UInt64 in 100..<104 {
            var options = Simulation.Options(seed: seed)
            options.days = 0.5
            digests.insert(try await Simulation(options).run().digest)
        }
        #expect(digests.count == 4)
    }

    @Test func `no promise is broken in a short run over many seeds`() async throws {
        let balance = try await Trials(seeds: 1001..<1011) { options in
            options.days = 1
        }.run(width: 2)
        print("seeds 1001 to 1010: \(balance.rotations) rotations, \(balance.faultCount) faults")
        for outcome in balance.broken {
            let violation = outcome.violations[0]
            Issue.record(
                "seed \(outcome.seed): \(violation.kind): \(violation.detail)\n\(violation.story.suffix(30).joined(separator: "\n"))"
            )
        }
        #expect(balance.rotations > 100)
        #expect(balance.stranded == 0)
    }
}
