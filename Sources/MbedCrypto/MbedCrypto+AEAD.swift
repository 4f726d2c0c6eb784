internal import CMbedTLS
public import EDHOC
public import Secrets

extension MbedCrypto {
    /// Encrypts and authenticates; returns ciphertext ‖ tag.
    ///
    /// AES-CCM takes at most 65,535 bytes (its length field has two); more throws `.library`.
    public func seal(
        _ aead: AEADAlgorithm,
        key: borrowing Secret,
        nonce: [UInt8],
        authenticating: [UInt8],
        plaintext: RawSpan
    ) throws(CryptoError) -> [UInt8] {
        precondition(nonce.count == aead.nonceLength, "\(aead) takes another length of nonce")
        let cipher = try AEADContext(aead, key: key)
        return try cipher.seal(plaintext, nonce: nonce, authenticating: authenticating)
    }

    /// Checks and decrypts ciphertext ‖ tag; throws `.notAuthentic` when anything was changed.
    public func open(
        _ aead: AEADAlgorithm,
        key: borrowing Secret,
        nonce: [UInt8],
        authenticating: [UInt8],
        ciphertext: RawSpan
    ) throws(CryptoError) -> Secret {
        precondition(nonce.count == aead.nonceLength, "\(aead) takes another length of nonce")
        // Nothing shorter than a tag can be authentic.
        guard ciphertext.byteCount >= aead.tagLength else { throw .notAuthentic }
        let cipher = try AEADContext(aead, key: key)
        return try cipher.open(ciphertext, nonce: nonce, authenticating: authenticating)
    }
}

/// The owner of one of mbedTLS's keyed ciphers, wiped when released.
@safe private struct AEADContext: ~Copyable {
    @unsafe private enum Raw {
        case ccm(UnsafeMutablePointer<mbedtls_ccm_context>)
        case gcm(UnsafeMutablePointer<mbedtls_gcm_context>)
        case chaChaPoly(UnsafeMutablePointer<mbedtls_chachapoly_context>)
    }

    private let raw: Raw
    private let tagLength: Int

    init(_ aead: AEADAlgorithm, key: borrowing Secret) throws(CryptoError) {
        precondition(key.count == aead.keyLength, "\(aead) takes another length of key")
        tagLength = aead.tagLength
        switch aead {
        case .aesCCM16_64_128, .aesCCM16_128_128:
            let context = UnsafeMutablePointer<mbedtls_ccm_context>.allocate(capacity: 1)
            unsafe mbedtls_ccm_init(context)
            unsafe raw = .ccm(context)
        case .aes128GCM, .aes256GCM:
            let context = UnsafeMutablePointer<mbedtls_gcm_context>.allocate(capacity: 1)
            unsafe mbedtls_gcm_init(context)
            unsafe raw = .gcm(context)
        case .chaCha20Poly1305:
            let context = UnsafeMutablePointer<mbedtls_chachapoly_context>.allocate(capacity: 1)
            unsafe mbedtls_chachapoly_init(context)
            unsafe raw = .chaChaPoly(context)
        }
        let raw = unsafe raw
        let code = key.withBytes { key in
            unsafe key.withPointer { start, count in
                let bits = UInt32(8 * count)
                return switch unsafe raw {
                case .ccm(let context):
                    unsafe mbedtls_ccm_setkey(context, MBEDTLS_CIPHER_ID_AES, start, bits)
                case .gcm(let context):
                    unsafe mbedtls_gcm_setkey(context, MBEDTLS_CIPHER_ID_AES, start, bits)
                case .chaChaPoly(let context):
                    unsafe mbedtls_chachapoly_setkey(context, start)
                }
            }
        }
        try check(code)
    }

    deinit {
        switch unsafe raw {
        case .ccm(let context):
            unsafe mbedtls_ccm_free(context)
            unsafe context.deallocate()
        case .gcm(let context):
            unsafe mbedtls_gcm_free(context)
            unsafe context.deallocate()
        case .chaChaPoly(let context):
            unsafe mbedtls_chachapoly_free(context)
            unsafe context.deallocate()
        }
    }

    func seal(
        _ plaintext: RawSpan,
        nonce: [UInt8],
        authenticating data: [UInt8]
    ) throws(CryptoError) -> [UInt8] {
        let tagLength = tagLength
        var output = [UInt8](repeating: 0, count: plaintext.byteCount + tagLength)
        let code = unsafe plaintext.withPointer { input, count in
            unsafe output.withUnsafeMutableBufferPointer { output in
                let start = output.baseAddress
                let tag = unsafe start?.advanced(by: count)
                return switch unsafe raw {
                case .ccm(let context):
                    unsafe mbedtls_ccm_encrypt_and_tag(
                        context,
                        count,
                        nonce,
                        nonce.count,
                        data,
                        data.count,
                        input,
                        start,
                        tag,
                        tagLength
                    )
                case .gcm(let context):
                    unsafe mbedtls_gcm_crypt_and_tag(
                        context,
                        MBEDTLS_GCM_ENCRYPT,
                        count,
                        nonce,
                        nonce.count,
                        data,
                        data.count,
                        input,
                        start,
                        tagLength,
                        tag
                    )
                case .chaChaPoly(let context):
                    unsafe mbedtls_chachapoly_encrypt_and_tag(
                        context,
                        count,
                        nonce,
                        data,
                        data.count,
                        input,
                        start,
                        tag
                    )
                }
            }
        }
        try check(code)
        return output
    }

    func open(
        _ ciphertext: RawSpan,
        nonce: [UInt8],
        authenticating data: [UInt8]
    ) throws(CryptoError) -> Secret {
        let tagLength = tagLength
        let count = ciphertext.byteCount - tagLength
        return try unsafe Secret(count: count) { output in
            unsafe ciphertext.withPointer { input, _ in
                let start = output.baseAddress
                let tag = unsafe input?.advanced(by: count)
                return switch unsafe raw {
                case .ccm(let context):
                    unsafe mbedtls_ccm_auth_decrypt(
                        context,
                        count,
                        nonce,
                        nonce.count,
                        data,
                        data.count,
                        input,
                        start,
                        tag,
                        tagLength
                    )
                case .gcm(let context):
                    unsafe mbedtls_gcm_auth_decrypt(
                        context,
                        count,
                        nonce,
                        nonce.count,
                        data,
                        data.count,
                        tag,
                        tagLength,
                        input,
                        start
                    )
                case .chaChaPoly(let context):
                    unsafe mbedtls_chachapoly_auth_decrypt(
                        context,
                        count,
                        nonce,
                        data,
                        data.count,
                        tag,
                        input,
                        start
                    )
                }
            }
        }
    }
}
