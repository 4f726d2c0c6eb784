internal import CMbedTLS
internal import EDHOC
internal import Secrets

/// The owner of one of mbedTLS's big numbers, wiped when released.
@safe struct BigNumber: ~Copyable {
    let raw: UnsafeMutablePointer<mbedtls_mpi>

    init() {
        unsafe raw = .allocate(capacity: 1)
        unsafe mbedtls_mpi_init(raw)
    }

    init(bigEndian bytes: RawSpan) throws(CryptoError) {
        self.init()
        try check(unsafe bytes.withPointer { unsafe mbedtls_mpi_read_binary(raw, $0, $1) })
    }

    init(littleEndian bytes: RawSpan) throws(CryptoError) {
        self.init()
        try check(unsafe bytes.withPointer { unsafe mbedtls_mpi_read_binary_le(raw, $0, $1) })
    }

    deinit {
        unsafe mbedtls_mpi_free(raw)
        unsafe raw.deallocate()
    }

    /// The number as `count` big-endian bytes.
    func bytes(_ count: Int) throws(CryptoError) -> [UInt8] {
        var output = [UInt8](repeating: 0, count: count)
        try check(unsafe mbedtls_mpi_write_binary(raw, &output, count))
        return output
    }
}

/// The owner of one of mbedTLS's curve points.
@safe struct CurvePoint: ~Copyable {
    let raw: UnsafeMutablePointer<mbedtls_ecp_point>

    init() {
        unsafe raw = .allocate(capacity: 1)
        unsafe mbedtls_ecp_point_init(raw)
    }

    /// A point of a NIST curve from x ‖ y; whether it lies on the curve is not asked here.
    init(affine bytes: [UInt8]) throws(CryptoError) {
        self.init()
        let length = bytes.count / 2
        let code = unsafe bytes.rawSpan.withPointer { start, _ in
            let code = unsafe mbedtls_mpi_read_binary(&raw.pointee.X, start, length)
            guard code == 0 else { return code }
            return unsafe mbedtls_mpi_read_binary(
                &raw.pointee.Y,
                start?.advanced(by: length),
                length
            )
        }
        try check(code)
        try check(unsafe mbedtls_mpi_lset(&raw.pointee.Z, 1))
    }

    /// A point of X25519 from the bytes of u.
    init(montgomery bytes: [UInt8]) throws(CryptoError) {
        self.init()
        try check(unsafe mbedtls_mpi_read_binary_le(&raw.pointee.X, bytes, bytes.count))
        try check(unsafe mbedtls_mpi_lset(&raw.pointee.Z, 1))
    }

    deinit {
        unsafe mbedtls_ecp_point_free(raw)
        unsafe raw.deallocate()
    }
}
