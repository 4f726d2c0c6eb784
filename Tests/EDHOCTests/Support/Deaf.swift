import CryptoHarness
import EDHOC
import Secrets

/// A crypto library whose source of randomness has failed.
struct Deaf: CryptoWrapper {
    let base: any Crypto

    func generateAgreementKey(_ curve: Curve) throws(CryptoError) -> any AgreementKey {
        throw .noRandomness
    }
    func generateSigningKey(_ algorithm: SignatureAlgorithm) throws(CryptoError) -> any SigningKey {
        throw .noRandomness
    }
    func randomBytes(_ count: Int) throws(CryptoError) -> [UInt8] { throw .noRandomness }
    func randomSecret(_ count: Int) throws(CryptoError) -> Secret { throw .noRandomness }
}
