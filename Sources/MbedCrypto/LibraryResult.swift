internal import CMbedTLS
internal import EDHOC
internal import Secrets

/// Turns a return code of mbedTLS into success or an error: the only place that reads them.
func check(_ code: Int32) throws(CryptoError) {
    switch code {
    case 0: return
    case MBEDTLS_ERR_CCM_AUTH_FAILED, MBEDTLS_ERR_GCM_AUTH_FAILED,
        MBEDTLS_ERR_CHACHAPOLY_AUTH_FAILED:
        throw .notAuthentic
    case MBEDTLS_ERR_CTR_DRBG_ENTROPY_SOURCE_FAILED, MBEDTLS_ERR_ECP_RANDOM_FAILED:
        throw .noRandomness
    case MBEDTLS_ERR_ECP_INVALID_KEY:
        throw .invalidPoint
    default: throw .library(Int(code))
    }
}

/// For calls that fail only when memory is short or our arguments are wrong.
func require(_ code: Int32) {
    precondition(code == 0, "mbedTLS failed in a function that can't: \(code)")
}

extension Secret {
    /// A secret that a C function writes whole, whose return code is then checked.
    init(
        count: Int,
        filledBy body: (UnsafeMutableBufferPointer<UInt8>) -> Int32
    ) throws(CryptoError) {
        try self.init(count: count) { output throws(CryptoError) in
            let code = unsafe output.withUnsafeMutableBytes { buffer, written in
                written = buffer.count
                return unsafe body(buffer.assumingMemoryBound(to: UInt8.self))
            }
            try check(code)
        }
    }
}

extension RawSpan {
    /// Lends the bytes in the form that C takes.
    func withPointer<Result>(_ body: (UnsafePointer<UInt8>?, Int) -> Result) -> Result {
        unsafe withUnsafeBytes { buffer in
            unsafe body(buffer.baseAddress?.assumingMemoryBound(to: UInt8.self), buffer.count)
        }
    }
}
