internal import FoundationEssentials

/// Rows in aligned columns, printed part by part so that a long list begins at once.
struct Table {
    private let heads: [String]
    private var widths: [Int]
    private var isBegun = false
    /// How many rows were printed.
    private(set) var count = 0

    init(_ heads: String...) {
        self.heads = heads
        widths = heads.map(\.count)
    }

    mutating func print(_ rows: [[String]]) {
        guard !rows.isEmpty else { return }
        let rows = rows.map { $0.map(printable) }
        for row in rows {
            for (index, cell) in row.enumerated() { widths[index] = max(widths[index], cell.count) }
        }
        let console = Console.current
        if !isBegun {
            let line = aligned(heads)
            console.print(console.hasColor ? "\u{1B}[1m\(line)\u{1B}[0m" : line)
            isBegun = true
        }
        for row in rows { console.print(aligned(row)) }
        count += rows.count
    }

    private func aligned(_ cells: [String]) -> String {
        var line = ""
        for (cell, width) in zip(cells, widths) {
            line += cell + String(repeating: " ", count: width - cell.count + 2)
        }
        while line.last == " " { line.removeLast() }
        return line
    }
}

/// Text without what could move the cursor: a device's version text comes from the device.
func printable(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.map { isControl($0) ? "?" : $0 }))
}

private func isControl(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: true
    default: false
    }
}

/// A JSON array that is printed part by part.
struct JSONList {
    private var isBegun = false

    mutating func print(_ items: [some Encodable]) throws {
        for item in items {
            Console.current.output(isBegun ? ",\n" : "[\n")
            Console.current.output(try json(item))
            isBegun = true
        }
    }

    func end() { Console.current.print(isBegun ? "\n]" : "[]") }
}

/// A value as JSON that people can read, too.
func json(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
}

/// A value as JSON on one line, for programs that read lines.
func compactJSON(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
}
