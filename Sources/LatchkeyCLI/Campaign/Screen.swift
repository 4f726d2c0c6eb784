/// Lines at the end of a terminal that are drawn over and over.
struct Screen {
    /// Lengths of the lines drawn last, as they stand on the terminal.
    private var drawn: [Int] = []

    /// Replaces what was drawn; one write, so that nothing flickers.
    ///
    /// A terminal that became narrower has broken the old lines: the rows that they take now are what
    /// the cursor goes up.
    mutating func draw(_ lines: [String], columns: Int) -> String {
        let rows = drawn.reduce(0) { $0 + max(1, ($1 + columns - 1) / columns) }
        drawn = lines.map(Self.length)
        // Begin and end of a synchronized update: a terminal that does not know them ignores them.
        var text = "\u{1B}[?2026h"
        if rows > 0 { text += "\u{1B}[\(rows)A\r" }
        for line in lines { text += line + "\u{1B}[K\n" }
        return text + "\u{1B}[J\u{1B}[?2026l"
    }

    /// Columns that a line takes; colours take none.
    private static func length(_ line: String) -> Int {
        var count = 0
        var isEscape = false
        for character in line {
            if character == "\u{1B}" {
                isEscape = true
            } else if isEscape {
                isEscape = character != "m"
            } else {
                count += 1
            }
        }
        return count
    }
}
