internal import CBOR
internal import Secrets

/// The name that one side gives to a session: 0 to 32 bytes of its own choice (RFC 9528 § 3.3).
public struct ConnectionID: Hashable, Sendable {
    /// The most bytes that are accepted.
    public static let maximumLength = 32

    /// The identifier itself.
    public let bytes: [UInt8]

    /// Names a session; more than 32 bytes are a fault of the caller and trap.
    public init(_ bytes: [UInt8]) {
        precondition(bytes.count <= Self.maximumLength, "a connection identifier is too long")
        self.bytes = bytes
    }

    /// Its one encoding on the wire: an integer where a single byte is one, else a byte string.
    public var encoded: [UInt8] { CBORWriter.encode { $0.identifier(bytes) } }

    /// Reads exactly one encoded identifier.
    public init(encoded: [UInt8]) throws(EDHOCError) {
        do throws(CBORError) {
            var reader = CBORReader(encoded.rawSpan)
            bytes = try reader.identifier()
            try reader.end()
        } catch {
            throw EDHOCError(malformed: "connection identifier", error)
        }
    }
}

extension CBORWriter {
    /// Writes an identifier in the form of RFC 9528 § 3.3.2.
    mutating func identifier(_ bytes: [UInt8]) {
        if isOneByteInteger(bytes) { encoded(bytes) } else { self.bytes(bytes) }
    }
}

extension CBORReader {
    /// Reads an identifier, and refuses a byte string where the integer form is due.
    @_lifetime(self: copy self)
    mutating func identifier() throws(CBORError) -> [UInt8] {
        switch try peek() {
        case .unsigned, .negative:
            let start = position
            _ = try integer()
            let bytes = bytes(from: start)
            guard bytes.count == 1 else {
                throw CBORError(.limit, "want an identifier of one byte, have a longer integer")
            }
            return bytes
        case .bytes:
            let bytes = try bytes(count: 0...ConnectionID.maximumLength)
            // RFC 9529 § 4: 41 0e is not an encoding of 0e.
            guard !isOneByteInteger(bytes) else {
                throw CBORError(.notDeterministic, "want the integer form of an identifier")
            }
            return bytes
        case let other: throw CBORError(.wrongType, "want an identifier, have \(other)")
        }
    }
}

/// Whether these bytes are the encoding of an integer from -24 to 23.
private func isOneByteInteger(_ bytes: [UInt8]) -> Bool {
    guard bytes.count == 1, let byte = bytes.first else { return false }
    return byte & 0xdf < 24
}
