internal import Glibc

/// Where a command reads and writes; the terminal, or what a test puts in its place.
package struct Console: Sendable {
    /// The one of the command that runs.
    @TaskLocal package static var current = Console.standard

    /// Takes what was asked for.
    package var output: @Sendable (String) -> Void
    /// Takes what a person should know besides.
    package var error: @Sendable (String) -> Void
    /// Whether a person reads the output.
    package var isOutputTerminal: Bool
    /// Whether a person can answer.
    package var isInputTerminal: Bool
    /// One line of an answer.
    package var readLine: @Sendable () -> String?

    /// States all of it.
    package init(
        output: @escaping @Sendable (String) -> Void,
        error: @escaping @Sendable (String) -> Void,
        isOutputTerminal: Bool = false,
        isInputTerminal: Bool = false,
        readLine: @escaping @Sendable () -> String? = { nil }
    ) {
        self.output = output
        self.error = error
        self.isOutputTerminal = isOutputTerminal
        self.isInputTerminal = isInputTerminal
        self.readLine = readLine
    }

    private static let standard = Console(
        output: { write($0, to: STDOUT_FILENO) },
        error: { write($0, to: STDERR_FILENO) },
        isOutputTerminal: isatty(STDOUT_FILENO) == 1,
        isInputTerminal: isatty(STDIN_FILENO) == 1,
        readLine: { Swift.readLine() }
    )

    /// Writes a line and its end.
    func print(_ line: String) { output(line + "\n") }

    /// Writes a line for a person, and its end.
    func note(_ line: String) { error(line + "\n") }
}

private func write(_ text: String, to descriptor: Int32) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
        let written = unsafe rest.withUnsafeBytes {
            unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
        }
        if written < 0 {
            if errno == EINTR { continue }
            // The reader has gone, as `head` does: nobody is left to tell.
            guard errno != EPIPE, descriptor == STDOUT_FILENO else { exit(128 + SIGPIPE) }
            let reason = errorText(errno)
            write("latchkey: can't write the output: \(reason)\n", to: STDERR_FILENO)
            exit(ExitReason.local.rawValue)
        }
        rest = rest.dropFirst(written)
    }
}
