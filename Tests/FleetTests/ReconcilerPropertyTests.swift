import Fleet
import KeyExchange
import Testing

/// Random states of both sides, led by the plans alone.
@Suite struct ReconcilerPropertyTests {
    /// A life that both sides can have had: words of admins, sessions that break anywhere.
    private func live(
        _ pair: inout ToyPair,
        withCompromise: Bool,
        _ random: inout SeededGenerator
    ) throws {
        pair.now += Int64.random(in: 0...60, using: &random)
        switch Int.random(in: 0..<12, using: &random) {
        case 0: pair.rotate()
        case 1: pair.suspend()
        case 2: pair.resume()
        case 3: pair.sweep()
        case 4: pair.endGraces()
        case 5 where withCompromise: pair.compromise()
        case 6 where random.chance(200): pair.held = []
        case 7:
            let failure = FailureKind.allCases.randomElement(using: &random)
            _ = try pair.talk(to: .settled, failing: failure)
        default:
            let reach = ToyPair.Reach.allCases.randomElement(using: &random) ?? .settled
            let before = pair
            let plan = try pair.talk(to: reach)
            check(plan, of: before)
        }
    }

    /// States that no history leads to.
    private func nonsense(_ random: inout SeededGenerator) throws -> ToyPair {
        var pair = try ToyPair(grace: random.chance(500) ? 60 : 0)
        let gone: [KeyState] = [.withdrawn, .destroyed, .destroyedCompromised]
        let latest = KeyState.allCases.filter { ![.preActive, .deactivated].contains($0) }
        for number in 1...Int.random(in: 1...5, using: &random) where random.chance(800) {
            let state = random.chance(300) ? latest : gone + [.superseded, .compromised]
            var record = try Story.record(
                UInt32(number),
                state.randomElement(using: &random) ?? .active
            )
            record.thumbprint = try pair.newThumbprint()
            if random.chance(200) { record.rotateAt = pair.now }
            if record.state == .withdrawn {
                record.failure = FailureKind.allCases.randomElement(using: &random)
            }
            let has = { (states: [KeyState]) in
                pair.records.contains { states.contains($0.state) }
            }
            // What the registry never writes: see `TransitionTests` for what it does.
            switch record.state {
            case .active where has([.active, .suspended, .compromised]): continue
            case .suspended where has([.active, .suspended]): continue
            case .superseded where has([.active, .suspended]): continue
            case .compromised where has([.active]): continue
            case .offered where has([.suspended]): continue
            default: break
            }
            if has([.offered]) { break }
            pair.records.append(record)
        }
        for number in 1...8 as ClosedRange<UInt32> where random.chance(300) {
            let known = pair.records.first { $0.epoch.number == number }?.thumbprint
            let material =
                random.chance(700) ? try known ?? pair.newThumbprint() : try pair.newThumbprint()
            pair.held.append(
                Report.HeldEpoch(
                    epoch: try Story.epoch(number),
                    state: Report.EpochState.allCases.randomElement(using: &random) ?? .primary,
                    check: material.check
                )
            )
        }
        return pair
    }

