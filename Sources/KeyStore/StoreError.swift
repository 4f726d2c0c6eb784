internal import Glibc

/// Why the store cannot do what it was asked to.
public struct StoreError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of fault it is.
    public enum Code: Hashable, Sendable {
        /// The folder or a file in it may be read by others, or belongs to somebody else.
        case tooOpen
        /// The folder does not exist, or this process may not use it.
        case notPermitted
        /// Another agent works on the folder.
        case locked
        /// No room is left; what was stored before is untouched.
        case full
        /// A file is damaged, was exchanged for another, or is missing.
        case corrupt
        /// A file is of a format that this version does not know.
        case newerFormat
        /// The key that opens the records is missing or is another one.
        case noKey
        /// The record does not allow it: another fleet, another name, a retired device.
        case refused
        /// No device is set up in the folder.
        case empty
        /// The system or the crypto library failed.
        case system
    }

    /// What kind of fault it is.
    public let code: Code
    /// What was expected and what was found, and what to do.
    public let detail: String

    /// Names a fault.
    public init(_ code: Code, _ detail: String) {
        self.code = code
        self.detail = detail
    }

    /// What a failed call of the system means.
    init(errno number: CInt, _ path: String, _ action: String) {
        let words = unsafe String(cString: strerror(number))
        switch number {
        case ENOSPC, EDQUOT, EFBIG:
            self.init(.full, "no room to \(action) \(path): \(words)")
        case EACCES, EPERM, EROFS, ENOENT, ENOTDIR:
            self.init(.notPermitted, "cannot \(action) \(path): \(words)")
        default:
            self.init(.system, "cannot \(action) \(path): \(words)")
        }
    }

    /// What is wrong, for people.
    public var description: String { detail }

    /// Equal by kind: the detail is for people.
    public static func == (left: Self, right: Self) -> Bool { left.code == right.code }

    /// Hashes the kind alone.
    public func hash(into hasher: inout Hasher) { hasher.combine(code) }
}
