internal import Synchronization

/// What was done to the estate, and what broke.
final class Tally: Sendable {
    private struct Counts: Sendable {
        var faults: [String: Int] = [:]
        var rotations = 0
        var stranded: [String] = []
        var violations: [String] = []
    }

    private let agents: Int
    private let counts = Mutex(Counts())

    init(agents: Int) { self.agents = agents }

    var isClean: Bool { counts.withLock { $0.stranded.isEmpty && $0.violations.isEmpty } }

    func fault(_ kind: String, _ number: Int = 1) {
        counts.withLock { $0.faults[kind, default: 0] += number }
    }

    func rotated(_ number: Int) { counts.withLock { $0.rotations += number } }

    func stranded(_ device: String) { counts.withLock { $0.stranded.append(device) } }

    func violation(_ text: String) {
        print("VIOLATION: \(text)")
        counts.withLock { $0.violations.append(text) }
    }

    /// The table for people, and the line for programs.
    func show() {
        let counts = counts.withLock { $0 }
        let width = counts.faults.keys.map(\.count).max() ?? 0
        for (kind, number) in counts.faults.sorted(by: { $0.key < $1.key }) {
            let gap = String(repeating: " ", count: width - kind.count + 2)
            print("  \(kind)\(gap)\(number)")
        }
        for device in counts.stranded { print("STRANDED: \(device)") }
        let faults = counts.faults.values.reduce(0, +)
        print(
            """
            {"agents":\(agents),"rotations":\(counts.rotations),"faults":\(faults),\
            "stranded":\(counts.stranded.count),"violations":\(counts.violations.count)}
            """
        )
    }
}
