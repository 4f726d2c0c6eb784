internal import BrokerHarness
internal import EstateHarness
internal import Glibc

/// One campaign over all agents, in a storm, and the quiet time after it.
struct Round {
    let number: Int
    let town: Town
    let tally: Tally

    private var action: String { number.isMultiple(of: 2) ? "compromise" : "rotate" }

    func run(seconds: Int, random: inout SeededRandom) async throws {
        let before = try await epochs()
        let name = "storm-\(number)"
        guard let sleeper = town.lamps.randomElement(using: &random) else { return }
        let awake = town.lamps.filter { $0 !== sleeper }
        // Not the sleeper: the next wave waits for whom the first one does, a quarter of an hour if need be.
        let first = awake.shuffled(using: &random).prefix(max(1, awake.count / 10))
            .map(\.name).joined(separator: ", ")
        tally.fault("agent off all through the campaign")
        sleeper.kill()
        try town.refuse(true)
        try await town.estate.admin(
            "campaign",
            "create",
            name,
            "--action",
            action,
            "--key",
            "seal",
            "--where",
            "group=lamps",
            "--rate",
            "\(town.lamps.count * 2)/min",
            "--in-flight",
            "20",
            "--wave",
            "id in (\(first))",
            "--wave",
            "rest",
            "--retry",
            "storeFull=3"
        )
        try await town.estate.admin("campaign", "start", name)
        say(
            "round \(number): a campaign to \(action) over \(town.lamps.count) agents, \(seconds) s of storm"
        )
        try await storm(over: awake, for: .seconds(seconds), &random)
        try await calm()
        try await wait(for: name) { campaign in
            campaign.members["settled"] ?? 0 >= awake.count || campaign.state == "finished"
        }
        try town.start(sleeper)
        try await wait(for: name) { $0.state == "finished" }
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

    private func storm(
        over lamps: [Lamp],
        for length: Duration,
        _ random: inout SeededRandom
    ) async throws {
        let end = ContinuousClock.now + length
        while ContinuousClock.now < end {
            try await strike(lamps, &random)
            try await Task.sleep(for: .milliseconds(.random(in: 20...400, using: &random)))
            guard let lamp = lamps.randomElement(using: &random) else { continue }
            await look(at: lamp)
        }
    }

    private func strike(_ lamps: [Lamp], _ random: inout SeededRandom) async throws {
        switch Int.random(in: 0..<11, using: &random) {
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
        case 5: try town.refuse(Bool.random(using: &random))
        default:
            guard let lamp = lamps.randomElement(using: &random) else { return }
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
        try town.refuse(false)
        if town.estate.running?.code != nil { try await town.estate.start() }
    }

    /// Waits until the campaign has come so far; what its own stop rule has paused goes on.
    private func wait(
        for name: String,
        until isThere: (CampaignView.Campaign) -> Bool
    ) async throws {
        var last = ""
        do {
            try await eventually("", within: .seconds(300), every: .seconds(1)) {
                let view = try await town.estate.campaign(name)
                last = "\(view)"
                if let failed = view.campaign.members["failed"], failed > 0 {
                    tally.fault("device failed, tried again by hand", failed)
                    let kinds = view.campaign.failures.filter { $0.value > 0 }.keys
                    let socket = ["--socket", "\(town.estate.data)/admin.sock"]
                    let words = ["campaign", "retry", name] + kinds.flatMap { ["--failure", $0] }
                    let outcome = try await town.estate.run("latchkey", words + socket)
                    if outcome.code != 0 { throw Trouble(outcome.text) }
                }
                if view.campaign.state == "paused" {
                    tally.fault("campaign paused by its own rule")
                    try await town.estate.admin("campaign", "resume", name)
                }
                return isThere(view.campaign)
            }
        } catch {
            throw Trouble("campaign \(name) does not end: \(last) \(error)")
        }
    }
}
