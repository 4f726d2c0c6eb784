internal import BoringCrypto
internal import CryptoHarness
internal import EDHOC
internal import Secrets
internal import Synchronization

/// The real library with chance under a seed; what it draws for a key stands in the ledger.
struct SeededCrypto: CryptoWrapper {
    let base: any Crypto = BoringCrypto()
    private let source: Source
    private let ledger: Ledger

    private final class Source: Sendable {
        let chance: Mutex<Chance>
        init(_ chance: Chance) { self.chance = Mutex(chance) }
    }

    /// `stream` names whose crypto it is.
    init(seed: UInt64, stream: String, ledger: Ledger) {
        source = Source(Chance(seed: seed, stream: stream))
        self.ledger = ledger
    }

    func randomBytes(_ count: Int) throws(CryptoError) -> [UInt8] {
        source.chance.withLock { chance in
            (0..<count).map { _ in UInt8(truncatingIfNeeded: chance.next() >> 24) }
        }
    }

    func randomSecret(_ count: Int) throws(CryptoError) -> Secret {
        var bytes = try randomBytes(count)
        let secret = Secret(taking: &bytes)
        ledger.add(secret)
        return secret
    }

    func generateAgreementKey(_ curve: Curve) throws(CryptoError) -> any AgreementKey {
        while true {
            let secret = try randomSecret(curve.keyLength)
            do throws(CryptoError) {
                return try base.agreementKey(curve, privateKey: secret)
            } catch .invalidKey {
                continue
            }
        }
    }

    func generateSigningKey(_ algorithm: SignatureAlgorithm) throws(CryptoError) -> any SigningKey {
        while true {
            let secret = try randomSecret(32)
            do throws(CryptoError) {
                return try base.signingKey(algorithm, privateKey: secret)
            } catch .invalidKey {
                continue
            }
        }
    }
}
