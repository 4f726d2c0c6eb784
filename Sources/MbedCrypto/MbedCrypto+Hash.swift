internal import CMbedTLS
public import EDHOC
public import Secrets

extension MbedCrypto {
    /// The digest of `message`.
    public func hash(_ algorithm: HashAlgorithm, _ message: RawSpan) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: algorithm.length)
        let code = unsafe message.withPointer { start, count in
            unsafe mbedtls_md(algorithm.info, start, count, &digest)
        }
        require(code)
        return digest
    }

    /// HMAC (RFC 2104) of `message`, untruncated.
    public func authenticate(
        _ algorithm: HashAlgorithm,
        key: borrowing Secret,
        message: RawSpan
    ) -> [UInt8] {
        var tag = [UInt8](repeating: 0, count: algorithm.length)
        let code = key.withBytes { key in
            unsafe key.withPointer { key, keyCount in
                unsafe message.withPointer { start, count in
                    unsafe mbedtls_md_hmac(algorithm.info, key, keyCount, start, count, &tag)
                }
            }
        }
        require(code)
        return tag
    }

    /// HKDF-Extract (RFC 5869 § 2.2).
    public func extract(
        _ algorithm: HashAlgorithm,
        salt: RawSpan,
        inputKey: borrowing Secret
    ) -> Secret {
        inputKey.withBytes { input in
            unsafe Secret(count: algorithm.length) { output in
                unsafe salt.withPointer { salt, saltCount in
                    unsafe input.withPointer { input, inputCount in
                        // RFC 2104: HMAC's key is the salt, here, and the message is the input key.
                        unsafe mbedtls_md_hmac(
                            algorithm.info,
                            salt,
                            saltCount,
                            input,
                            inputCount,
                            output
                        )
                    }
                }
            }
        }
    }

    /// HKDF-Expand (RFC 5869 § 2.3); `count` is at most 255 digests, and `key` at least one.
    public func expand(
        _ algorithm: HashAlgorithm,
        key: borrowing Secret,
        info: RawSpan,
        count: Int
    ) -> Secret {
        precondition(count <= 255 * algorithm.length, "HKDF can't expand so far")
        precondition(key.count >= algorithm.length, "HKDF expands keys of a digest's length")
        return key.withBytes { key in
            unsafe Secret(count: count) { output in
                unsafe key.withPointer { key, keyCount in
                    unsafe info.withPointer { info, infoCount in
                        unsafe mbedtls_hkdf_expand(
                            algorithm.info,
                            key,
                            keyCount,
                            info,
                            infoCount,
                            output,
                            count
                        )
                    }
                }
            }
        }
    }
}

extension HashAlgorithm {
    /// mbedTLS's description of the hash; it lives as long as the process.
    var info: OpaquePointer? {
        switch self {
        case .sha256: unsafe mbedtls_md_info_from_type(MBEDTLS_MD_SHA256)
        case .sha384: unsafe mbedtls_md_info_from_type(MBEDTLS_MD_SHA384)
        }
    }
}

extension Secret {
    /// A secret written by a C function that fails on wrong arguments alone.
    fileprivate init(count: Int, _ body: (UnsafeMutablePointer<UInt8>?) -> Int32) {
        self.init(count: count) { output in
            let code = unsafe output.withUnsafeMutableBytes { buffer, written in
                written = buffer.count
                return unsafe body(buffer.assumingMemoryBound(to: UInt8.self).baseAddress)
            }
            require(code)
        }
    }
}