    /// What holds for the plan of any two states.
    private func check(_ plan: Plan, of pair: ToyPair, _ seed: UInt64 = 0) {
        let all = pair.records.map(\.epoch) + pair.held.map(\.epoch)
        for offer in plan.offers {
            if offer.isNew {
                #expect(all.allSatisfy { $0 < offer.epoch }, "seed \(seed): \(pair)")
            } else {
                let states = pair.records.filter { $0.epoch == offer.epoch }.map(\.state)
                #expect(states == [.offered] || states == [.active], "seed \(seed): \(pair)")
            }
        }
        for verdict in plan.verdicts {
            switch verdict.action {
            case .activate(let epoch, _):
                let states = pair.records.filter { $0.epoch == epoch }.map(\.state)
                // A compromised one alone where nothing else that the device uses is accepted.
                let isLastResort = states == [.compromised] && !pair.usesCommonKey
                #expect(
                    states == [.active] || states == [.suspended] || isLastResort,
                    "seed \(seed): \(pair)"
                )
            case .discard(let epoch):
                let used = pair.held.contains { $0.epoch == epoch && $0.state == .primary }
                #expect(!used, "seed \(seed): \(pair)")
            case .remove: Issue.record("seed \(seed): nobody has retired the key: \(pair)")
            case .suspend, .resume: break
            }
        }
    }

    /// Nothing gets lost, an admin asks once, and graces end: then both sides say the same.
    private func agree(_ pair: inout ToyPair, _ seed: UInt64) throws {
        pair.resume()
        pair.rotate()
        for _ in 1...6 {
            let before = pair
            check(try pair.talk(to: .settled), of: before, seed)
            pair.now += 3600
            pair.sweep()
            pair.endGraces()
        }
        #expect(pair.plan == Plan(), "seed \(seed): \(pair)")
        let active = pair.records.filter { $0.state == .active }
        #expect(active.count == 1, "seed \(seed): \(pair)")
        #expect(pair.held.map(\.epoch) == active.map(\.epoch), "seed \(seed): \(pair)")
        #expect(pair.held.map(\.check) == active.map(\.thumbprint.check), "seed \(seed): \(pair)")
        #expect(pair.held.map(\.state) == [.primary], "seed \(seed): \(pair)")
        #expect(
            pair.records.allSatisfy { $0.state == .active || !$0.state.hasMaterial },
            "seed \(seed): \(pair)"
        )
    }

    @Test
    func `whatever is lost, the server accepts what the device uses, and both agree in the end`()
        throws
    {
        for seed in 1...300 as ClosedRange<UInt64> {
            var random = SeededGenerator(seed: seed)
            var pair = try ToyPair(grace: random.chance(500) ? 60 : 0)
            _ = try pair.talk(to: .settled)
            var highest: UInt32 = 1
            for _ in 1...80 {
                let before = pair
                try live(&pair, withCompromise: false, &random)
                #expect(pair.isUseKnown, "seed \(seed): \(before) became \(pair)")
                let latest = pair.records.map(\.epoch.number).max() ?? 0
                #expect(latest >= highest, "seed \(seed)")
                highest = latest
            }
            try agree(&pair, seed)
        }
    }

    @Test func `a key that others may know takes no common key away before the next is there`()
        throws
    {
        for seed in 1...300 as ClosedRange<UInt64> {
            var random = SeededGenerator(seed: seed)
            var pair = try ToyPair(grace: random.chance(500) ? 60 : 0)
            _ = try pair.talk(to: .settled)
            for _ in 1...80 {
                let before = pair
                try live(&pair, withCompromise: true, &random)
                // A device that lost everything uses nothing until it has come again, and what was put
                // aside is accepted no more because somebody wanted it so.
                if before.usesCommonKey, !pair.held.isEmpty, !pair.isPutAside {
                    #expect(pair.hasCommonKey, "seed \(seed): \(before) became \(pair)")
                }
            }
            try agree(&pair, seed)
        }
    }

    @Test func `from any two states, however absurd, the plans lead to one`() throws {
        for seed in 1...3000 as ClosedRange<UInt64> {
            var random = SeededGenerator(seed: seed)
            var pair = try nonsense(&random)
            check(pair.plan, of: pair, seed)
            try agree(&pair, seed)
        }
    }

    @Test func `a plan that is made twice of the same states is the same`() throws {
        for seed in 1...1000 as ClosedRange<UInt64> {
            var random = SeededGenerator(seed: seed)
            let pair = try nonsense(&random)
            let first = pair.plan
            #expect(pair.plan == first, "seed \(seed)")
            var mixed = pair
            mixed.records.shuffle(using: &random)
            #expect(mixed.plan == first, "seed \(seed): the order of rows counts: \(pair)")
        }
    }
}
