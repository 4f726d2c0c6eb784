internal import Foundation
internal import Synchronization

/// What was done to the estate, and what broke.
final class Tally: Sendable {
    private struct Counts: Sendable {
        var faults: [String: Int] = [:]
        var settlePoints = 0
        var rotations = 0
        var stranded: [String] = []
        var violations: [String] = []
    }

    private let agents: Int
    private let seed: UInt64
    private let began = ContinuousClock.now
    private let counts = Mutex(Counts())

    init(agents: Int, seed: UInt64) { (self.agents, self.seed) = (agents, seed) }

    var isClean: Bool { counts.withLock { $0.stranded.isEmpty && $0.violations.isEmpty } }

    func fault(_ kind: String, _ number: Int = 1) {
        counts.withLock { $0.faults[kind, default: 0] += number }
    }

    /// At how many points of the settle path the server died.
    func walked(_ points: Int) { counts.withLock { $0.settlePoints = points } }

    func rotated(_ number: Int) { counts.withLock { $0.rotations += number } }

    func stranded(_ device: String) { counts.withLock { $0.stranded.append(device) } }

    func violation(_ text: String) {
        say("VIOLATION: \(text)")
        counts.withLock { $0.violations.append(text) }
    }

    /// The table for people, and the line for programs.
    func show() {
        let counts = counts.withLock { $0 }
        let width = counts.faults.keys.map(\.count).max() ?? 0
        for (kind, number) in counts.faults.sorted(by: { $0.key < $1.key }) {
            let gap = String(repeating: " ", count: width - kind.count + 2)
            say("  \(kind)\(gap)\(number)")
        }
        for device in counts.stranded { say("STRANDED: \(device)") }
        let faults = counts.faults.values.reduce(0, +)
        let kinds = counts.faults.sorted { $0.key < $1.key }
            .map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",")
        let seconds = began.duration(to: .now).components.seconds
        say(
            """
            {"seed":\(seed),"seconds":\(seconds),"agents":\(agents),\
            "rotations":\(counts.rotations),"settle_points":\(counts.settlePoints),\
            "faults":\(faults),"kinds":{\(kinds)},\
            "stranded":\(counts.stranded.count),"violations":\(counts.violations.count)}
            """
        )
    }
}

/// Prints a line at once: who keeps all this in a file wants to see how far it is.
func say(_ line: String) { FileHandle.standardOutput.write(Data("\(line)\n".utf8)) }
