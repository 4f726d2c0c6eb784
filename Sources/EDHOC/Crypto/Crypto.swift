public import Secrets

/// Everything that the protocol asks of a cryptographic library.
///
/// Two adapters stand behind it, and every test of the protocol runs on both. A primitive that an
/// adapter lacks is said by `supports`, and the suites that need it are then absent.
public protocol Crypto: Sendable {
    /// Whether key agreement on this curve is there.
    func supports(_ curve: Curve) -> Bool
    /// Whether this cipher is there.
    func supports(_ aead: AEADAlgorithm) -> Bool
    /// Whether signing and verifying with this algorithm are there.
    func supports(_ signature: SignatureAlgorithm) -> Bool

    /// The digest of `message`.
    func hash(_ algorithm: HashAlgorithm, _ message: RawSpan) -> [UInt8]

    /// HMAC (RFC 2104) of `message`, untruncated.
    func authenticate(
        _ algorithm: HashAlgorithm,
        key: borrowing Secret,
        message: RawSpan
    ) -> [UInt8]

    /// HKDF-Extract (RFC 5869 § 2.2).
    func extract(
        _ algorithm: HashAlgorithm,
        salt: RawSpan,
        inputKey: borrowing Secret
    ) -> Secret

    /// HKDF-Expand (RFC 5869 § 2.3); `count` is at most 255 digests, more traps.
    func expand(
        _ algorithm: HashAlgorithm,
        key: borrowing Secret,
        info: RawSpan,
        count: Int
    ) -> Secret

    /// Encrypts and authenticates; returns ciphertext ‖ tag.
    ///
    /// Wrong lengths of key or nonce are faults of the caller and trap.
    func seal(
        _ aead: AEADAlgorithm,
        key: borrowing Secret,
        nonce: [UInt8],
        authenticating: [UInt8],
        plaintext: RawSpan
    ) throws(CryptoError) -> [UInt8]

    /// Checks and decrypts ciphertext ‖ tag; throws `.notAuthentic` when anything was changed.
    func open(
        _ aead: AEADAlgorithm,
        key: borrowing Secret,
        nonce: [UInt8],
        authenticating: [UInt8],
        ciphertext: RawSpan
    ) throws(CryptoError) -> Secret

    /// A fresh key pair for agreement; throws `.noRandomness` when the source fails.
    func generateAgreementKey(_ curve: Curve) throws(CryptoError) -> any AgreementKey

    /// A key pair for agreement from its raw private key (big-endian scalar, or X25519's 32 bytes).
    func agreementKey(
        _ curve: Curve,
        privateKey: borrowing Secret
    ) throws(CryptoError) -> any AgreementKey

    /// A peer's public key for agreement from its wire form.
    ///
    /// For P-256 and P-384 `bytes` is the x-coordinate, or x ‖ y. Throws `.invalidPoint` for a wrong
    /// length, x ≥ p and points off the curve.
    func agreementPublicKey(
        _ curve: Curve,
        _ bytes: [UInt8]
    ) throws(CryptoError) -> any AgreementPublicKey

    /// A fresh signing key.
    func generateSigningKey(_ algorithm: SignatureAlgorithm) throws(CryptoError) -> any SigningKey

    /// A signing key from its raw private key (big-endian scalar, or Ed25519's 32-byte seed).
    func signingKey(
        _ algorithm: SignatureAlgorithm,
        privateKey: borrowing Secret
    ) throws(CryptoError) -> any SigningKey

    /// Whether `signature` over `message` was made by the owner of `publicKey`.
    ///
    /// `publicKey` is x alone, x ‖ y, or Ed25519's 32 bytes. With x alone both points are tried.
    func isValid(
        _ signature: [UInt8],
        _ algorithm: SignatureAlgorithm,
        message: RawSpan,
        publicKey: [UInt8]
    ) -> Bool

    /// Random bytes for identifiers and nonces.
    func randomBytes(_ count: Int) throws(CryptoError) -> [UInt8]

    /// Random bytes for a key.
    func randomSecret(_ count: Int) throws(CryptoError) -> Secret
}

/// A private key for agreement, held by the adapter that made it and wiped when released.
public protocol AgreementKey: AnyObject, Sendable {
    /// Its curve.
    var curve: Curve { get }
    /// The public key: x-coordinate, or X25519's 32 bytes.
    var publicKey: [UInt8] { get }
    /// The public key whole: x ‖ y, or X25519's 32 bytes.
    var publicPoint: [UInt8] { get }
    /// The shared secret's x-coordinate; throws `.invalidPoint` when it would be all zero.
    func agree(with peer: any AgreementPublicKey) throws(CryptoError) -> Secret
    /// The raw private key, for the one place that stores it.
    func export() -> Secret
}

/// A peer's public key, checked and decoded once, for any number of agreements.
public protocol AgreementPublicKey: AnyObject, Sendable {
    /// Its curve.
    var curve: Curve { get }
    /// The x-coordinate, or X25519's 32 bytes.
    var bytes: [UInt8] { get }
}

/// A private signing key, held by the adapter that made it and wiped when released.
public protocol SigningKey: AnyObject, Sendable {
    /// Its algorithm.
    var algorithm: SignatureAlgorithm { get }
    /// The public key: x ‖ y, or Ed25519's 32 bytes.
    var publicKey: [UInt8] { get }
    /// A signature over `message`, in the fixed-length form.
    func sign(_ message: RawSpan) throws(CryptoError) -> [UInt8]
    /// The raw private key, for the one place that stores it.
    func export() -> Secret
}

/// Why a cryptographic operation did not succeed.
public enum CryptoError: Error, Hashable, Sendable {
    /// A ciphertext, or what it authenticates, was changed.
    case notAuthentic
    /// A public key is not a point of its curve, or of low order, or of a wrong length.
    case invalidPoint
    /// A private key is zero, not below the group's order, or of a wrong length.
    case invalidKey
    /// The source of randomness failed: nothing may be generated.
    case noRandomness
    /// The adapter has no such primitive.
    case unsupported
    /// The library reported a fault of its own, with its number.
    case library(Int)
}
