import CryptoHarness
import EDHOC
import Secrets
import Synchronization

/// Another adapter, with notes of everything that passed through it.
final class RecordingCrypto: CryptoWrapper {
    /// One call, in clear bytes, as only a test may have them.
    enum Call: Hashable, Sendable {
        case hash([UInt8], [UInt8])
        case extract(salt: [UInt8], input: [UInt8], [UInt8])
        case expand(key: [UInt8], info: [UInt8], [UInt8])
        case cipher(key: [UInt8], nonce: [UInt8], data: [UInt8], plain: [UInt8], sealed: [UInt8])
        case verify(message: [UInt8], signature: [UInt8], publicKey: [UInt8])
    }

    let base: any Crypto
    private let notes = Mutex<[Call]>([])
    /// Signatures of an algorithm that the base lacks, known from the vectors to be valid.
    private let knownSignatures: Set<[UInt8]>

    init(_ base: any Crypto, knownSignatures: Set<[UInt8]> = []) {
        self.base = base
        self.knownSignatures = knownSignatures
    }

    var calls: [Call] { notes.withLock { $0 } }

    func supports(_ signature: SignatureAlgorithm) -> Bool {
        base.supports(signature) || !knownSignatures.isEmpty
    }

    func hash(_ algorithm: HashAlgorithm, _ message: RawSpan) -> [UInt8] {
        let digest = base.hash(algorithm, message)
        note(.hash([UInt8](copying: message), digest))
        return digest
    }

    func extract(
        _ algorithm: HashAlgorithm,
        salt: RawSpan,
        inputKey: borrowing Secret
    ) -> Secret {
        let key = base.extract(algorithm, salt: salt, inputKey: inputKey)
        note(.extract(salt: [UInt8](copying: salt), input: clear(inputKey), clear(key)))
        return key
    }

    func expand(
        _ algorithm: HashAlgorithm,
        key: borrowing Secret,
        info: RawSpan,
        count: Int
    ) -> Secret {
        let output = base.expand(algorithm, key: key, info: info, count: count)
        note(.expand(key: clear(key), info: [UInt8](copying: info), clear(output)))
        return output
    }

    func seal(
        _ aead: AEADAlgorithm,
        key: borrowing Secret,
        nonce: [UInt8],
        authenticating: [UInt8],
        plaintext: RawSpan
    ) throws(CryptoError) -> [UInt8] {
        let sealed = try base.seal(
            aead,
            key: key,
            nonce: nonce,
            authenticating: authenticating,
            plaintext: plaintext
        )
        note(
            .cipher(
                key: clear(key),
                nonce: nonce,
                data: authenticating,
                plain: [UInt8](copying: plaintext),
                sealed: sealed
            )
        )
        return sealed
    }

    func open(
        _ aead: AEADAlgorithm,
        key: borrowing Secret,
        nonce: [UInt8],
        authenticating: [UInt8],
        ciphertext: RawSpan
    ) throws(CryptoError) -> Secret {
        let plaintext = try base.open(
            aead,
            key: key,
            nonce: nonce,
            authenticating: authenticating,
            ciphertext: ciphertext
        )
        note(
            .cipher(
                key: clear(key),
                nonce: nonce,
                data: authenticating,
                plain: clear(plaintext),
                sealed: [UInt8](copying: ciphertext)
            )
        )
        return plaintext
    }

    func isValid(
        _ signature: [UInt8],
        _ algorithm: SignatureAlgorithm,
        message: RawSpan,
        publicKey: [UInt8]
    ) -> Bool {
        note(
            .verify(
                message: [UInt8](copying: message),
                signature: signature,
                publicKey: publicKey
            )
        )
        guard base.supports(algorithm) else { return knownSignatures.contains(signature) }
        return base.isValid(signature, algorithm, message: message, publicKey: publicKey)
    }

    private func note(_ call: Call) { notes.withLock { $0.append(call) } }
}

/// A secret's bytes, for a test to compare.
func clear(_ secret: borrowing Secret) -> [UInt8] { secret.withBytes { [UInt8](copying: $0) } }

/// A secret of bytes that are no secret.
func secret(_ bytes: [UInt8]) -> Secret { Secret(copying: bytes.rawSpan) }
