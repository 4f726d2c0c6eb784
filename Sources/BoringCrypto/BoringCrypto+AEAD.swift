internal import Crypto
public import EDHOC
// swift-crypto has a `CryptoError` too.
public import enum EDHOC.CryptoError
internal import FoundationEssentials
internal import Glibc
private import MbedCrypto
public import Secrets

extension BoringCrypto {
    /// Encrypts and authenticates; returns ciphertext ‖ tag.
    public func seal(
        _ aead: AEADAlgorithm,
        key: borrowing Secret,
        nonce: [UInt8],
        authenticating: [UInt8],
        plaintext: RawSpan
    ) throws(CryptoError) -> [UInt8] {
        if aead.isCCM {
            return try mbed.seal(
                aead,
                key: key,
                nonce: nonce,
                authenticating: authenticating,
                plaintext: plaintext
            )
        }
        let key = symmetricKey(aead, key, nonce: nonce)
        return try unsafe plaintext.withUnsafeBytes { plaintext throws(CryptoError) in
            try attempt(.library(0)) {
                if aead == .chaCha20Poly1305 {
                    let box = try unsafe ChaChaPoly.seal(
                        plaintext,
                        using: key,
                        nonce: ChaChaPoly.Nonce(data: nonce),
                        authenticating: authenticating
                    )
                    return Array(box.ciphertext) + Array(box.tag)
                }
                let box = try unsafe AES.GCM.seal(
                    plaintext,
                    using: key,
                    nonce: AES.GCM.Nonce(data: nonce),
                    authenticating: authenticating
                )
                return Array(box.ciphertext) + Array(box.tag)
            }
        }
    }

    /// Checks and decrypts ciphertext ‖ tag; throws `.notAuthentic` when anything was changed.
    public func open(
        _ aead: AEADAlgorithm,
        key: borrowing Secret,
        nonce: [UInt8],
        authenticating: [UInt8],
        ciphertext: RawSpan
    ) throws(CryptoError) -> Secret {
        if aead.isCCM {
            return try mbed.open(
                aead,
                key: key,
                nonce: nonce,
                authenticating: authenticating,
                ciphertext: ciphertext
            )
        }
        let key = symmetricKey(aead, key, nonce: nonce)
        guard ciphertext.byteCount >= aead.tagLength else { throw .notAuthentic }
        let bytes = [UInt8](copying: ciphertext)
        let body = bytes.dropLast(aead.tagLength)
        let tag = bytes.suffix(aead.tagLength)
        var plaintext: Data = try attempt(.notAuthentic) {
            if aead == .chaCha20Poly1305 {
                let box = try ChaChaPoly.SealedBox(
                    nonce: ChaChaPoly.Nonce(data: nonce),
                    ciphertext: body,
                    tag: tag
                )
                return try ChaChaPoly.open(box, using: key, authenticating: authenticating)
            }
            let box = try AES.GCM.SealedBox(
                nonce: AES.GCM.Nonce(data: nonce),
                ciphertext: body,
                tag: tag
            )
            return try AES.GCM.open(box, using: key, authenticating: authenticating)
        }
        // swift-crypto returns the plaintext in a `Data`, which nobody else holds: wiped in place.
        let count = plaintext.count
        return Secret(count: count) { output in
            unsafe plaintext.withUnsafeMutableBytes { buffer in
                for index in buffer.indices { output.append(unsafe buffer[index]) }
                if let start = buffer.baseAddress { unsafe explicit_bzero(start, count) }
            }
        }
    }

    private func symmetricKey(
        _ aead: AEADAlgorithm,
        _ key: borrowing Secret,
        nonce: [UInt8]
    ) -> SymmetricKey {
        precondition(key.count == aead.keyLength, "\(aead) takes another length of key")
        precondition(nonce.count == aead.nonceLength, "\(aead) takes another length of nonce")
        return key.withBytes { bytes in
            unsafe bytes.withUnsafeBytes { unsafe SymmetricKey(data: $0) }
        }
    }
}

extension AEADAlgorithm {
    fileprivate var isCCM: Bool { self == .aesCCM16_64_128 || self == .aesCCM16_128_128 }
}
