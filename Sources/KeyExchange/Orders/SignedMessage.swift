internal import CBOR
internal import EDHOC
internal import Secrets

/// The COSE_Sign1 in which orders and announcements travel (RFC 9052 § 4.2), untagged.
///
///     signed = [protected: << {1: -7} >>, {}, payload: bstr, signature: bstr .size 64]
///
/// The purpose and whom it is for are in the external_aad: what was signed for one purpose, fleet or
/// device verifies for no other, whatever its payload says.
struct SignedMessage {
    /// ES256 (RFC 9053 § 2.1) in the protected header, and no other: nothing is negotiated.
    private static let protected: [UInt8] = CBORWriter.encode { writer in
        writer.map(1)
        writer.unsigned(1)
        writer.integer(-7)
    }

    /// What was signed.
    let payload: [UInt8]
    private let signature: [UInt8]

    /// Signs a payload; the key is ES256's, another traps.
    static func sign(
        _ payload: [UInt8],
        for audience: [String],
        with key: any SigningKey
    ) throws(CryptoError) -> [UInt8] {
        precondition(key.algorithm == Profile.commandSignature, "a command key of another kind")
        let signature = try key.sign(structure(payload, audience).rawSpan)
        return CBORWriter.encode { writer in
            writer.array(4)
            writer.bytes(protected)
            writer.map(0)
            writer.bytes(payload)
            writer.bytes(signature)
        }
    }

    /// Takes the bytes apart; nothing is verified yet.
    init(parsing bytes: [UInt8], atMost limit: Int) throws(SignedMessageError) {
        guard bytes.count <= limit else {
            throw SignedMessageError(
                .malformed,
                "want at most \(limit) bytes, have \(bytes.count)"
            )
        }
        do throws(CBORError) {
            var reader = CBORReader(bytes.rawSpan)
            try reader.array(4)
            guard try reader.bytes(count: 0...16) == Self.protected else {
                throw CBORError(.unsupported, "want ES256 alone in the protected header")
            }
            guard try reader.map() == 0 else {
                throw CBORError(.unsupported, "want an empty unprotected header")
            }
            payload = try reader.bytes(count: 1...limit)
            signature = try reader.bytes(count: Profile.commandSignature.signatureLength)
            try reader.end()
        } catch {
            throw SignedMessageError(.malformed, error.description)
        }
    }

    /// Whether the owner of `publicKey` signed it for this audience.
    func isValid(for audience: [String], publicKey: [UInt8], crypto: any Crypto) -> Bool {
        crypto.isValid(
            signature,
            Profile.commandSignature,
            message: Self.structure(payload, audience).rawSpan,
            publicKey: publicKey
        )
    }

    /// The Sig_structure of RFC 9052 § 4.4.
    private static func structure(_ payload: [UInt8], _ audience: [String]) -> [UInt8] {
        let external = CBORWriter.encode { writer in
            writer.array(audience.count)
            for name in audience { writer.text(name) }
        }
        return CBORWriter.encode { writer in
            writer.array(4)
            writer.text("Signature1")
            writer.bytes(protected)
            writer.bytes(external)
            writer.bytes(payload)
        }
    }
}
