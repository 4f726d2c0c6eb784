import BoringCrypto
import EDHOC
import MbedCrypto
import Testing

/// A crypto library under test.
struct Provider: Sendable, CustomTestStringConvertible {
    let name: String
    let crypto: any Crypto
    var testDescription: String { name }

    static let mbedTLS = Provider(name: "mbedtls", crypto: MbedCrypto())
    static let boringSSL = Provider(name: "boringssl", crypto: BoringCrypto())
    static let all = [mbedTLS, boringSSL]
}
