import EDHOC
import Secrets

/// A crypto library whose source of randomness has failed.
struct Deaf: Crypto {
    let base: any Crypto

    func generateAgreementKey(_ curve: Curve) throws(CryptoError) -> any AgreementKey {
        throw .noRandomness
    }
    func generateSigningKey(_ algorithm: SignatureAlgorithm) throws(CryptoError) -> any SigningKey {
        throw .noRandomness
    }
    func randomBytes(_ count: Int) throws(CryptoError) -> [UInt8] { throw .noRandomness }
    func randomSecret(_ count: Int) throws(CryptoError) -> Secret { throw .noRandomness }

    func supports(_ curve: Curve) -> Bool { base.supports(curve) }
    func supports(_ aead: AEADAlgorithm) -> Bool { base.supports(aead) }
    func supports(_ signature: SignatureAlgorithm) -> Bool { base.supports(signature) }
    func hash(_ algorithm: HashAlgorithm, _ message: RawSpan) -> [UInt8] {
        base.hash(algorithm, message)
    }
    func authenticate(
        _ algorithm: HashAlgorithm,
        key: borrowing Secret,
        message: RawSpan
    ) -> [UInt8] {
        base.authenticate(algorithm, key: key, message: message)
    }
    func extract(
        _ algorithm: HashAlgorithm,
        salt: RawSpan,
        inputKey: borrowing Secret
    ) -> Secret {
        base.extract(algorithm, salt: salt, inputKey: inputKey)
    }
    func expand(
        _ algorithm: HashAlgorithm,
        key: borrowing Secret,
        info: RawSpan,
        count: Int
    ) -> Secret {
        base.expand(algorithm, key: key, info: info, count: count)
    }
    func seal(
        _ aead: AEADAlgorithm,
        key: borrowing Secret,
        nonce: [UInt8],
        authenticating: [UInt8],
        plaintext: RawSpan
    ) throws(CryptoError) -> [UInt8] {
        try base.seal(
            aead,
            key: key,
            nonce: nonce,
            authenticating: authenticating,
            plaintext: plaintext
        )
    }
    func open(
        _ aead: AEADAlgorithm,
        key: borrowing Secret,
        nonce: [UInt8],
        authenticating: [UInt8],
        ciphertext: RawSpan
    ) throws(CryptoError) -> Secret {
        try base.open(
            aead,
            key: key,
            nonce: nonce,
            authenticating: authenticating,
            ciphertext: ciphertext
        )
    }
    func agreementKey(
        _ curve: Curve,
        privateKey: borrowing Secret
    ) throws(CryptoError) -> any AgreementKey {
        try base.agreementKey(curve, privateKey: privateKey)
    }
    func agreementPublicKey(
        _ curve: Curve,
        _ bytes: [UInt8]
    ) throws(CryptoError) -> any AgreementPublicKey {
        try base.agreementPublicKey(curve, bytes)
    }
    func signingKey(
        _ algorithm: SignatureAlgorithm,
        privateKey: borrowing Secret
    ) throws(CryptoError) -> any SigningKey {
        try base.signingKey(algorithm, privateKey: privateKey)
    }
    func isValid(
        _ signature: [UInt8],
        _ algorithm: SignatureAlgorithm,
        message: RawSpan,
        publicKey: [UInt8]
    ) -> Bool {
        base.isValid(signature, algorithm, message: message, publicKey: publicKey)
    }
}
