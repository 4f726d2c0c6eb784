internal import Glibc

/// Writes text and a line feed to standard output.
func say(_ text: String) {
    // A reader that has gone, as `head` does, is no fault.
    guard !write(text, to: STDOUT_FILENO), errno != EPIPE else { return }
    complain("cannot write the output: \(unsafe String(cString: strerror(errno)))")
    exit(ExitCode.failed.rawValue)
}

/// Writes what went wrong to standard error.
func complain(_ text: String) {
    // It may repeat an argument, which must not move the cursor.
    let scalars = text.unicodeScalars.map { scalar in
        scalar != "\n" && scalar.properties.generalCategory == .control ? "?" : scalar
    }
    write("latchkey-agent: " + String(String.UnicodeScalarView(scalars)), to: STDERR_FILENO)
}

@discardableResult
private func write(_ text: String, to descriptor: CInt) -> Bool {
    var rest = Array((text + "\n").utf8)[...]
    while !rest.isEmpty {
        let count = unsafe rest.withUnsafeBytes {
            unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
        }
        guard count > 0 || errno == EINTR else { return false }
        rest = rest.dropFirst(max(0, count))
    }
    return true
}

/// A value of JSON, as far as this program prints any.
indirect enum JSON {
    case text(String)
    case number(UInt64)
    case truth(Bool)
    case null
    case list([JSON])
    case object([(String, JSON)])

    /// The text, on one line.
    var description: String {
        switch self {
        case .text(let text): Self.quoted(text)
        case .number(let number): "\(number)"
        case .null: "null"
        case .truth(let isTrue): isTrue ? "true" : "false"
        case .list(let items): "[" + items.map(\.description).joined(separator: ",") + "]"
        case .object(let members):
            "{"
                + members.map { "\(Self.quoted($0)):\($1.description)" }.joined(separator: ",")
                + "}"
        }
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}

/// Columns as wide as their widest cell.
func table(_ rows: [[String]]) -> String {
    guard let columns = rows.first?.indices else { return "" }
    let widths = columns.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
        zip(row, widths).enumerated().map { index, cell in
            let isLast = index == row.count - 1
            return isLast
                ? cell.0 : cell.0 + String(repeating: " ", count: cell.1 - cell.0.count)
        }.joined(separator: "  ")
    }.joined(separator: "\n")
}
