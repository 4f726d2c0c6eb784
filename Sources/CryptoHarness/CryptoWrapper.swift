public import EDHOC
public import Secrets

/// A crypto library in front of another one, for tests: each conformer says only what it does
/// differently.
public protocol CryptoWrapper: Crypto {
    /// What does all the rest.
    var base: any Crypto { get }
}

extension CryptoWrapper {
    /// Asks `base`.
    public func supports(_ curve: Curve) -> Bool { base.supports(curve) }

    /// Asks `base`.
    public func supports(_ aead: AEADAlgorithm) -> Bool { base.supports(aead) }

    /// Asks `base`.
    public func supports(_ signature: SignatureAlgorithm) -> Bool { base.supports(signature) }

    /// Asks `base`.
    public func hash(_ algorithm: HashAlgorithm, _ message: RawSpan) -> [UInt8] {
        base.hash(algorithm, message)
    }

    /// Asks `base`.
    public func authenticate(
        _ algorithm: HashAlgorithm,
        key: borrowing Secret,
        message: RawSpan
    ) -> [UInt8] {
        base.authenticate(algorithm, key: key, message: message)
    }

    /// Asks `base`.
    public func extract(
        _ algorithm: HashAlgorithm,
        salt: RawSpan,
        inputKey: borrowing Secret
    ) -> Secret {
        base.extract(algorithm, salt: salt, inputKey: inputKey)
    }

    /// Asks `base`.
    public func expand(
        _ algorithm: HashAlgorithm,
        key: borrowing Secret,
        info: RawSpan,
        count: Int
    ) -> Secret {
        base.expand(algorithm, key: key, info: info, count: count)
    }

    /// Asks `base`.
    public func seal(
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

    /// Asks `base`.
    public func open(
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

    /// Asks `base`.
    public func agreementKey(
        _ curve: Curve,
        privateKey: borrowing Secret
    ) throws(CryptoError) -> any AgreementKey {
        try base.agreementKey(curve, privateKey: privateKey)
    }

    /// Asks `base`.
    public func agreementPublicKey(
        _ curve: Curve,
        _ bytes: [UInt8]
    ) throws(CryptoError) -> any AgreementPublicKey {
        try base.agreementPublicKey(curve, bytes)
    }

    /// Asks `base`.
    public func signingKey(
        _ algorithm: SignatureAlgorithm,
        privateKey: borrowing Secret
    ) throws(CryptoError) -> any SigningKey {
        try base.signingKey(algorithm, privateKey: privateKey)
    }

    /// Asks `base`.
    public func isValid(
        _ signature: [UInt8],
        _ algorithm: SignatureAlgorithm,
        message: RawSpan,
        publicKey: [UInt8]
    ) -> Bool {
        base.isValid(signature, algorithm, message: message, publicKey: publicKey)
    }

    /// Asks `base`.
    public func generateSigningKey(
        _ algorithm: SignatureAlgorithm
    ) throws(CryptoError) -> any SigningKey {
        try base.generateSigningKey(algorithm)
    }

    /// Asks `base`.
    public func randomBytes(_ count: Int) throws(CryptoError) -> [UInt8] {
        try base.randomBytes(count)
    }

    /// Asks `base`.
    public func randomSecret(_ count: Int) throws(CryptoError) -> Secret {
        try base.randomSecret(count)
    }

    /// Asks `base`.
    public func generateAgreementKey(_ curve: Curve) throws(CryptoError) -> any AgreementKey {
        try base.generateAgreementKey(curve)
    }
}
