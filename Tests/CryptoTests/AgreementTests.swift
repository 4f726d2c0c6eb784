import EDHOC
import Secrets
import Testing

@Suite struct `Key agreement` {
    struct Vector: Sendable {
        let curve: Curve
        let privateKey, peer, shared: [UInt8]
    }

    static let vectors = [
        // NIST CAVP, KAS ECC CDH primitive, P-256, COUNT = 0.
        Vector(
            curve: .p256,
            privateKey: hex("7d7dc5f71eb29ddaf80d6214632eeae03d9058af1fb6d22ed80badb62bc1a534"),
            peer: hex(
                "700c48f77f56584c5cc632ca65640db91b6bacce3a4df6b42ce7cc838833d287"
                    + "db71e509e3fd9b060ddb20ba5c51dcc5948d46fbf640dfe0441782cab85fa4ac"
            ),
            shared: hex("46fc62106420ff012e54a434fbdd2d25ccc5852060561e68040dd7778997bd7b")
        ),
        // The same, P-384, COUNT = 0.
        Vector(
            curve: .p384,
            privateKey: hex(
                "3cc3122a68f0d95027ad38c067916ba0eb8c38894d22e1b1"
                    + "5618b6818a661774ad463b205da88cf699ab4d43c9cf98a1"
            ),
            peer: hex(
                "a7c76b970c3b5fe8b05d2838ae04ab47697b9eaf52e76459"
                    + "2efda27fe7513272734466b400091adbf2d68c58e0c50066"
                    + "ac68f19f2e1cb879aed43a9969b91a0839c4c38a49749b66"
                    + "1efedf243451915ed0905a32b060992b468c64766fc8437a"
            ),
            shared: hex(
                "5f9d29dc5e31a163060356213669c8ce132e22f57c9a04f4"
                    + "0ba7fcead493b457e5621e766c40a2e3d4d6a04b25e533f1"
            )
        ),
        // RFC 7748 § 5.2, both; the second sets the top bit of u, which is to be ignored.
        Vector(
            curve: .x25519,
            privateKey: hex("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4"),
            peer: hex("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c"),
            shared: hex("c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552")
        ),
        Vector(
            curve: .x25519,
            privateKey: hex("4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d"),
            peer: hex("e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493"),
            shared: hex("95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957")
        ),
        // RFC 7748 § 6.1: Bob's private key, Alice's public key.
        Vector(
            curve: .x25519,
            privateKey: hex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"),
            peer: hex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"),
            shared: hex("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742")
        ),
    ]

    @Test(arguments: Provider.allCases, vectors)
    func `the published shared secrets come out, from x ‖ y and from x alone`(
        _ provider: Provider,
        _ vector: Vector
    ) throws {
        let crypto = provider.crypto
        let key = try crypto.agreementKey(vector.curve, privateKey: secret(vector.privateKey))
        let x = Array(vector.peer.prefix(vector.curve.keyLength))
        for spelling in [vector.peer, x] {
            let peer = try crypto.agreementPublicKey(vector.curve, spelling)
            #expect(peer.bytes == x)
            #expect(peer.curve == vector.curve)
            #expect(try key.agree(with: peer).revealed() == vector.shared)
        }
        #expect(key.export().revealed() == vector.privateKey)
    }

    @Test(arguments: Provider.allCases)
    func `the public key of RFC 7748 § 6.1 comes out`(_ provider: Provider) throws {
        let bob = try provider.crypto.agreementKey(
            .x25519,
            privateKey: secret(
                hex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb")
            )
        )
        let expected = hex("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f")
        #expect(bob.publicKey == expected)
        #expect(bob.publicPoint == expected)
    }

    @Test(arguments: Provider.allCases, Curve.allCases)
    func `two fresh keys agree, and no two are alike`(
        _ provider: Provider,
        _ curve: Curve
    ) throws {
        let crypto = provider.crypto
        let one = try crypto.generateAgreementKey(curve)
        let two = try crypto.generateAgreementKey(curve)
        #expect(one.publicKey != two.publicKey)
        #expect(one.publicKey.count == curve.keyLength)
        #expect(Array(one.publicPoint.prefix(curve.keyLength)) == one.publicKey)
        #expect(one.publicPoint.count == (curve == .x25519 ? 32 : 2 * curve.keyLength))
        let mine = try one.agree(with: crypto.agreementPublicKey(curve, two.publicPoint))
        let theirs = try two.agree(with: crypto.agreementPublicKey(curve, one.publicKey))
        #expect(mine.revealed() == theirs.revealed())
    }

