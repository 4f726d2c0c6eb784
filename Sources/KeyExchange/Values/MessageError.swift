public import CBOR

/// Why a message of a peer is not one of ours.
public struct MessageError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was expected and what was found, for the log.
    public let description: String

    /// Names the fault.
    public init(_ description: String) { self.description = description }

    /// A fault of the encoding.
    public init(_ error: CBORError) { description = error.description }

    /// A bad name or number.
    init(_ error: NameError) { description = error.description }
}
