internal import Crypto
public import EDHOC
// swift-crypto has a `CryptoError` too.
public import enum EDHOC.CryptoError
internal import FoundationEssentials
public import Secrets

extension BoringCrypto {
    /// A fresh signing key; throws `.noRandomness` when a source fails.
    public func generateSigningKey(
        _ algorithm: SignatureAlgorithm
    ) throws(CryptoError) -> any SigningKey {
        try generate(algorithm.signatureLength / 2) { secret throws(CryptoError) in
            try BoringSigningKey(algorithm, privateKey: secret.duplicate())
        }
    }

    /// A signing key from its raw private key.
    public func signingKey(
        _ algorithm: SignatureAlgorithm,
        privateKey: borrowing Secret
    ) throws(CryptoError) -> any SigningKey {
        try BoringSigningKey(algorithm, privateKey: privateKey.duplicate())
    }

    /// Whether `signature` over `message` was made by the owner of `publicKey`.
    ///
    /// With x alone both points are tried.
    public func isValid(
        _ signature: [UInt8],
        _ algorithm: SignatureAlgorithm,
        message: RawSpan,
        publicKey: [UInt8]
    ) -> Bool {
        guard signature.count == algorithm.signatureLength else { return false }
        return unsafe message.withUnsafeBytes { message in
            do {
                switch algorithm {
                case .es256:
                    let signature = try P256.Signing.ECDSASignature(rawRepresentation: signature)
                    let digest = unsafe SHA256.hash(data: message)
                    return try p256Candidates(publicKey).contains {
                        $0.isValidSignature(signature, for: digest)
                    }
                case .es384:
                    let signature = try P384.Signing.ECDSASignature(rawRepresentation: signature)
                    let digest = unsafe SHA384.hash(data: message)
                    return try p384Candidates(publicKey).contains {
                        $0.isValidSignature(signature, for: digest)
                    }
                case .edDSA:
                    let key = try Curve25519.Signing.PublicKey(rawRepresentation: publicKey)
                    return unsafe key.isValidSignature(signature, for: message)
                }
            } catch {
                return false
            }
        }
    }
}

/// The keys that x ‖ y, or x alone, may stand for (SEC 1 § 2.3.4: 2 and 3 mark the two roots).
private func p256Candidates(_ bytes: [UInt8]) throws -> [P256.Signing.PublicKey] {
    guard bytes.count == 32 else { return [try .init(rawRepresentation: bytes)] }
    return try [2, 3].map { try .init(compressedRepresentation: [$0] + bytes) }
}

private func p384Candidates(_ bytes: [UInt8]) throws -> [P384.Signing.PublicKey] {
    guard bytes.count == 48 else { return [try .init(rawRepresentation: bytes)] }
    return try [2, 3].map { try .init(compressedRepresentation: [$0] + bytes) }
}

/// A private signing key, imported into BoringSSL once.
final class BoringSigningKey: SigningKey {
    private enum Imported {
        case es256(P256.Signing.PrivateKey)
        case es384(P384.Signing.PrivateKey)
        case edDSA(Curve25519.Signing.PrivateKey)
    }

    let algorithm: SignatureAlgorithm
    let publicKey: [UInt8]
    private let imported: Imported
    // Kept for `export`: swift-crypto would hand the key out in memory that nobody wipes.
    private let privateKey: Secret

    init(
        _ algorithm: SignatureAlgorithm,
        privateKey: consuming Secret
    ) throws(CryptoError) {
        self.algorithm = algorithm
        let (imported, point) = try unsafe privateKey.withContiguousBytes {
            (bytes) throws(CryptoError) -> (Imported, Data) in
            try attempt(.invalidKey) {
                switch algorithm {
                case .es256:
                    let key = try unsafe P256.Signing.PrivateKey(rawRepresentation: bytes)
                    return (.es256(key), key.publicKey.rawRepresentation)
                case .es384:
                    let key = try unsafe P384.Signing.PrivateKey(rawRepresentation: bytes)
                    return (.es384(key), key.publicKey.rawRepresentation)
                case .edDSA:
                    let key = try unsafe Curve25519.Signing.PrivateKey(rawRepresentation: bytes)
                    return (.edDSA(key), key.publicKey.rawRepresentation)
                }
            }
        }
        self.imported = imported
        publicKey = Array(point)
        self.privateKey = privateKey
    }

    func export() -> Secret { privateKey.duplicate() }

    /// Signs; BoringSSL draws ECDSA's nonce from the key, the digest and its own generator, so that
    /// a bad generator alone can't give the key away.
    func sign(_ message: RawSpan) throws(CryptoError) -> [UInt8] {
        try unsafe message.withUnsafeBytes { message throws(CryptoError) in
            try attempt(.library(0)) {
                switch imported {
                case .es256(let key):
                    let digest = unsafe SHA256.hash(data: message)
                    return Array(try key.signature(for: digest).rawRepresentation)
                case .es384(let key):
                    let digest = unsafe SHA384.hash(data: message)
                    return Array(try key.signature(for: digest).rawRepresentation)
                case .edDSA(let key):
                    return Array(try unsafe key.signature(for: message))
                }
            }
        }
    }
}
