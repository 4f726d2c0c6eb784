internal import CBOR
public import EDHOC
public import Secrets

/// The COSE key thumbprint of a symmetric key (RFC 9679): SHA-256 over `{1: 4, -1: k}`.
///
/// It names key material without giving it away, so that both sides and an auditor can compare.
public struct Thumbprint: Hashable, Sendable, CustomStringConvertible {
    /// The 32 bytes of the digest.
    public let bytes: [UInt8]

    /// Wraps a digest that was stored or received; nil for a wrong length.
    public init?(bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        self.bytes = bytes
    }

    /// Computes the thumbprint of key material.
    public init(of key: borrowing Secret, crypto: any Crypto) {
        var writer = CBORWriter(capacity: 64)
        writer.map(2)
        writer.unsigned(1)
        writer.unsigned(4)
        writer.integer(-1)
        key.withBytes { writer.bytes($0) }
        bytes = writer.withBytes { crypto.hash(.sha256, $0) }
    }

    /// The first 8 bytes, which REPORT carries for each epoch.
    public var check: [UInt8] { Array(bytes.prefix(8)) }

    /// Lower-case hexadecimal.
    public var description: String { hexadecimal(bytes) }
}
