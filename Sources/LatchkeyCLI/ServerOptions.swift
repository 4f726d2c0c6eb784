internal import ArgumentParser
internal import Glibc

/// Which server a command talks to.
struct ServerOptions: ParsableArguments {
    static let standardSocket = "/run/latchkey/admin.sock"

    @Option(
        name: .customLong("socket"),
        help: ArgumentHelp(
            "The server's admin socket (default: $LATCHKEY_SOCKET or \(standardSocket)).",
            valueName: "path"
        ),
        completion: .file()
    )
    var givenSocket: String?

    var socket: String {
        if let givenSocket { return givenSocket }
        guard let value = unsafe getenv("LATCHKEY_SOCKET") else { return Self.standardSocket }
        let text = unsafe String(cString: value)
        return text.isEmpty ? Self.standardSocket : text
    }
}

/// Whether a command prints for people or for programs.
struct OutputOptions: ParsableArguments {
    @Flag(name: .customLong("json"), help: "Print JSON instead of a table.")
    var isJSON = false
}

/// A command that needs the server.
protocol AdminCommand: AsyncParsableCommand {
    var server: ServerOptions { get }
    func perform(with client: AdminClient) async throws
}

extension AdminCommand {
    func run() async throws {
        try await AdminClient.connected(to: server.socket) { try await perform(with: $0) }
    }
}
