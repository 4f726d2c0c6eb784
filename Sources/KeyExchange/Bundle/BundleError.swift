/// Why a text is not a bundle that can be used.
public struct BundleError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of fault it is.
    public enum Code: Hashable, Sendable {
        /// The text is something else than a bundle.
        case notABundle
        /// The bundle is of a format that this version does not know.
        case newerFormat
        /// Characters are missing, added or changed.
        case damaged
        /// The bundle is whole, but what it says cannot be.
        case invalid
    }

    /// What kind of fault it is.
    public let code: Code
    /// What was expected and what was found, and what to do; never any of the bundle's secrets.
    public let detail: String

    init(_ code: Code, _ detail: String) {
        self.code = code
        self.detail = detail
    }

    /// What is wrong, for people.
    public var description: String { detail }

    /// Equal by kind: the detail is for people.
    public static func == (left: Self, right: Self) -> Bool { left.code == right.code }

    /// Hashes the kind alone.
    public func hash(into hasher: inout Hasher) { hasher.combine(code) }
}
