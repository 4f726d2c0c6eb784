internal import ArgumentParser

/// The `latchkey` command, from its arguments to its exit code.
public enum CommandLineTool {
    /// Runs the command that the arguments name.
    public static func run(_ arguments: [String]) async -> Int32 {
        let console = Console.current
        do {
            var command = try Latchkey.parseAsRoot(arguments)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            return ExitReason.done.rawValue
        } catch let failure as Failure {
            console.note(safe("latchkey: \(failure)"))
            return failure.status.rawValue
        } catch {
            // Help and the version come this way, too, and are no errors.
            let code = Latchkey.exitCode(for: error)
            let message = Latchkey.fullMessage(for: error)
            if !message.isEmpty {
                code == .success ? console.print(message) : console.note(safe(message))
            }
            return code.rawValue
        }
    }

    /// Lines without what could move the cursor: they repeat arguments and the server's words.
    private static func safe(_ message: String) -> String {
        let lines = message.split(separator: "\n", omittingEmptySubsequences: false)
        return lines.map { printable(String($0)) }.joined(separator: "\n")
    }
}
