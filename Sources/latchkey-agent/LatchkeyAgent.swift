internal import Glibc

/// The program: parses, runs one command, and ends with its code.
@main
struct LatchkeyAgent {
    static func main() async {
        do throws(Failure) {
            try System.harden()
            try await dispatch(Array(CommandLine.arguments.dropFirst()))
        } catch {
            complain(error.message)
            if error.code == .usage { complain("latchkey-agent --help tells more") }
            exit(error.code.rawValue)
        }
    }

    private static func dispatch(_ words: [String]) async throws(Failure) {
        guard let command = words.first else {
            throw Failure(.usage, "want a command: enrol, run, status, keys or wipe")
        }
        let rest = words.dropFirst()
        let wantsHelp = rest.contains("--help") || rest.contains("-h")
        switch command {
        case "--help", "-h", "help": say(Help.overview)
        case "--version": say("latchkey-agent \(version)")
        case "enrol" where wantsHelp: say(Help.enrol)
        case "run" where wantsHelp: say(Help.run)
        case "status" where wantsHelp: say(Help.status)
        case "keys" where wantsHelp: say(Help.keys)
        case "wipe" where wantsHelp: say(Help.wipe)
        case "enrol": try await enrol(rest)
        case "run": try await run(rest)
        case "status": try status(rest)
        case "keys": try keys(rest)
        case "wipe": try wipe(rest)
        default:
            throw Failure(
                .usage,
                "no command \"\(command)\": want enrol, run, status, keys or wipe"
            )
        }
    }
}
