/// Why a text is not a query, and where.
public struct QueryError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The first character that does not fit, counted from 1.
    public let column: Int
    /// What was expected and what was found.
    public let reason: String

    /// States both.
    public init(column: Int, reason: String) {
        self.column = column
        self.reason = reason
    }

    /// Both on one line.
    public var description: String { "column \(column): \(reason)" }
}