    @Test(arguments: Provider.allCases, Curve.allCases)
    func `a public key of a wrong length is refused`(
        _ provider: Provider,
        _ curve: Curve
    ) throws {
        let crypto = provider.crypto
        let point = try crypto.generateAgreementKey(curve).publicPoint + [0, 0]
        for count in 0..<point.count
        where count != curve.keyLength && (curve == .x25519 || count != 2 * curve.keyLength) {
            let bytes = Array(point.prefix(count))
            #expect(throws: CryptoError.invalidPoint, "\(count) bytes") {
                try crypto.agreementPublicKey(curve, bytes)
            }
        }
    }

    @Test(arguments: Provider.allCases, Curve.nist)
    func `an x off the curve is refused`(_ provider: Provider, _ curve: Curve) {
        // Of the small numbers 1 is x of no point on either curve (and 5 and 2 are, see below).
        let crypto = provider.crypto
        let one = [UInt8](repeating: 0, count: curve.keyLength - 1) + [1]
        #expect(throws: CryptoError.invalidPoint) { try crypto.agreementPublicKey(curve, one) }
    }

    @Test(arguments: Provider.allCases, Curve.nist)
    func `an x not below p is refused, though it reduces to one on the curve`(
        _ provider: Provider,
        _ curve: Curve
    ) throws {
        let crypto = provider.crypto
        let small: UInt8 = curve == .p256 ? 5 : 2
        let onCurve = [UInt8](repeating: 0, count: curve.keyLength - 1) + [small]
        #expect(try crypto.agreementPublicKey(curve, onCurve).bytes == onCurve)
        let all = [UInt8](repeating: 0xFF, count: curve.keyLength)
        for bytes in [curve.prime, added(curve.prime, small), all] {
            #expect(throws: CryptoError.invalidPoint) {
                try crypto.agreementPublicKey(curve, bytes)
            }
        }
    }

    @Test(arguments: Provider.allCases, Curve.nist)
    func `an x ‖ y off the curve, or spelt otherwise, is refused`(
        _ provider: Provider,
        _ curve: Curve
    ) throws {
        let crypto = provider.crypto
        let point = try crypto.generateAgreementKey(curve).publicPoint
        let length = curve.keyLength
        for index in [0, length - 1, length, 2 * length - 1] {
            var changed = point
            changed[index] ^= 1
            #expect(throws: CryptoError.invalidPoint) {
                try crypto.agreementPublicKey(curve, changed)
            }
        }
        let x = Array(point.prefix(length))
        let zero = [UInt8](repeating: 0, count: length)
        for bytes in [x + zero, x + curve.prime, curve.prime + zero, zero + zero, x + x] {
            #expect(throws: CryptoError.invalidPoint) {
                try crypto.agreementPublicKey(curve, bytes)
            }
        }
    }

    /// The points whose order divides 8, and their second spellings (RFC 7748 § 6.1, § 7).
    static let lowOrder = [
        hex("0000000000000000000000000000000000000000000000000000000000000000"),
        hex("0100000000000000000000000000000000000000000000000000000000000000"),
        hex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
        hex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
        hex("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
        hex("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
        hex("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
        hex("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"),
        hex("0000000000000000000000000000000000000000000000000000000000000080"),
    ]

    @Test(arguments: Provider.allCases, lowOrder)
    func `an X25519 point of low order is refused when used`(
        _ provider: Provider,
        _ point: [UInt8]
    ) throws {
        let crypto = provider.crypto
        let key = try crypto.generateAgreementKey(.x25519)
        let peer = try crypto.agreementPublicKey(.x25519, point)
        #expect(throws: CryptoError.invalidPoint) { _ = try key.agree(with: peer).revealed() }
    }

    @Test(arguments: Provider.allCases, Curve.allCases)
    func `many tasks use one adapter and one key at once`(
        _ provider: Provider,
        _ curve: Curve
    ) async throws {
        let crypto = provider.crypto
        let shared = try crypto.generateAgreementKey(curve)
        let agreed = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    do {
                        let own = try crypto.generateAgreementKey(curve)
                        let peer = try crypto.agreementPublicKey(curve, shared.publicKey)
                        let mine = try own.agree(with: peer)
                        let ours = try shared.agree(
                            with: crypto.agreementPublicKey(curve, own.publicKey)
                        )
                        return mine.isEqual(to: ours)
                    } catch {
                        return false
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(agreed == [Bool](repeating: true, count: 8))
    }
}
