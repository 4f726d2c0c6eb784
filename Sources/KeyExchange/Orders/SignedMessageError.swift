/// Why bytes are not an order, or not an announcement, that this device may act on.
public struct SignedMessageError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of fault it is.
    public enum Code: Hashable, Sendable {
        /// The bytes do not follow the protocol.
        case malformed
        /// The message is of a version that this side does not know.
        case wrongVersion
        /// It is for another fleet.
        case wrongFleet
        /// It is for another device.
        case wrongDevice
        /// It is of another server than the one that sent it.
        case wrongServer
        /// The command key did not sign it, or not for this purpose.
        case badSignature
        /// It names a public key that is none.
        case badKey
    }

    /// What kind of fault it is.
    public let code: Code
    /// What was expected and what was found, for the log.
    public let detail: String

    init(_ code: Code, _ detail: String) {
        self.code = code
        self.detail = detail
    }

    init(_ error: MessageError) { self.init(.malformed, error.description) }

    /// Kind and detail on one line.
    public var description: String { "\(code): \(detail)" }

    /// Equal by kind: the detail is for people.
    public static func == (left: Self, right: Self) -> Bool { left.code == right.code }

    /// Hashes the kind alone.
    public func hash(into hasher: inout Hasher) { hasher.combine(code) }
}

/// Why bytes are not an order for this device.
public typealias OrderError = SignedMessageError
/// Why bytes are not an anchor of this fleet.
public typealias AnchorError = SignedMessageError
