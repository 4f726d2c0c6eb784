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
    /// Whether the output may be coloured.
    package var hasColor: Bool
    /// Columns and rows of the terminal now; nil for none.
    package var terminalSize: @Sendable () -> (columns: Int, rows: Int)?
    /// Each time that a person presses Ctrl-C, from now on; ends at once where nobody can.
    package var interruptions: @Sendable () -> AsyncStream<Void>

    /// States all of it.
    package init(
        output: @escaping @Sendable (String) -> Void,
        error: @escaping @Sendable (String) -> Void,
        isOutputTerminal: Bool = false,
        isInputTerminal: Bool = false,
        readLine: @escaping @Sendable () -> String? = { nil },
        hasColor: Bool = false,
        terminalSize: @escaping @Sendable () -> (columns: Int, rows: Int)? = { nil },
        interruptions: @escaping @Sendable () -> AsyncStream<Void> = { AsyncStream { $0.finish() } }
    ) {
        self.output = output
        self.error = error
        self.isOutputTerminal = isOutputTerminal
        self.isInputTerminal = isInputTerminal
        self.readLine = readLine
        self.hasColor = hasColor
        self.terminalSize = terminalSize
        self.interruptions = interruptions
    }

    private static let standard = Console(
        output: { write($0, to: STDOUT_FILENO) },
        error: { write($0, to: STDERR_FILENO) },
        isOutputTerminal: isatty(STDOUT_FILENO) == 1,
        isInputTerminal: isatty(STDIN_FILENO) == 1,
        readLine: { Swift.readLine() },
        hasColor: isatty(STDOUT_FILENO) == 1 && wantsColor,
        terminalSize: { sizeOfTerminal() },
        interruptions: { Interruption.stream() }
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

/// Whether the environment lets us colour: https://no-color.org, and terminals that can't.
private var wantsColor: Bool {
    if let value = unsafe getenv("NO_COLOR"), unsafe value.pointee != 0 { return false }
    guard let value = unsafe getenv("TERM") else { return false }
    return unsafe String(cString: value) != "dumb"
}

private func sizeOfTerminal() -> (columns: Int, rows: Int)? {
    var size = winsize()
    guard unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0,
        size.ws_row > 0
    else { return nil }
    return (Int(size.ws_col), Int(size.ws_row))
}
