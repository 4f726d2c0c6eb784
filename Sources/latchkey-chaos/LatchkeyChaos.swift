internal import ArgumentParser
internal import BrokerHarness
internal import EstateHarness

/// The proof on real parts: a fleet of agents, a server and a broker, each a process of its own, that are
/// killed at random while campaigns run over all of them.
@main
struct LatchkeyChaos: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "latchkey-chaos",
        abstract: "Runs campaigns over real agents while server, broker and agents are killed.",
        discussion: """
            First the server dies once at each fault point between a CONFIRM and its SETTLE. Then \
            campaigns run over all agents in a storm of kills, network cuts, lost, doubled and \
            reordered messages, and hooks that refuse: a rotation, then a compromise, and so on in \
            turns. One agent sleeps through each of them. Afterwards both sides of every device must \
            hold the same keys, and the audit log must be whole.

            The last line is one JSON object. Exit code 1 if a device is stranded or a rule was broken.
            The programs must be debug builds: releases have no fault points.
            """
    )

    @Option(help: "Agents, each a process.") var agents = 50
    @Option(help: "Campaigns, one after the other; 0 walks the settle path alone.") var rounds = 2
    @Option(help: "Seconds of storm in each round.") var storm = 30
    @Option(help: "The seed of every random choice.") var seed: UInt64?

    func validate() throws {
        guard (2...500).contains(agents) else { throw ValidationError("--agents: want 2 to 500") }
        guard (0...100).contains(rounds) else { throw ValidationError("--rounds: want 0 to 100") }
        guard (1...3600).contains(storm) else { throw ValidationError("--storm: want 1 to 3600") }
    }

    func run() async throws {
        let seed = seed ?? UInt64.random(in: 1...999_999)
        say("seed \(seed)")
        let tally = Tally(agents: agents, seed: seed)
        do { try await run(seed, tally) } catch {
            // The last line comes all the same.
            tally.violation("it could not be finished: \(error)")
        }
        tally.show()
        if !tally.isClean { throw ExitCode(1) }
    }

    private func run(_ seed: UInt64, _ tally: Tally) async throws {
        var random = SeededRandom(seed: seed)
        let town = try await Town(agents: agents, seed: seed)
        try await town.open()
        say("\(agents) agents hold their first key")
        try await SettlePath(town: town, tally: tally).walk()
        for round in 0..<rounds {
            try await Round(number: round + 1, town: town, tally: tally)
                .run(seconds: storm, random: &random)
        }
        try await town.check(tally)
        tally.fault("key refused by a hook", try await town.refusals())
        await town.close()
    }
}
