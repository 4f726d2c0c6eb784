internal import CBOR
public import EDHOC
public import Secrets

/// The right to enrol: an identifier, and a secret that never travels.
public struct EnrolmentToken: Sendable {
    /// Bytes of the identifier.
    public static let idLength = 8
    /// Bytes of the secret.
    public static let secretLength = 32

    /// Names the token to the server.
    public let id: [UInt8]
    /// What the proof is made with.
    public let secret: KeyMaterial

    /// Puts both together; a wrong length of the identifier traps.
    public init(id: [UInt8], secret: KeyMaterial) {
        precondition(id.count == Self.idLength, "a token's identifier is of a wrong length")
        self.id = id
        self.secret = secret
    }
}

/// Proof of knowing a token's secret, good for one handshake and one device key.
///
///     proof = HMAC-SHA-256(secret, "latchkey enrol" ‖ H(message_1) ‖ G_Y ‖ CRED_I)
public struct EnrolmentProof: Hashable, Sendable {
    /// Which token.
    public let tokenID: [UInt8]
    /// The HMAC.
    public let mac: [UInt8]

    /// The bytes that a proof authenticates.
    public static func message(
        messageOneDigest: [UInt8],
        ephemeralY: [UInt8],
        credential: Credential
    ) -> [UInt8] {
        Array("latchkey enrol".utf8) + messageOneDigest + ephemeralY + credential.encoded
    }

    /// Makes the proof.
    init(token: EnrolmentToken, message: [UInt8], crypto: any Crypto) {
        tokenID = token.id
        mac = crypto.authenticate(.sha256, key: token.secret.secret, message: message.rawSpan)
    }

    /// The critical EAD_3 item that carries it.
    var item: EADItem {
        EADItem(
            Profile.enrolmentLabel,
            isCritical: true,
            value: CBORWriter.encode { writer in
                writer.bytes(tokenID)
                writer.bytes(mac)
            }
        )
    }

    /// Reads the item's value.
    init(parsing value: [UInt8]) throws(MessageError) {
        do throws(CBORError) {
            var reader = CBORReader(value.rawSpan)
            tokenID = try reader.bytes(count: EnrolmentToken.idLength)
            mac = try reader.bytes(count: 32)
            try reader.end()
        } catch {
            throw MessageError(error)
        }
    }

    /// Whether the proof was made with this secret over this message; in constant time.
    public func isValid(secret: borrowing Secret, message: [UInt8], crypto: any Crypto) -> Bool {
        let expected = crypto.authenticate(.sha256, key: secret, message: message.rawSpan)
        return constantTimeEqual(expected.rawSpan, mac.rawSpan)
    }
}
