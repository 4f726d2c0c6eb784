/// Why bytes are not the CBOR that was asked for.
public struct CBORError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of fault it is.
    public enum Code: Hashable, Sendable {
        /// The input ends inside an item.
        case truncated
        /// A head, a map order or an item is legal CBOR but not the deterministic encoding.
        case notDeterministic
        /// Indefinite lengths, tags, floats, unassigned simple values: never used here.
        case unsupported
        /// An item of another type than the one asked for.
        case wrongType
        /// A length, a count, a nesting or a number is past its limit.
        case limit
        /// Bytes follow where the item or the sequence should have ended.
        case trailing
        /// A text string is not UTF-8.
        case notText
    }

    /// What kind of fault it is.
    public let code: Code
    /// What was expected and what was found.
    public let detail: String

    /// Names a fault.
    public init(_ code: Code, _ detail: String) {
        self.code = code
        self.detail = detail
    }

    /// The kind and the detail on one line.
    public var description: String { "\(code): \(detail)" }

    /// Equal by kind: the detail is for people.
    public static func == (left: Self, right: Self) -> Bool { left.code == right.code }

    /// Hashes the kind alone.
    public func hash(into hasher: inout Hasher) { hasher.combine(code) }
}
