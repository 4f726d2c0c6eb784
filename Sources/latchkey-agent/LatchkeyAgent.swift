internal import AgentKit
internal import Glibc

/// The program: parses, runs one command, and ends with its code.
@main
struct LatchkeyAgent {
    static func main() {
        let words = Array(CommandLine.arguments.dropFirst())
        let thread = AgentThread()
        // Not an asynchronous `main`: the runtime's pool would be started for it, and stay.
        Task(executorPreference: thread) { exit(await code(words, on: thread)) }
        thread.run()
    }

    private static func code(_ words: [String], on thread: AgentThread) async -> CInt {
        do throws(Failure) {
            try System.harden()
            try await dispatch(words, on: thread)
            return ExitCode.done.rawValue
        } catch {
            complain(error.message)
            if error.code == .usage { complain("latchkey-agent --help tells more") }
            return error.code.rawValue
        }
    }

    private static func dispatch(
        _ words: [String],
        on thread: AgentThread
    ) async throws(Failure) {
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
        case "enrol": try await enrol(rest, on: thread)
        case "run": try await run(rest, on: thread)
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
