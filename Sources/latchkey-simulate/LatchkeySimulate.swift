import ArgumentParser
import Glibc
import Simulator
import Synchronization

/// Runs the whole product in one process, with every fault, under seeds.
@main
struct LatchkeySimulate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "latchkey-simulate",
        abstract:
            "Runs server, devices and a hostile broker in virtual time, and checks the promises."
    )

    @Option(help: "How many seeds to run, from 1 on.")
    var seeds: UInt64 = 200

    @Option(help: "Run this seed alone, and show everything that happens.")
    var seed: UInt64?

    @Option(help: "How many days of virtual time things break in one run.")
    var days: Double = 2

    @Option(help: "How many runs side by side.")
    var width = 2

    @Option(
        help: "Faults that do not happen, by name.",
        transform: { text in
            guard let fault = Fault(rawValue: text) else {
                let names = Fault.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValidationError("want one of \(names)")
            }
            return fault
        }
    )
    var without: [Fault] = []

    @Option(help: "The first seed.")
    var from: UInt64 = 1

    @Flag(help: "Print the last line alone.")
    var json = false

    mutating func run() async throws {
        if let seed { try await replay(seed) } else { try await runAll() }
    }

    private func replay(_ seed: UInt64) async throws {
        var options = Simulation.Options(seed: seed)
        options.days = days
        options.absent = Set(without)
        if !json { options.echo = { line in print(line) } }
        let outcome = try await Simulation(options).run()
        if !json { print("\ntrace \(String(outcome.digest, radix: 16)), \(outcome.steps) lines") }
        var balance = Trials.Balance(of: outcome)
        try finish(&balance, seconds: 0)
    }

    private func runAll() async throws {
        let (days, json, seeds, absent) = (days, json, seeds, Set(without))
        let done = Tally()
        let start = ContinuousClock.now
        let trials = Trials(seeds: from..<from + max(1, seeds)) { options in
            options.days = days
            options.absent = absent
        }
        var balance = try await trials.run(width: width) { outcome in
            let count = done.next()
            guard !json else { return }
            if let violation = outcome.violations.first {
                print("seed \(outcome.seed): \(violation.kind): \(violation.detail)")
            }
            if count.isMultiple(of: 50) { print("\(count) of \(seeds) seeds") }
            // A long run is watched through a file, too.
            fflush(nil)
        }
        try finish(&balance, seconds: (.now - start) / .seconds(1))
    }

    private func finish(_ balance: inout Trials.Balance, seconds: Double) throws {
        if !json {
            printTable(balance)
            for outcome in balance.broken.prefix(3) { printStory(outcome) }
        }
        let rate = seconds > 0 ? Double(balance.rotations) / seconds : 0
        let figures = [
            "\"seeds\":\(balance.seeds)", "\"rotations\":\(balance.rotations)",
            "\"faults\":\(balance.faultCount)", "\"stranded\":\(balance.stranded)",
            "\"violations\":\(balance.violations)",
        ]
        let extra = json ? [",\"rotations_per_s\":\(Int(rate.rounded()))"] : []
        print("{\(figures.joined(separator: ","))\(extra.joined())}")
        if balance.violations > 0 { throw ExitCode(1) }
    }

    private func printTable(_ balance: Trials.Balance) {
        print("\nfaults injected")
        for fault in Fault.allCases { row(fault.title, balance.faults[fault] ?? 0) }
        print("\nadmin actions")
        for (action, count) in balance.actions.sorted(by: { $0.key < $1.key }) {
            row(action, count)
        }
        print("")
    }

    private func row(_ title: String, _ count: Int) {
        let padding = String(repeating: " ", count: max(1, 56 - title.count))
        let number = "\(count)"
        let space = String(repeating: " ", count: max(0, 8 - number.count))
        print("  \(title)\(padding)\(space)\(number)")
    }

    private func printStory(_ outcome: Simulation.Outcome) {
        guard let violation = outcome.violations.first else { return }
        print("seed \(outcome.seed), replay it with SEED=\(outcome.seed) make simulate")
        for line in violation.story { print("  \(line)") }
        print("")
    }
}

/// Counts runs that are over, whichever comes first.
private final class Tally: Sendable {
    private let count = Atomic(0)
    func next() -> Int { count.add(1, ordering: .relaxed).newValue }
}
