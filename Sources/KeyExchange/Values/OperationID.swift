public import EDHOC

/// Names one offer or one retirement; chosen at random by the server.
public struct OperationID: Hashable, Sendable, CustomStringConvertible {
    /// Bytes of an operation's name.
    public static let length = 8

    /// The bytes.
    public let bytes: [UInt8]

    /// Wraps bytes that were stored or received; nil for a wrong length.
    public init?(bytes: [UInt8]) {
        guard bytes.count == Self.length else { return nil }
        self.bytes = bytes
    }

    /// Draws a new one.
    public init(crypto: any Crypto) throws(CryptoError) {
        bytes = try crypto.randomBytes(Self.length)
    }

    /// Lower-case hexadecimal.
    public var description: String { hexadecimal(bytes) }
}
