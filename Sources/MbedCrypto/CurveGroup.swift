internal import CMbedTLS
internal import EDHOC
internal import Secrets
internal import Synchronization

/// The owner of mbedTLS's parameters of one curve, with its table of multiples of the generator.
// Sendable: a group has one user at a time, `CurveGroups` sees to that.
@safe final class CurveGroup: @unchecked Sendable {
    let curve: Curve
    let raw: UnsafeMutablePointer<mbedtls_ecp_group>

    init(_ curve: Curve) throws(CryptoError) {
        self.curve = curve
        unsafe raw = .allocate(capacity: 1)
        unsafe mbedtls_ecp_group_init(raw)
        let identifier =
            switch curve {
            case .x25519: MBEDTLS_ECP_DP_CURVE25519
            case .p256: MBEDTLS_ECP_DP_SECP256R1
            case .p384: MBEDTLS_ECP_DP_SECP384R1
            }
        try check(unsafe mbedtls_ecp_group_load(raw, identifier))
    }

    deinit {
        unsafe mbedtls_ecp_group_free(raw)
        unsafe raw.deallocate()
    }

    /// The scalar of a raw private key: big-endian and in 1 ..< n, or X25519's clamped 32 bytes.
    func scalar(_ key: borrowing Secret) throws(CryptoError) -> BigNumber {
        guard key.count == curve.keyLength else { throw .invalidKey }
        let curve = curve
        let scalar = try key.withBytes { bytes throws(CryptoError) in
            curve == .x25519
                ? try BigNumber(littleEndian: bytes) : try BigNumber(bigEndian: bytes)
        }
        if curve == .x25519 {
            // RFC 7748 § 5: decodeScalar25519.
            for (bit, value) in [(0, 0), (1, 0), (2, 0), (255, 0), (254, 1)] {
                try check(unsafe mbedtls_mpi_set_bit(scalar.raw, bit, UInt8(value)))
            }
        }
        guard unsafe mbedtls_ecp_check_privkey(raw, scalar.raw) == 0 else { throw .invalidKey }
        return scalar
    }

    /// scalar × point, or scalar × generator; blinded.
    func multiply(
        _ scalar: borrowing BigNumber,
        _ point: borrowing CurvePoint,
        _ random: Generator
    ) throws(CryptoError) -> CurvePoint {
        let product = CurvePoint()
        let code = unsafe mbedtls_ecp_mul(
            raw,
            product.raw,
            scalar.raw,
            point.raw,
            Generator.callback,
            random.callbackContext
        )
        try check(code)
        return product
    }

    /// The public key of a scalar: x ‖ y, or X25519's 32 bytes.
    func publicPoint(
        _ scalar: borrowing BigNumber,
        _ random: Generator
    ) throws(CryptoError) -> [UInt8] {
        let product = CurvePoint()
        let code = unsafe mbedtls_ecp_mul(
            raw,
            product.raw,
            scalar.raw,
            &raw.pointee.G,
            Generator.callback,
            random.callbackContext
        )
        try check(code)
        var output = [UInt8](repeating: 0, count: pointLength)
        let length = curve.keyLength
        let written = unsafe output.withUnsafeMutableBufferPointer { buffer in
            guard curve != .x25519 else {
                return unsafe mbedtls_mpi_write_binary_le(
                    &product.raw.pointee.X,
                    buffer.baseAddress,
                    length
                )
            }
            let code = unsafe mbedtls_mpi_write_binary(
                &product.raw.pointee.X,
                buffer.baseAddress,
                length
            )
            guard code == 0 else { return code }
            return unsafe mbedtls_mpi_write_binary(
                &product.raw.pointee.Y,
                buffer.baseAddress?.advanced(by: length),
                length
            )
        }
        try check(written)
        return output
    }

    private var pointLength: Int { curve == .x25519 ? 32 : 2 * curve.keyLength }
}

/// The groups of an adapter, lent to one thread at a time.
///
/// mbedTLS doesn't let two threads multiply on the same group, and a group that is kept has its
/// table of the generator's multiples. So each thread borrows one, and there are as many as were ever
/// in use at once.
final class CurveGroups: Sendable {
    private let idle = Mutex<[CurveGroup]>([])

    /// Lends a group of `curve` for the length of `body`.
    func with<Result: ~Copyable>(
        _ curve: Curve,
        _ body: (CurveGroup) throws(CryptoError) -> Result
    ) throws(CryptoError) -> Result {
        let kept = idle.withLock { groups in
            groups.lastIndex { $0.curve == curve }.map { groups.remove(at: $0) }
        }
        let group = if let kept { kept } else { try CurveGroup(curve) }
        defer { idle.withLock { $0.append(group) } }
        return try body(group)
    }
}
