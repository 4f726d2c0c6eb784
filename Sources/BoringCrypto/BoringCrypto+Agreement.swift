internal import Crypto
public import EDHOC
// swift-crypto has a `CryptoError` too.
public import enum EDHOC.CryptoError
internal import FoundationEssentials
public import Secrets

extension BoringCrypto {
    /// A fresh key pair for agreement; throws `.noRandomness` when a source fails.
    public func generateAgreementKey(_ curve: Curve) throws(CryptoError) -> any AgreementKey {
        try generate(curve.keyLength) { secret throws(CryptoError) in
            try BoringAgreementKey(curve, privateKey: secret.duplicate())
        }
    }

    /// A key pair for agreement from its raw private key.
    public func agreementKey(
        _ curve: Curve,
        privateKey: borrowing Secret
    ) throws(CryptoError) -> any AgreementKey {
        try BoringAgreementKey(curve, privateKey: privateKey.duplicate())
    }

    /// A peer's public key for agreement from x, x ‖ y, or X25519's 32 bytes.
    public func agreementPublicKey(
        _ curve: Curve,
        _ bytes: [UInt8]
    ) throws(CryptoError) -> any AgreementPublicKey {
        try BoringAgreementPublicKey(curve, bytes)
    }
}

/// A private key for agreement, imported into BoringSSL once.
final class BoringAgreementKey: AgreementKey {
    private enum Imported {
        case x25519(Curve25519.KeyAgreement.PrivateKey)
        case p256(P256.KeyAgreement.PrivateKey)
        case p384(P384.KeyAgreement.PrivateKey)
    }

    let curve: Curve
    let publicPoint: [UInt8]
    private let imported: Imported
    // Kept for `export`: swift-crypto would hand the key out in memory that nobody wipes.
    private let privateKey: Secret

    init(_ curve: Curve, privateKey: consuming Secret) throws(CryptoError) {
        self.curve = curve
        let (imported, point) = try unsafe privateKey.withContiguousBytes {
            (bytes) throws(CryptoError) -> (Imported, Data) in
            try attempt(.invalidKey) {
                switch curve {
                case .x25519:
                    let key = try unsafe Curve25519.KeyAgreement.PrivateKey(
                        rawRepresentation: bytes
                    )
                    return (.x25519(key), key.publicKey.rawRepresentation)
                case .p256:
                    let key = try unsafe P256.KeyAgreement.PrivateKey(rawRepresentation: bytes)
                    return (.p256(key), key.publicKey.rawRepresentation)
                case .p384:
                    let key = try unsafe P384.KeyAgreement.PrivateKey(rawRepresentation: bytes)
                    return (.p384(key), key.publicKey.rawRepresentation)
                }
            }
        }
        self.imported = imported
        publicPoint = Array(point)
        self.privateKey = privateKey
    }

    var publicKey: [UInt8] { Array(publicPoint.prefix(curve.keyLength)) }

    func export() -> Secret { privateKey.duplicate() }

    func agree(with peer: any AgreementPublicKey) throws(CryptoError) -> Secret {
        precondition(peer.curve == curve, "agreement between two curves")
        // Another adapter's handle says x alone. Either y gives the same shared x.
        let peer =
            if let own = peer as? BoringAgreementPublicKey { own } else {
                try BoringAgreementPublicKey(curve, peer.bytes)
            }
        let shared: SharedSecret = try attempt(.invalidPoint) {
            switch (imported, peer.decoded) {
            case (.x25519(let mine), .x25519(let theirs)):
                try mine.sharedSecretFromKeyAgreement(with: theirs)
            case (.p256(let mine), .p256(let theirs)):
                try mine.sharedSecretFromKeyAgreement(with: theirs)
            case (.p384(let mine), .p384(let theirs)):
                try mine.sharedSecretFromKeyAgreement(with: theirs)
            default: preconditionFailure("a handle holds a key of another curve")
            }
        }
        var bits: UInt8 = 0
        let secret = Secret(count: curve.keyLength) { output in
            unsafe shared.withUnsafeBytes { buffer in
                for index in buffer.indices {
                    let byte = unsafe buffer[index]
                    bits |= byte
                    output.append(byte)
                }
            }
        }
        // RFC 9528 § 9.2: an all-zero X25519 output must be refused; swift-crypto lets it pass.
        guard bits != 0 || curve != .x25519 else { throw .invalidPoint }
        return secret
    }
}

/// A peer's public key, checked to lie on its curve and kept as BoringSSL's point.
final class BoringAgreementPublicKey: AgreementPublicKey {
    enum Decoded {
        case x25519(Curve25519.KeyAgreement.PublicKey)
        case p256(P256.KeyAgreement.PublicKey)
        case p384(P384.KeyAgreement.PublicKey)
    }

    let curve: Curve
    let bytes: [UInt8]
    let decoded: Decoded

    init(_ curve: Curve, _ bytes: [UInt8]) throws(CryptoError) {
        self.curve = curve
        let length = curve.keyLength
        decoded = try attempt(.invalidPoint) {
            switch (curve, bytes.count) {
            case (.x25519, length):
                .x25519(try Curve25519.KeyAgreement.PublicKey(rawRepresentation: bytes))
            // SEC 1 § 2.3.4: 2 marks the even root; which one is of no account to the shared x.
            case (.p256, length):
                .p256(try P256.KeyAgreement.PublicKey(compressedRepresentation: [2] + bytes))
            case (.p256, 2 * length):
                .p256(try P256.KeyAgreement.PublicKey(rawRepresentation: bytes))
            case (.p384, length):
                .p384(try P384.KeyAgreement.PublicKey(compressedRepresentation: [2] + bytes))
            case (.p384, 2 * length):
                .p384(try P384.KeyAgreement.PublicKey(rawRepresentation: bytes))
            default: throw CryptoError.invalidPoint
            }
        }
        self.bytes = Array(bytes.prefix(length))
    }
}
