import CryptoHarness
import EDHOC
import KeyExchange
import MbedCrypto
import Secrets
import Synchronization

/// mbedTLS with additions: ephemeral keys that a test dictates, notes of every seal, and a defect.
final class LabCrypto: CryptoWrapper {
    /// What a cipher must never see twice.
    struct KeyAndNonce: Hashable, Sendable {
        let key: [UInt8]
        let nonce: [UInt8]
    }

    private static let shared = MbedCrypto()
    let base: any Crypto = LabCrypto.shared
    private let ephemerals: Mutex<[[UInt8]]>
    private let seals = Mutex<[KeyAndNonce]>([])
    private let broken = Mutex(false)

    /// The first generated keys are these private ones, in turn.
    init(ephemerals: [[UInt8]] = []) { self.ephemerals = Mutex(ephemerals) }

    /// What was sealed with, in order.
    var sealed: [KeyAndNonce] { seals.withLock { $0 } }

    /// Whether keys come out of `extract` wrong.
    var isBroken: Bool {
        get { broken.withLock { $0 } }
        set { broken.withLock { $0 = newValue } }
    }

    func extract(
        _ algorithm: HashAlgorithm,
        salt: RawSpan,
        inputKey: borrowing Secret
    ) -> Secret {
        isBroken
            ? secret([UInt8](repeating: 0, count: algorithm.length))
            : base.extract(algorithm, salt: salt, inputKey: inputKey)
    }

    func seal(
        _ aead: AEADAlgorithm,
        key: borrowing Secret,
        nonce: [UInt8],
        authenticating: [UInt8],
        plaintext: RawSpan
    ) throws(CryptoError) -> [UInt8] {
        let use = KeyAndNonce(key: clear(key), nonce: nonce)
        seals.withLock { $0.append(use) }
        return try base.seal(
            aead,
            key: key,
            nonce: nonce,
            authenticating: authenticating,
            plaintext: plaintext
        )
    }

    func generateAgreementKey(_ curve: Curve) throws(CryptoError) -> any AgreementKey {
        let dictated = ephemerals.withLock { $0.isEmpty ? nil : $0.removeFirst() }
        guard let dictated else { return try base.generateAgreementKey(curve) }
        return try base.agreementKey(curve, privateKey: secret(dictated))
    }
}

/// A secret's bytes, for a test to compare.
func clear(_ secret: borrowing Secret) -> [UInt8] { secret.withBytes { [UInt8](copying: $0) } }

/// A secret of bytes that are no secret.
func secret(_ bytes: [UInt8]) -> Secret { Secret(copying: bytes.rawSpan) }

/// Key material of bytes that are no secret.
func material(_ bytes: [UInt8]) -> KeyMaterial { KeyMaterial(secret(bytes)) }
