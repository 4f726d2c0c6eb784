internal import BrokerHarness
internal import EstateHarness
internal import Glibc

/// One campaign over all agents, in a storm, and the quiet time after it.
struct Round {
    let number: Int
    let town: Town
    let tally: Tally

    func run(seconds: Int, random: inout SeededRandom) async throws {
        let before = try await epochs()
        let name = "storm-\(number)"
        try await town.estate.admin(
            "campaign",
            "create",
            name,
            "--key",
            "seal",
            "--where",
            "group=lamps",
            "--rate",
            "\(town.lamps.count * 2)/min",
            "--in-flight",
            "20",
            "--wave",
            "10%",
            "--wave",
            "rest",
            "--retry",
            "storeFull=3"
        )
        try await town.estate.admin("campaign", "start", name)
        print("round \(number): a campaign over \(town.lamps.count) agents, \(seconds) s of storm")
        try await storm(for: .seconds(seconds), &random)
        try await calm()
        try await wait(for: name)
        await town.agree(from: before + 1, tally)
        tally.rotated(town.lamps.count)
    }

    /// The oldest generation that any device uses.
    private func epochs() async throws -> Int {
        var oldest = Int.max
        for lamp in town.lamps {
            oldest = min(oldest, try await lamp.primaries().map(\.epoch).min() ?? 0)
        }
        return oldest
    }

    private func storm(for length: Duration, _ random: inout SeededRandom) async throws {
        let end = ContinuousClock.now + length
        while ContinuousClock.now < end {
            try await strike(&random)
            try await Task.sleep(for: .milliseconds(.random(in: 20...400, using: &random)))
            guard let lamp = town.lamps.randomElement(using: &random) else { continue }
            await look(at: lamp)
        }
    }

    private func strike(_ random: inout SeededRandom) async throws {
        switch Int.random(in: 0..<10, using: &random) {
        case 0: try await killServer(&random)
        case 1:
            tally.fault("broker killed")
            town.estate.broker.killAtOnce()
            try await Task.sleep(for: .milliseconds(.random(in: 0...500, using: &random)))
            try await town.estate.broker.start()
        case 2:
            tally.fault("network cut")
            town.proxy.cut()
        case 3:
            tally.fault("network stalled")
            town.proxy.stall(true)
            try await Task.sleep(for: .milliseconds(.random(in: 50...1500, using: &random)))
            town.proxy.stall(false)
        case 4: weather(&random)
        default:
            guard let lamp = town.lamps.randomElement(using: &random) else { return }
            tally.fault("agent killed")
            lamp.kill()
            try town.start(lamp)
        }
    }

    /// Kills the server now, or lets it die by itself at some point of some transaction.
    private func killServer(_ random: inout SeededRandom) async throws {
        let estate = town.estate
        if Bool.random(using: &random) {
            tally.fault("server killed")
            estate.killServer()
            try await Task.sleep(for: .milliseconds(.random(in: 0...500, using: &random)))
            return try await estate.start(awaitingBroker: false)
        }
        let point = Int.random(in: 1...400, using: &random)
        estate.killServer()
        try await estate.start(
            awaitingBroker: false,
            environment: ["LATCHKEY_FAULT": "any:\(point)"],
            mayDie: true
        )
        try await Task.sleep(for: .milliseconds(.random(in: 200...1500, using: &random)))
        tally.fault(
            estate.running?.code == nil ? "server killed" : "server killed at a fault point"
        )
        estate.killServer()
        try await estate.start(awaitingBroker: false)
    }

    private func weather(_ random: inout SeededRandom) {
        tally.fault("weather changed")
        for direction in Direction.allCases {
            var bad = Misbehaviour()
            bad.drop = .random(Double.random(in: 0...0.3, using: &random))
            bad.duplicate = .random(Double.random(in: 0...0.3, using: &random))
            bad.reorder = .random(Double.random(in: 0...0.3, using: &random))
            town.proxy.misbehave(direction, bad)
        }
    }

    /// Whatever happens, the device uses what the server accepts.
    private func look(at lamp: Lamp) async {
        do { try await lamp.holdsWhatTheServerAccepts() } catch let violation as Violation {
            tally.violation("round \(number): \(violation)")
        } catch {
            // The server is being killed: nobody could tell.
            tally.fault("look without an answer")
        }
    }

    private func calm() async throws {
        for direction in Direction.allCases { town.proxy.misbehave(direction, Misbehaviour()) }
        town.proxy.stall(false)
        if town.estate.running?.code != nil { try await town.estate.start() }
    }

    private func wait(for name: String) async throws {
        try await eventually("campaign \(name) ends", within: .seconds(300), every: .seconds(1)) {
            try await town.estate.campaign(name).campaign.state == "finished"
        }
    }
}
