/// The version of an agent in a form that can be compared: up to four numbers with dots.
///
/// `0.3` equals `0.3.0`. What follows the numbers after a `-` is a version before them (`0.3-rc1` is less
/// than `0.3`, and all such are equal); what follows a `+` is left out.
public struct AgentVersion: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The version as one number that sorts as versions do: for an index.
    public let sortKey: Int64

    /// The largest number between two dots; a larger one is taken for this.
    public static let maximumPart = 0x7fff

    /// Reads a version; nil for a text that does not begin with a number.
    public init?(parsing text: some StringProtocol) {
        let bytes = Array(text.utf8.prefix(64))
        var parts: [Int] = []
        var index = 0
        while index < bytes.count, parts.count < 4, Self.isDigit(bytes[index]) {
            var part = 0
            while index < bytes.count, Self.isDigit(bytes[index]) {
                part = min(part * 10 + Int(bytes[index] - UInt8(ascii: "0")), Self.maximumPart)
                index += 1
            }
            parts.append(part)
            guard index < bytes.count, bytes[index] == UInt8(ascii: ".") else { break }
            index += 1
        }
        guard !parts.isEmpty else { return nil }
        let isBefore = index < bytes.count && bytes[index] == UInt8(ascii: "-")
        var key: Int64 = 0
        for place in 0..<4 { key = key << 15 | Int64(place < parts.count ? parts[place] : 0) }
        sortKey = key << 1 | (isBefore ? 0 : 1)
    }

    /// The shortest text that reads as the same version.
    public var description: String {
        var parts = (0..<4).map { sortKey >> (46 - 15 * Int64($0)) & 0x7fff }
        while parts.count > 1, parts.last == 0 { parts.removeLast() }
        return parts.map { "\($0)" }.joined(separator: ".") + (sortKey & 1 == 0 ? "-pre" : "")
    }

    /// Orders by the numbers.
    public static func < (left: Self, right: Self) -> Bool { left.sortKey < right.sortKey }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
