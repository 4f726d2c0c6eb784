internal import ArgumentParser

/// The load generator behind `make bench`: many devices in one process, and the bare cost of a handshake.
@main
struct LatchkeyLoad: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "latchkey-load",
        abstract: "Measures Latchkey: handshakes alone, or a fleet of simulated devices.",
        discussion: """
            Each command prints one flat JSON object, name → number. The devices speak over \
            one connection, whose account must be allowed on all topics; never let a real broker have \
            such an account.
            """,
        subcommands: [Handshake.self, FleetLoad.self, CampaignLoad.self]
    )
}

/// Prints results as one JSON object, names in order.
func printResults(_ results: [String: Double]) {
    let lines = results.sorted { $0.key < $1.key }.map { name, value in
        "  \"\(name)\": \((value * 1000).rounded() / 1000)"
    }
    print("{\n\(lines.joined(separator: ",\n"))\n}")
}
