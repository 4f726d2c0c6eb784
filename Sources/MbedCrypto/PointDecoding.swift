internal import CMbedTLS
internal import EDHOC
internal import Secrets

extension CurveGroup {
    /// Reads x or x ‖ y of a NIST curve and returns x ‖ y; throws unless it is a point of the curve.
    ///
    /// Of the two roots of x alone it picks the even one.
    func decode(_ bytes: [UInt8]) throws(CryptoError) -> [UInt8] {
        let length = curve.keyLength
        switch bytes.count {
        case length:
            let x = try coordinate(bytes)
            let y = try recoverY(x)
            return bytes + (try y.bytes(length))
        case 2 * length:
            let x = try coordinate(Array(bytes.prefix(length)))
            let y = try coordinate(Array(bytes.suffix(length)))
            guard try isSquare(of: y, try curveEquation(x)) else { throw .invalidPoint }
            return bytes
        default: throw .invalidPoint
        }
    }

    /// The other point with the same x, both as x ‖ y.
    func negated(_ point: [UInt8]) throws(CryptoError) -> [UInt8] {
        let length = curve.keyLength
        let y = try BigNumber(bigEndian: Array(point.suffix(length)).rawSpan)
        let negative = BigNumber()
        try check(unsafe mbedtls_mpi_sub_mpi(negative.raw, &raw.pointee.P, y.raw))
        return point.prefix(length) + (try negative.bytes(length))
    }

    /// A field element in its canonical form: anything not below p has a second spelling.
    private func coordinate(_ bytes: [UInt8]) throws(CryptoError) -> BigNumber {
        let value = try BigNumber(bigEndian: bytes.rawSpan)
        guard unsafe mbedtls_mpi_cmp_mpi(value.raw, &raw.pointee.P) < 0 else {
            throw .invalidPoint
        }
        return value
    }

    /// The even root of x³ − 3x + b; throws when there is none, which is to say off the curve.
    private func recoverY(_ x: borrowing BigNumber) throws(CryptoError) -> BigNumber {
        let square = try curveEquation(x)
        // p ≡ 3 (mod 4) for both curves, so a root of a square is its power by (p + 1) / 4.
        let exponent = BigNumber()
        try check(unsafe mbedtls_mpi_add_int(exponent.raw, &raw.pointee.P, 1))
        try check(unsafe mbedtls_mpi_shift_r(exponent.raw, 2))
        let root = BigNumber()
        try check(
            unsafe mbedtls_mpi_exp_mod(root.raw, square.raw, exponent.raw, &raw.pointee.P, nil)
        )
        guard try isSquare(of: root, square) else { throw .invalidPoint }
        if unsafe mbedtls_mpi_get_bit(root.raw, 0) == 1 {
            try check(unsafe mbedtls_mpi_sub_mpi(root.raw, &raw.pointee.P, root.raw))
        }
        return root
    }

    /// x³ − 3x + b (mod p), SEC 1 § 2.2.1 with a = −3.
    private func curveEquation(_ x: borrowing BigNumber) throws(CryptoError) -> BigNumber {
        let result = BigNumber()
        try check(unsafe mbedtls_mpi_mul_mpi(result.raw, x.raw, x.raw))
        try check(unsafe mbedtls_mpi_sub_int(result.raw, result.raw, 3))
        try check(unsafe mbedtls_mpi_mod_mpi(result.raw, result.raw, &raw.pointee.P))
        try check(unsafe mbedtls_mpi_mul_mpi(result.raw, result.raw, x.raw))
        try check(unsafe mbedtls_mpi_add_mpi(result.raw, result.raw, &raw.pointee.B))
        try check(unsafe mbedtls_mpi_mod_mpi(result.raw, result.raw, &raw.pointee.P))
        return result
    }

    private func isSquare(
        of root: borrowing BigNumber,
        _ square: borrowing BigNumber
    ) throws(CryptoError) -> Bool {
        let product = BigNumber()
        try check(unsafe mbedtls_mpi_mul_mpi(product.raw, root.raw, root.raw))
        try check(unsafe mbedtls_mpi_mod_mpi(product.raw, product.raw, &raw.pointee.P))
        return unsafe mbedtls_mpi_cmp_mpi(product.raw, square.raw) == 0
    }
}
