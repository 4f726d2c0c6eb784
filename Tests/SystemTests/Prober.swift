import EstateHarness
import BrokerHarness

/// Runs tools of the operating system.
enum Prober {
    /// A tool's exit status.
    static func run(_ words: [String], output: String, in folder: String) throws -> Int32 {
        let child = try Subprocess(words[0], Array(words.dropFirst()), in: folder, output: output)
        child.waitForExit()
        return child.exitStatus() ?? -1
    }
}
