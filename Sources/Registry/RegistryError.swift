/// Why the registry did not do what it was asked.
public struct RegistryError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of fault, for a program to act on.
    public enum Code: String, Hashable, Sendable, CaseIterable {
        /// The queue of changes is full; try again later.
        case busy
        /// The folder holds no fleet.
        case missing
        /// The folder holds a fleet already.
        case exists
        /// Another server works on the folder.
        case locked
        /// The database was written by a newer version.
        case newerVersion
        /// Folder or file may not be written.
        case readOnly
        /// The disk is full; nothing was changed.
        case diskFull
        /// The database or a sealed record is damaged.
        case damaged
        /// There is no root key.
        case rootKeyMissing
        /// The root key is that of another fleet.
        case rootKeyWrong
        /// Others than its owner may read the root key.
        case rootKeyExposed
        /// Nothing has this name.
        case notFound
        /// It is there already, or in a state that does not allow this.
        case conflict
        /// A setting is out of its range.
        case invalid
        /// The operating system or a library failed.
        case failed
    }

    /// The kind of fault.
    public let code: Code
    /// What was expected and what was found, for people.
    public let detail: String
    /// The bad lines of an import, when it was one.
    public let rows: [String]

    /// States all of it.
    public init(_ code: Code, _ detail: String, rows: [String] = []) {
        self.code = code
        self.detail = detail
        self.rows = rows
    }

    /// Kind and detail on one line.
    public var description: String { "\(code.rawValue): \(detail)" }
}
