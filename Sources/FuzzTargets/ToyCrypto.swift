internal import EDHOC
internal import Secrets

/// Cryptography in which every key is zero and every tag is right when it is zero.
///
/// A fuzzer cannot find a MAC, so with real cryptography it would never reach what lies behind one.
/// With this one it can write every plaintext of both sides, at a hundred thousand runs a second.
struct ToyCrypto: Crypto {
    func supports(_ curve: Curve) -> Bool { true }
    func supports(_ aead: AEADAlgorithm) -> Bool { true }
    func supports(_ signature: SignatureAlgorithm) -> Bool { signature == .es256 }

    func hash(_ algorithm: HashAlgorithm, _ message: RawSpan) -> [UInt8] {
        zeros(algorithm.length)
    }
    func authenticate(
        _ algorithm: HashAlgorithm,
        key: borrowing Secret,
        message: RawSpan
    ) -> [UInt8] {
        zeros(algorithm.length)
    }
    func extract(
        _ algorithm: HashAlgorithm,
        salt: RawSpan,
        inputKey: borrowing Secret
    ) -> Secret {
        zeroSecret(algorithm.length)
    }
    func expand(
        _ algorithm: HashAlgorithm,
        key: borrowing Secret,
        info: RawSpan,
        count: Int
    ) -> Secret {
        precondition(count <= 255 * algorithm.length, "HKDF ends at 255 digests")
        return zeroSecret(count)
    }

    func seal(
        _ aead: AEADAlgorithm,
        key: borrowing Secret,
        nonce: [UInt8],
        authenticating: [UInt8],
        plaintext: RawSpan
    ) throws(CryptoError) -> [UInt8] {
        [UInt8](copying: plaintext) + zeros(aead.tagLength)
    }
    func open(
        _ aead: AEADAlgorithm,
        key: borrowing Secret,
        nonce: [UInt8],
        authenticating: [UInt8],
        ciphertext: RawSpan
    ) throws(CryptoError) -> Secret {
        let length = ciphertext.byteCount - aead.tagLength
        guard length >= 0, (length..<ciphertext.byteCount).allSatisfy({ ciphertext[byte: $0] == 0 })
        else { throw .notAuthentic }
        return Secret(copying: ciphertext.extracting(0..<length))
    }

    func generateAgreementKey(_ curve: Curve) throws(CryptoError) -> any AgreementKey {
        ToyKey(curve: curve, mark: 1)
    }
    func agreementKey(
        _ curve: Curve,
        privateKey: borrowing Secret
    ) throws(CryptoError) -> any AgreementKey {
        ToyKey(curve: curve, mark: 2)
    }
    func agreementPublicKey(
        _ curve: Curve,
        _ bytes: [UInt8]
    ) throws(CryptoError) -> any AgreementPublicKey {
        let length = curve.keyLength
        guard bytes.count == length || bytes.count == 2 * length, bytes.first != 0xff else {
            throw .invalidPoint
        }
        return ToyPublicKey(curve: curve, bytes: Array(bytes.prefix(length)))
    }
    func generateSigningKey(_ algorithm: SignatureAlgorithm) throws(CryptoError) -> any SigningKey {
        ToySigningKey()
    }
    func signingKey(
        _ algorithm: SignatureAlgorithm,
        privateKey: borrowing Secret
    ) throws(CryptoError) -> any SigningKey {
        ToySigningKey()
    }
    func isValid(
        _ signature: [UInt8],
        _ algorithm: SignatureAlgorithm,
        message: RawSpan,
        publicKey: [UInt8]
    ) -> Bool { signature.allSatisfy { $0 == 0 } }
    func randomBytes(_ count: Int) throws(CryptoError) -> [UInt8] { zeros(count) }
    func randomSecret(_ count: Int) throws(CryptoError) -> Secret { zeroSecret(count) }
}

private final class ToyKey: AgreementKey {
    let curve: Curve
    let publicKey: [UInt8]
    var publicPoint: [UInt8] { publicKey + publicKey }

    init(curve: Curve, mark: UInt8) {
        self.curve = curve
        publicKey = [UInt8](repeating: mark, count: curve.keyLength)
    }

    func agree(with peer: any AgreementPublicKey) throws(CryptoError) -> Secret {
        if peer.bytes.first == 0xfe { throw .invalidPoint }
        return zeroSecret(curve.keyLength)
    }
    func export() -> Secret { zeroSecret(curve.keyLength) }
}

final class ToySigningKey: SigningKey {
    let algorithm = SignatureAlgorithm.es256
    let publicKey = [UInt8](repeating: 7, count: 64)

    func sign(_ message: RawSpan) throws(CryptoError) -> [UInt8] { zeros(64) }
    func export() -> Secret { zeroSecret(32) }
}

private final class ToyPublicKey: AgreementPublicKey {
    let curve: Curve
    let bytes: [UInt8]

    init(curve: Curve, bytes: [UInt8]) {
        self.curve = curve
        self.bytes = bytes
    }
}

func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }
func zeroSecret(_ count: Int) -> Secret { Secret(copying: zeros(count).rawSpan) }
