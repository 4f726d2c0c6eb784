import AdminAPI
import AdminHarness
import Foundation
import LatchkeyCLI
import Synchronization

/// What a command printed and how it ended.
struct Outcome {
    let status: ExitReason?
    let output: String
    let error: String

    /// The lines of the output.
    var lines: [String] { output.split(separator: "\n").map(String.init) }

    func decoded<Value: Decodable>(_ type: Value.Type) throws -> Value {
        try JSONDecoder().decode(type, from: Data(output.utf8))
    }
}

/// A server with a way to run commands against it.
struct Shell {
    let service: FakeService
    let path: String

    /// Runs `latchkey` with these words; `answer` is what a person at the terminal types.
    func callAsFunction(_ words: String..., answer: String? = nil) async -> Outcome {
        await self(words, answer: answer)
    }

    /// The same with words that were put together.
    func callAsFunction(_ words: [String], answer: String? = nil) async -> Outcome {
        await run(words + ["--socket", path], answer: answer)
    }
}

/// Runs a story beside a server.
func withShell(
    peer: PeerCredentials? = nil,
    _ story: (Shell) async throws -> Void
) async throws {
    try await withAdminServer(peer: peer) { service, path in
        try await story(Shell(service: service, path: path))
    }
}

/// Runs `latchkey`.
func run(
    _ words: [String],
    answer: String? = nil,
    terminal: (columns: Int, rows: Int)? = nil,
    isInterrupted: Bool = false
) async -> Outcome {
    let output = Sink()
    let error = Sink()
    let console = Console(
        output: { output.add($0) },
        error: { error.add($0) },
        isOutputTerminal: terminal != nil,
        isInputTerminal: answer != nil,
        readLine: { answer },
        terminalSize: { terminal },
        interruptions: {
            AsyncStream { continuation in
                if isInterrupted { continuation.yield() }
                continuation.finish()
            }
        }
    )
    let code = await Console.$current.withValue(console) { await CommandLineTool.run(words) }
    return Outcome(status: ExitReason(rawValue: code), output: output.text, error: error.text)
}

private final class Sink: Sendable {
    private let value = Mutex("")
    var text: String { value.withLock { $0 } }
    func add(_ text: String) { value.withLock { $0 += text } }
}
