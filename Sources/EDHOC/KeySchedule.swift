internal import CBOR
internal import Secrets

/// The key schedule of RFC 9528 § 4 for one suite, on one crypto library.
struct KeySchedule: Sendable {
    /// The labels of RFC 9528 § 4.1.2, table 6.
    enum Label: Int {
        case keystream2 = 0
        case salt3e2m = 1
        case mac2 = 2
        case key3 = 3
        case iv3 = 4
        case salt4e3m = 5
        case mac3 = 6
        case out = 7
        case key4 = 8
        case iv4 = 9
        case exporter = 10
        case update = 11
    }

    let crypto: any Crypto
    let suite: CipherSuite

    /// EDHOC_KDF (§ 4.1.2).
    func derive(
        _ key: borrowing Secret,
        _ label: Int,
        _ context: [UInt8],
        _ count: Int
    ) -> Secret {
        var info = CBORWriter(capacity: context.count + 16)
        info.integer(label)
        info.bytes(context)
        info.unsigned(UInt64(count))
        return info.withBytes { crypto.expand(suite.hash, key: key, info: $0, count: count) }
    }

    /// EDHOC_KDF with one of the protocol's own labels.
    func derive(
        _ key: borrowing Secret,
        _ label: Label,
        _ context: [UInt8],
        _ count: Int
    ) -> Secret {
        derive(key, label.rawValue, context, count)
    }

    /// TH_2 (§ 5.3.2).
    func transcript(ephemeralY: [UInt8], messageOneDigest: [UInt8]) -> [UInt8] {
        var input = CBORWriter(capacity: ephemeralY.count + messageOneDigest.count + 8)
        input.bytes(ephemeralY)
        input.bytes(messageOneDigest)
        return input.withBytes { crypto.hash(suite.hash, $0) }
    }

    /// TH_3 and TH_4 (§ 5.4.2, § 5.5.2): the plaintext goes in as a sequence, unwrapped.
    func transcript(
        after previous: [UInt8],
        plaintext: [UInt8],
        credential: Credential
    ) -> [UInt8] {
        var input = CBORWriter(capacity: 64 + plaintext.count + credential.encoded.count)
        input.bytes(previous)
        input.encoded(plaintext)
        input.encoded(credential.encoded)
        return input.withBytes { crypto.hash(suite.hash, $0) }
    }

    /// PRK_2e (§ 4.1.1.1).
    func extract(salt: [UInt8], shared: borrowing Secret) -> Secret {
        crypto.extract(suite.hash, salt: salt.rawSpan, inputKey: shared)
    }

    /// PRK_3e2m and PRK_4e3m under static Diffie-Hellman (§ 4.1.1.2, § 4.1.1.3).
    func strengthen(
        _ key: borrowing Secret,
        _ label: Label,
        transcript: [UInt8],
        with shared: borrowing Secret
    ) -> Secret {
        derive(key, label, transcript, suite.hash.length).withBytes { salt in
            crypto.extract(suite.hash, salt: salt, inputKey: shared)
        }
    }

    /// CIPHERTEXT_2 from PLAINTEXT_2, and back: a keystream without a tag (§ 5.3.2).
    func mask(_ text: [UInt8], _ key: borrowing Secret, transcript: [UInt8]) -> [UInt8] {
        var masked = text
        derive(key, .keystream2, transcript, text.count).withBytes { stream in
            for index in masked.indices { masked[index] ^= stream[byte: index] }
        }
        return masked
    }

    /// Seals PLAINTEXT_3 or PLAINTEXT_4 and wraps it as its message.
    func seal(
        _ plaintext: [UInt8],
        _ key: borrowing Secret,
        _ labels: AEADLabels,
        transcript: [UInt8]
    ) throws(EDHOCError) -> [UInt8] {
        let secret = derive(key, labels.key, transcript, suite.aead.keyLength)
        let nonce = derive(key, labels.iv, transcript, suite.aead.nonceLength)
        do throws(CryptoError) {
            let ciphertext = try crypto.seal(
                suite.aead,
                key: secret,
                nonce: nonce.withBytes { [UInt8](copying: $0) },
                authenticating: additionalData(transcript),
                plaintext: plaintext.rawSpan
            )
            return CBORWriter.encode { $0.bytes(ciphertext) }
        } catch {
            throw EDHOCError(.crypto(error), "sealing failed")
        }
    }

    /// Opens CIPHERTEXT_3 or CIPHERTEXT_4.
    func open(
        _ ciphertext: [UInt8],
        _ key: borrowing Secret,
        _ labels: AEADLabels,
        transcript: [UInt8]
    ) throws(EDHOCError) -> [UInt8] {
        let secret = derive(key, labels.key, transcript, suite.aead.keyLength)
        let nonce = derive(key, labels.iv, transcript, suite.aead.nonceLength)
        do throws(CryptoError) {
            let plaintext = try crypto.open(
                suite.aead,
                key: secret,
                nonce: nonce.withBytes { [UInt8](copying: $0) },
                authenticating: additionalData(transcript),
                ciphertext: ciphertext.rawSpan
            )
            return plaintext.withBytes { [UInt8](copying: $0) }
        } catch {
            throw EDHOCError(.notAuthentic, "a ciphertext does not open: \(error)")
        }
    }

    /// Which pair of labels a ciphertext's key and nonce come from.
    struct AEADLabels {
        let key: Label
        let iv: Label
        static let message3 = AEADLabels(key: .key3, iv: .iv3)
        static let message4 = AEADLabels(key: .key4, iv: .iv4)
    }

    /// The Enc_structure of RFC 9052 § 5.3 with an empty protected header.
    private func additionalData(_ transcript: [UInt8]) -> [UInt8] {
        CBORWriter.encode { writer in
            writer.array(3)
            writer.text("Encrypt0")
            writer.bytes([])
            writer.bytes(transcript)
        }
    }
}

extension KeySchedule {
    /// A fresh key pair on this suite's curve.
    func ephemeralKey() throws(EDHOCError) -> any AgreementKey {
        do throws(CryptoError) {
            return try crypto.generateAgreementKey(suite.curve)
        } catch {
            throw EDHOCError(.crypto(error), "no ephemeral key")
        }
    }

    /// A public key of this suite's curve, checked.
    func publicKey(_ bytes: [UInt8]) throws(EDHOCError) -> any AgreementPublicKey {
        do throws(CryptoError) {
            return try crypto.agreementPublicKey(suite.curve, bytes)
        } catch {
            throw EDHOCError(.invalidPublicKey, "a key for agreement is refused: \(error)")
        }
    }

    /// The shared secret of two keys.
    func agree(
        _ own: any AgreementKey,
        with peer: any AgreementPublicKey
    ) throws(EDHOCError) -> Secret {
        do throws(CryptoError) {
            return try own.agree(with: peer)
        } catch .invalidPoint {
            throw EDHOCError(.invalidPublicKey, "the agreement gives zero")
        } catch {
            throw EDHOCError(.crypto(error), "the agreement failed")
        }
    }

    /// A signature by the long-term key, which may be a device of its own, of the right length.
    func checked(_ signature: [UInt8]) throws(EDHOCError) -> [UInt8] {
        guard signature.count == suite.signature.signatureLength else {
            throw EDHOCError(
                .crypto(.invalidKey),
                "want a signature of \(suite.signature.signatureLength) bytes"
            )
        }
        return signature
    }
}
