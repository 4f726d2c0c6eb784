internal import CBOR
internal import Secrets

/// ID_CRED_x: how a side names its credential, or carries it (RFC 9528 § 3.5.3).
public struct CredentialID: Hashable, Sendable {
    /// The full header map, as the MACs cover it.
    public let encoded: [UInt8]
    /// The key identifier, when the map holds nothing else.
    public let kid: [UInt8]?
    /// The CCS itself, when the map carries it (`kccs`).
    public let credentialByValue: [UInt8]?

    private init(encoded: [UInt8], kid: [UInt8]?, credentialByValue: [UInt8]?) {
        self.encoded = encoded
        self.kid = kid
        self.credentialByValue = credentialByValue
    }

    /// Names a credential by its key identifier of at most 32 bytes.
    public static func kid(_ kid: [UInt8]) -> CredentialID {
        precondition(kid.count <= ConnectionID.maximumLength, "a key identifier is too long")
        let encoded = CBORWriter.encode { writer in
            writer.map(1)
            writer.integer(HeaderLabel.kid)
            writer.bytes(kid)
        }
        return CredentialID(encoded: encoded, kid: kid, credentialByValue: nil)
    }

    /// Carries a CCS whole.
    public static func byValue(ccs: [UInt8]) -> CredentialID {
        let encoded = CBORWriter.encode { writer in
            writer.map(1)
            writer.integer(HeaderLabel.kccs)
            writer.encoded(ccs)
        }
        return CredentialID(encoded: encoded, kid: nil, credentialByValue: ccs)
    }

    /// Reads a full ID_CRED_x map; one that is neither `kid` nor `kccs` is kept as it is.
    public init(encoded: [UInt8]) throws(EDHOCError) {
        do throws(CBORError) {
            var reader = CBORReader(encoded.rawSpan)
            self = try reader.credentialMap()
            try reader.end()
        } catch {
            throw EDHOCError(malformed: "ID_CRED", error)
        }
    }
}

/// Labels of COSE header parameters that matter here.
private enum HeaderLabel {
    /// RFC 9052 § 3.1.
    static let kid = 4
    /// RFC 9528 § 10.6.
    static let kccs = 14
}

extension CBORWriter {
    /// Writes ID_CRED_x as a plaintext has it: a lone `kid` without its map (RFC 9528 § 3.5.3.2).
    mutating func compact(_ id: CredentialID) {
        if let kid = id.kid { identifier(kid) } else { encoded(id.encoded) }
    }
}

extension CBORReader {
    /// Reads ID_CRED_x as a plaintext has it.
    @_lifetime(self: copy self)
    mutating func compactCredentialID() throws(CBORError) -> CredentialID {
        guard try peek() == .map else { return .kid(try identifier()) }
        let id = try credentialMap()
        // RFC 9529 § 4: a1 04 42 32 10 is not an encoding of the kid 32 10.
        guard id.kid == nil else {
            throw CBORError(.notDeterministic, "want the compact form of a lone kid")
        }
        return id
    }

    /// Reads a full ID_CRED_x map.
    @_lifetime(self: copy self)
    fileprivate mutating func credentialMap() throws(CBORError) -> CredentialID {
        guard try peek() == .map else {
            throw CBORError(.wrongType, "want a map, have \(try peek())")
        }
        let encoded = try item()
        return try CredentialID(checked: encoded)
    }
}

extension CredentialID {
    /// Sorts a map that is known to be one deterministic item.
    fileprivate init(checked encoded: [UInt8]) throws(CBORError) {
        var kid: [UInt8]?
        var credentialByValue: [UInt8]?
        var reader = CBORReader(encoded.rawSpan)
        let count = try reader.map()
        guard count > 0 else { throw CBORError(.limit, "ID_CRED is an empty map") }
        if count == 1 {
            switch reader.nextByte {
            case UInt8(HeaderLabel.kid):
                try reader.skip()
                kid = try reader.bytes(count: 0...ConnectionID.maximumLength)
            case UInt8(HeaderLabel.kccs):
                try reader.skip()
                guard try reader.peek() == .map else {
                    throw CBORError(.wrongType, "want a CCS, have \(try reader.peek())")
                }
                credentialByValue = try reader.item()
            default: break
            }
        }
        self.init(encoded: encoded, kid: kid, credentialByValue: credentialByValue)
    }
}
