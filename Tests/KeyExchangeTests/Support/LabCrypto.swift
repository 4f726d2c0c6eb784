import EDHOC
import KeyExchange
import MbedCrypto
import Secrets
import Synchronization

/// mbedTLS with additions: ephemeral keys that a test dictates, notes of every seal, and a defect.
final class LabCrypto: Crypto {
    /// What a cipher must never see twice.
    struct KeyAndNonce: Hashable, Sendable {
        let key: [UInt8]
        let nonce: [UInt8]
    }

    private static let shared = MbedCrypto()
    private let base = LabCrypto.shared
    private let ephemerals: Mutex<[[UInt8]]>
    private let seals = Mutex<[KeyAndNonce]>([])
    private let broken = Mutex(false)

    /// The first generated keys are these private ones, in turn.
    init(ephemerals: [[UInt8]] = []) { self.ephemerals = Mutex(ephemerals) }

    /// What was sealed with, in order.
    var sealed: [KeyAndNonce] { seals.withLock { $0 } }

    /// Whether keys come out of `extract` wrong.
    var isBroken: Bool {
        get { broken.withLock { $0 } }
        set { broken.withLock { $0 = newValue } }
    }

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
        isBroken
            ? secret([UInt8](repeating: 0, count: algorithm.length))
            : base.extract(algorithm, salt: salt, inputKey: inputKey)
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
        let use = KeyAndNonce(key: clear(key), nonce: nonce)
        seals.withLock { $0.append(use) }
        return try base.seal(
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

    func generateAgreementKey(_ curve: Curve) throws(CryptoError) -> any AgreementKey {
        let dictated = ephemerals.withLock { $0.isEmpty ? nil : $0.removeFirst() }
        guard let dictated else { return try base.generateAgreementKey(curve) }
        return try base.agreementKey(curve, privateKey: secret(dictated))
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
    func generateSigningKey(_ algorithm: SignatureAlgorithm) throws(CryptoError) -> any SigningKey {
        try base.generateSigningKey(algorithm)
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
    func randomBytes(_ count: Int) throws(CryptoError) -> [UInt8] { try base.randomBytes(count) }
    func randomSecret(_ count: Int) throws(CryptoError) -> Secret { try base.randomSecret(count) }
}

/// A secret's bytes, for a test to compare.
func clear(_ secret: borrowing Secret) -> [UInt8] { secret.withBytes { [UInt8](copying: $0) } }

/// A secret of bytes that are no secret.
func secret(_ bytes: [UInt8]) -> Secret { Secret(copying: bytes.rawSpan) }

/// Key material of bytes that are no secret.
func material(_ bytes: [UInt8]) -> KeyMaterial { KeyMaterial(secret(bytes)) }
