/// Why the admin socket can't be served.
public struct AdminServerError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kinds.
    public enum Code: Hashable, Sendable {
        /// The path does not fit into a socket address.
        case pathTooLong
        /// Something else has this name.
        case notASocket
        /// Another server answers there.
        case inUse
        /// The folder is missing, not writable or the like.
        case unusable
    }

    /// The kind.
    public let code: Code
    /// What is wrong and what to do, for the log.
    public let description: String

    init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }
}
