internal import AdminModel

/// What a command's end tells the shell; a part of the interface that scripts rely on.
package enum ExitReason: Int32, Sendable, CaseIterable {
    /// Done.
    case done = 0
    /// The server refused a value.
    case refused = 1
    /// A local file can't be used, or a question was not answered with yes.
    case local = 2
    /// No server answers on the socket.
    case unreachable = 3
    /// This account may not administer the server.
    case notPermitted = 4
    /// No such thing.
    case notFound = 5
    /// It exists already, or its state does not allow this.
    case conflict = 6
    /// The server is busy or failed inside; the same command may work later.
    case serverFailed = 7
    /// Not every key settled in time.
    case notSettled = 8
    /// The audit log was changed.
    case auditDamaged = 9
    /// The campaign was cancelled.
    case cancelled = 10
    /// The campaign waits for a person, and watching was to end there.
    case waitsForPerson = 11
    /// Ctrl-C; what was asked for goes on.
    case interrupted = 130
    /// The command line can't be understood (EX_USAGE).
    case usage = 64

    /// The one place where the server's problems become exit codes.
    init(_ code: AdminProblem.Code) {
        switch code {
        case .notPermitted: self = .notPermitted
        case .notFound: self = .notFound
        case .conflict: self = .conflict
        case .busy, .storeFailed, .failed: self = .serverFailed
        default: self = .refused
        }
    }

    /// For the end of each command's help.
    static let help = """
        EXIT CODES
          0  done                          5  no such thing
          1  refused by the server         6  exists, or in the wrong state
          2  local file, or not confirmed  7  server busy or failing: try again
          3  no server on the socket       8  not all keys settled
          4  not permitted                 9  audit log damaged
          10 the campaign was cancelled    11 the campaign waits for a person
          64 wrong usage                   130 interrupted: what was asked for goes on
        """
}

/// Why a command ends without being done.
package struct Failure: Error, CustomStringConvertible {
    /// For the shell.
    package let status: ExitReason
    /// For the person: what is wrong, and what to do next.
    package let description: String

    init(_ status: ExitReason, _ description: String) {
        self.status = status
        self.description = description
    }

    /// The server's words, one line for each detail.
    init(_ problem: AdminProblem) {
        let details = problem.details.compactMap { detail in
            if let line = detail.line { return "  line \(line): \(detail.message)" }
            guard let input = detail.input, let column = detail.column else { return nil }
            return Self.pointing(into: input, at: column)
        }
        self.init(
            ExitReason(problem.code),
            ([problem.message] + details).joined(separator: "\n")
        )
    }

    /// A text that can't be understood, with a mark under the place; long ones are cut around it.
    private static func pointing(into input: String, at column: Int) -> String {
        let characters = Array(input)
        let place = min(max(column, 1), characters.count + 1) - 1
        let start = max(0, place - 40)
        let part = String(characters[start..<min(characters.count, start + 72)])
        return "  \(part)\n  \(String(repeating: " ", count: place - start))^"
    }
}
