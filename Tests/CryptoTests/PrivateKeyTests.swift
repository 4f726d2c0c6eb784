import EDHOC
import Secrets
import Testing

@Suite struct `Private keys for agreement` {
    @Test(arguments: Provider.allCases, Curve.nist)
    func `a private key of zero, of n or above it is refused, n − 1 is taken`(
        _ provider: Provider,
        _ curve: Curve
    ) throws {
        let crypto = provider.crypto
        let zero = [UInt8](repeating: 0, count: curve.keyLength)
        let all = [UInt8](repeating: 0xFF, count: curve.keyLength)
        for bytes in [zero, curve.order, added(curve.order, 1), all] {
            #expect(throws: CryptoError.invalidKey) {
                try crypto.agreementKey(curve, privateKey: secret(bytes))
            }
        }
        var last = curve.order
        last[last.count - 1] -= 1
        let one = [UInt8](repeating: 0, count: curve.keyLength - 1) + [1]
        let greatest = try crypto.agreementKey(curve, privateKey: secret(last))
        let least = try crypto.agreementKey(curve, privateKey: secret(one))
        // (n − 1)G = −G: the same x, the other y.
        #expect(greatest.publicKey == least.publicKey)
        #expect(greatest.publicPoint != least.publicPoint)
    }

    @Test(arguments: Provider.allCases, Curve.allCases)
    func `a private key of a wrong length is refused`(_ provider: Provider, _ curve: Curve) {
        let crypto = provider.crypto
        for count in [0, 1, curve.keyLength - 1, curve.keyLength + 1, 2 * curve.keyLength] {
            let bytes = [UInt8](repeating: 1, count: count)
            #expect(throws: CryptoError.invalidKey, "\(count) bytes") {
                try crypto.agreementKey(curve, privateKey: secret(bytes))
            }
        }
    }
}
