internal import EstateHarness

/// Kills the server at every fault point between a device's CONFIRM and the SETTLE that answers it.
///
/// The path is walked to its end: the points are counted by the server, not written down here.
struct SettlePath {
    let town: Town
    let tally: Tally

    /// More points than the path can have: a server that never comes through would go on for ever.
    private static let limit = 200

    func walk() async throws {
        let lamp = town.lamps[0]
        let estate = town.estate
        for point in 1...Self.limit {
            try await restart(dyingAt: point)
            let before = try await lamp.primaries().map(\.epoch).max() ?? 0
            try await estate.admin("key", "rotate", "--device", lamp.name, "--all")
            let died = try await hasDied(or: { try await lamp.isPast(before) })
            if died {
                tally.fault("server killed on the settle path")
                try await restart(dyingAt: nil)
            }
            do {
                try await lamp.holdsWhatTheServerAccepts()
                try await lamp.agrees(from: before + 1, within: .seconds(30))
            } catch {
                tally.violation("killed at settle point \(point): \(error)")
            }
            tally.rotated(1)
            if !died {
                tally.walked(point - 1)
                say("the server was killed at each of \(point - 1) points of the settle path")
                if point == 1 { tally.violation("the server has no fault points: a release?") }
                break
            }
        }
        try await restart(dyingAt: nil)
    }

    private func restart(dyingAt point: Int?) async throws {
        town.estate.killServer()
        let fault = point.map { ["LATCHKEY_FAULT": "settle:\($0)"] } ?? [:]
        try await town.estate.start(environment: fault)
    }

    private func hasDied(or isDone: () async throws -> Bool) async throws -> Bool {
        var died = false
        try await eventually("the server dies or the key is rotated", within: .seconds(30)) {
            if town.estate.running?.code != nil {
                died = true
                return true
            }
            return try await isDone()
        }
        // It may have died just behind the last message.
        if !died { try await Task.sleep(for: .milliseconds(50)) }
        return died || town.estate.running?.code != nil
    }
}

extension Lamp {
    /// Whether the device uses a later generation.
    fileprivate func isPast(_ epoch: Int) async throws -> Bool {
        let now = try await primaries()
        return !now.isEmpty && now.allSatisfy { $0.epoch > epoch }
    }
}
