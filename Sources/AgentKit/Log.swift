internal import Glibc

/// One line for each event, on standard error: `level=info msg="…" key=value`.
///
/// No time, since the service manager writes one; and no secret, since none is a `String`.
public struct Log: Sendable {
    /// How much a line matters.
    public enum Level: String, Sendable, Comparable {
        /// For those who look for a fault.
        case debug
        /// The course of things.
        case info
        /// Something is wrong, and the agent goes on by itself.
        case warning
        /// Somebody has to do something.
        case error

        /// Orders by weight.
        public static func < (left: Self, right: Self) -> Bool { left.weight < right.weight }

        private var weight: Int {
            switch self {
            case .debug: 0
            case .info: 1
            case .warning: 2
            case .error: 3
            }
        }
    }

    private let least: Level
    private let sink: @Sendable (String) -> Void

    /// Writes lines of at least this level with `sink`.
    public init(
        from least: Level = .info,
        to sink: @escaping @Sendable (String) -> Void = Log.toStandardError
    ) {
        self.least = least
        self.sink = sink
    }

    /// Writes a line.
    public func callAsFunction(
        _ level: Level,
        _ message: String,
        _ facts: KeyValuePairs<String, String> = [:]
    ) {
        guard level >= least else { return }
        var line = "level=\(level.rawValue) msg=\(Self.quoted(message))"
        for (key, value) in facts { line += " \(key)=\(Self.quoted(value))" }
        sink(line)
    }

    /// Writes a line to standard error in one call, so that lines do not mix.
    public static let toStandardError: @Sendable (String) -> Void = { line in
        let bytes = Array((line + "\n").utf8)
        unsafe bytes.withUnsafeBytes { unsafe _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    /// A value that can't break the line, whoever chose it.
    private static func quoted(_ text: String) -> String {
        let isPlain = !text.isEmpty && text.utf8.allSatisfy { $0 > 0x22 && $0 < 0x7f && $0 != 0x3d }
        if isPlain { return text }
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case _ where scalar.value < 0x20 || scalar.value == 0x7f: result += " "
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
