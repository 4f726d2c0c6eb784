internal import CMbedTLS
public import EDHOC
public import Secrets

extension MbedCrypto {
    /// A fresh signing key; throws `.unsupported` for EdDSA.
    public func generateSigningKey(
        _ algorithm: SignatureAlgorithm
    ) throws(CryptoError) -> any SigningKey {
        guard let curve = algorithm.curve else { throw .unsupported }
        return try generate(curve.keyLength) { secret throws(CryptoError) in
            try signingKey(algorithm, privateKey: secret)
        }
    }

    /// A signing key from its raw private key; throws `.unsupported` for EdDSA.
    public func signingKey(
        _ algorithm: SignatureAlgorithm,
        privateKey: borrowing Secret
    ) throws(CryptoError) -> any SigningKey {
        guard let curve = algorithm.curve else { throw .unsupported }
        return try MbedSigningKey(
            algorithm,
            curve,
            privateKey: privateKey.duplicate(),
            crypto: self
        )
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
        guard let curve = algorithm.curve, signature.count == algorithm.signatureLength else {
            return false
        }
        let digest = hash(algorithm.hash, message)
        do throws(CryptoError) {
            return try groups.with(curve) { group throws(CryptoError) in
                let point = try group.decode(publicKey)
                if try group.verifies(signature, digest, point) { return true }
                guard publicKey.count == curve.keyLength else { return false }
                return try group.verifies(signature, digest, try group.negated(point))
            }
        } catch {
            return false
        }
    }
}

extension CurveGroup {
    fileprivate func verifies(
        _ signature: [UInt8],
        _ digest: [UInt8],
        _ point: [UInt8]
    ) throws(CryptoError) -> Bool {
        let half = signature.count / 2
        let r = try BigNumber(bigEndian: Array(signature.prefix(half)).rawSpan)
        let s = try BigNumber(bigEndian: Array(signature.suffix(half)).rawSpan)
        let owner = try CurvePoint(affine: point)
        // It refuses r and s outside 1 ..< n.
        let code = unsafe mbedtls_ecdsa_verify(
            raw,
            digest,
            digest.count,
            owner.raw,
            r.raw,
            s.raw
        )
        return code == 0
    }
}

/// A private key for ECDSA.
final class MbedSigningKey: SigningKey {
    let algorithm: SignatureAlgorithm
    let publicKey: [UInt8]
    private let curve: Curve
    private let privateKey: Secret
    private let crypto: MbedCrypto

    init(
        _ algorithm: SignatureAlgorithm,
        _ curve: Curve,
        privateKey: consuming Secret,
        crypto: MbedCrypto
    ) throws(CryptoError) {
        publicKey = try crypto.publicPoint(curve, privateKey)
        self.algorithm = algorithm
        self.curve = curve
        self.privateKey = privateKey
        self.crypto = crypto
    }

    func export() -> Secret { privateKey.duplicate() }

    /// Signs with the nonce of RFC 6979, so that a bad generator can't give the key away; the
    /// generator only blinds.
    func sign(_ message: RawSpan) throws(CryptoError) -> [UInt8] {
        let digest = crypto.hash(algorithm.hash, message)
        let hash = algorithm.hash == .sha256 ? MBEDTLS_MD_SHA256 : MBEDTLS_MD_SHA384
        let random = crypto.random
        let length = curve.keyLength
        return try crypto.groups.with(curve) { group throws(CryptoError) in
            let scalar = try group.scalar(privateKey)
            let r = BigNumber()
            let s = BigNumber()
            let code = unsafe mbedtls_ecdsa_sign_det_ext(
                group.raw,
                r.raw,
                s.raw,
                scalar.raw,
                digest,
                digest.count,
                hash,
                Generator.callback,
                random.callbackContext
            )
            try check(code)
            return try r.bytes(length) + s.bytes(length)
        }
    }
}

extension SignatureAlgorithm {
    /// The curve of an ECDSA algorithm; none for EdDSA, which mbedTLS lacks.
    fileprivate var curve: Curve? {
        switch self {
        case .es256: .p256
        case .es384: .p384
        case .edDSA: nil
        }
    }

    fileprivate var hash: HashAlgorithm { self == .es384 ? .sha384 : .sha256 }
}
