internal import CMbedTLS
public import EDHOC
public import Secrets

extension MbedCrypto {
    /// A fresh key pair for agreement; throws `.noRandomness` when a source fails.
    public func generateAgreementKey(_ curve: Curve) throws(CryptoError) -> any AgreementKey {
        try generate(curve.keyLength) { secret throws(CryptoError) in
            try agreementKey(curve, privateKey: secret)
        }
    }

    /// A key pair for agreement from its raw private key.
    public func agreementKey(
        _ curve: Curve,
        privateKey: borrowing Secret
    ) throws(CryptoError) -> any AgreementKey {
        try MbedAgreementKey(curve, privateKey: privateKey.duplicate(), crypto: self)
    }

    /// A peer's public key for agreement from x, x ‖ y, or X25519's 32 bytes.
    public func agreementPublicKey(
        _ curve: Curve,
        _ bytes: [UInt8]
    ) throws(CryptoError) -> any AgreementPublicKey {
        try MbedAgreementPublicKey(curve, bytes, crypto: self)
    }

    /// Draws private keys until one is in range.
    ///
    /// SP 800-56A § 5.6.1.2.2: drawing again, unlike reducing, favours no key. A draw misses with a
    /// chance of 2⁻³² (P-256), so several misses in a row mean that the generator is broken.
    func generate<Key>(
        _ count: Int,
        _ make: (borrowing Secret) throws(CryptoError) -> Key
    ) throws(CryptoError) -> Key {
        for _ in 0..<4 {
            let secret = try random.secret(count)
            do throws(CryptoError) {
                return try make(secret)
            } catch .invalidKey {
                continue
            }
        }
        throw .noRandomness
    }
}

/// A private key for agreement; contexts of mbedTLS are made for each use.
final class MbedAgreementKey: AgreementKey {
    let curve: Curve
    let publicPoint: [UInt8]
    private let privateKey: Secret
    private let crypto: MbedCrypto

    init(_ curve: Curve, privateKey: consuming Secret, crypto: MbedCrypto) throws(CryptoError) {
        publicPoint = try crypto.publicPoint(curve, privateKey)
        self.curve = curve
        self.privateKey = privateKey
        self.crypto = crypto
    }

    var publicKey: [UInt8] { Array(publicPoint.prefix(curve.keyLength)) }

    func export() -> Secret { privateKey.duplicate() }

    func agree(with peer: any AgreementPublicKey) throws(CryptoError) -> Secret {
        precondition(peer.curve == curve, "agreement between two curves")
        // Another adapter's handle says x alone. Either y gives the same shared x.
        let peer =
            if let own = peer as? MbedAgreementPublicKey { own } else {
                try MbedAgreementPublicKey(curve, peer.bytes, crypto: crypto)
            }
        let random = crypto.random
        let length = curve.keyLength
        return try crypto.groups.with(curve) { group throws(CryptoError) in
            let scalar = try group.scalar(privateKey)
            let product = try group.multiply(scalar, peer.decoded(), random)
            // RFC 9528 § 9.2: an all-zero X25519 output must be refused.
            guard
                unsafe mbedtls_mpi_cmp_int(&product.raw.pointee.X, 0) != 0 || group.curve != .x25519
            else { throw .invalidPoint }
            return try unsafe Secret(count: length) { output in
                unsafe group.curve == .x25519
                    ? mbedtls_mpi_write_binary_le(
                        &product.raw.pointee.X,
                        output.baseAddress,
                        output.count
                    )
                    : mbedtls_mpi_write_binary(
                        &product.raw.pointee.X,
                        output.baseAddress,
                        output.count
                    )
            }
        }
    }
}

/// A peer's public key: on its curve, with the y that was sent or recovered.
final class MbedAgreementPublicKey: AgreementPublicKey {
    let curve: Curve
    let bytes: [UInt8]
    private let point: [UInt8]

    init(_ curve: Curve, _ bytes: [UInt8], crypto: MbedCrypto) throws(CryptoError) {
        self.curve = curve
        if curve == .x25519 {
            // RFC 7748 § 5: every string of 32 bytes is taken. Those of low order show when used.
            guard bytes.count == curve.keyLength else { throw .invalidPoint }
            point = bytes
        } else {
            point = try crypto.groups.with(curve) { group throws(CryptoError) in
                try group.decode(bytes)
            }
        }
        self.bytes = Array(point.prefix(curve.keyLength))
    }

    /// The point in the form that mbedTLS multiplies.
    func decoded() throws(CryptoError) -> CurvePoint {
        guard curve == .x25519 else {
            return try CurvePoint(affine: point)
        }
        // RFC 7748 § 5: the top bit of u is ignored.
        var little = bytes
        little[31] &= 0x7F
        return try CurvePoint(montgomery: little)
    }
}

extension MbedCrypto {
    /// The public key of a raw private key; throws `.invalidKey` when that is out of range.
    func publicPoint(
        _ curve: Curve,
        _ privateKey: borrowing Secret
    ) throws(CryptoError) -> [UInt8] {
        try groups.with(curve) { group throws(CryptoError) in
            try group.publicPoint(group.scalar(privateKey), random)
        }
    }
}
