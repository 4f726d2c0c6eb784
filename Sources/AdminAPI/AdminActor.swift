/// Who asks, as the audit log names them: `uid:` and the account's name, or its number without one.
public struct AdminActor: Hashable, Sendable, CustomStringConvertible {
    /// The text for the audit log.
    public let description: String

    /// Wraps a text that the server made itself.
    public init(_ text: String) { description = text }
}
