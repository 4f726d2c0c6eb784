import EDHOC
import Secrets
import Testing

/// Each adapter against the other, on random inputs: neither may share a fault with itself.
@Suite struct `Both adapters agree` {
    private let mbed = Provider.mbedTLS.crypto
    private let boring = Provider.boringSSL.crypto
    private let seed = UInt64.random(in: 0...UInt64.max)

    @Test(arguments: Curve.allCases)
    func `on public keys, shared secrets and each other's handles`(_ curve: Curve) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<4 {
            let first = random.bytes(curve.keyLength)
            let second = random.bytes(curve.keyLength)
            let mine = try mbed.agreementKey(curve, privateKey: secret(first))
            let yours = try boring.agreementKey(curve, privateKey: secret(first))
            #expect(mine.publicPoint == yours.publicPoint, "seed \(seed)")
            let other = try boring.agreementKey(curve, privateKey: secret(second))
            let peer = try mbed.agreementPublicKey(curve, other.publicKey)
            let alsoPeer = try boring.agreementPublicKey(curve, other.publicPoint)
            let shared = try mine.agree(with: peer).revealed()
            #expect(try yours.agree(with: alsoPeer).revealed() == shared, "seed \(seed)")
            #expect(try yours.agree(with: peer).revealed() == shared, "seed \(seed)")
            #expect(try mine.agree(with: alsoPeer).revealed() == shared, "seed \(seed)")
        }
    }

    @Test(arguments: Curve.nist)
    func `on which x are on the curve`(_ curve: Curve) {
        var random = SeededGenerator(seed: seed)
        var taken = 0
        for _ in 0..<64 {
            let x = random.bytes(curve.keyLength)
            let mine = (try? mbed.agreementPublicKey(curve, x)) != nil
            let yours = (try? boring.agreementPublicKey(curve, x)) != nil
            #expect(mine == yours, "seed \(seed)")
            taken += mine ? 1 : 0
        }
        // Half of all x are: far from either end tells that the check is one.
        #expect((8...56).contains(taken), "seed \(seed)")
    }

    @Test(arguments: [SignatureAlgorithm.es256, .es384])
    func `on signatures`(_ algorithm: SignatureAlgorithm) throws {
        var random = SeededGenerator(seed: seed)
        let key = random.bytes(algorithm.signatureLength / 2)
        let message = random.bytes(77)
        for (signer, verifier) in [(mbed, boring), (boring, mbed)] {
            let signing = try signer.signingKey(algorithm, privateKey: secret(key))
            let signature = try signing.sign(message.rawSpan)
            let x = Array(signing.publicKey.prefix(signing.publicKey.count / 2))
            for publicKey in [signing.publicKey, x] {
                let isValid = verifier.isValid(
                    signature,
                    algorithm,
                    message: message.rawSpan,
                    publicKey: publicKey
                )
                #expect(isValid, "seed \(seed)")
            }
        }
    }

    @Test(arguments: AEADAlgorithm.allCases)
    func `on ciphertexts of every length`(_ cipher: AEADAlgorithm) throws {
        var random = SeededGenerator(seed: seed)
        for count in 0..<130 {
            let key = secret(random.bytes(cipher.keyLength))
            let nonce = random.bytes(cipher.nonceLength)
            let data = random.bytes(count / 2)
            let plaintext = random.bytes(count)
            let sealed = try mbed.seal(
                cipher,
                key: key,
                nonce: nonce,
                authenticating: data,
                plaintext: plaintext.rawSpan
            )
            let alsoSealed = try boring.seal(
                cipher,
                key: key,
                nonce: nonce,
                authenticating: data,
                plaintext: plaintext.rawSpan
            )
            #expect(sealed == alsoSealed, "seed \(seed)")
            let opened = try boring.open(
                cipher,
                key: key,
                nonce: nonce,
                authenticating: data,
                ciphertext: sealed.rawSpan
            )
            #expect(opened.revealed() == plaintext, "seed \(seed)")
        }
    }

    @Test(arguments: HashAlgorithm.allCases)
    func `on digests, tags and derived keys of every length`(_ algorithm: HashAlgorithm) {
        var random = SeededGenerator(seed: seed)
        for count in 0..<150 {
            let message = random.bytes(count)
            let salt = random.bytes(count / 3)
            let key = secret(random.bytes(count))
            let label = Comment(rawValue: "seed \(seed), \(count) bytes")
            #expect(
                mbed.hash(algorithm, message.rawSpan) == boring.hash(algorithm, message.rawSpan),
                label
            )
            #expect(
                mbed.authenticate(algorithm, key: key, message: message.rawSpan)
                    == boring.authenticate(algorithm, key: key, message: message.rawSpan),
                label
            )
            let extracted = mbed.extract(algorithm, salt: salt.rawSpan, inputKey: key)
            let alsoExtracted = boring.extract(algorithm, salt: salt.rawSpan, inputKey: key)
            #expect(extracted.revealed() == alsoExtracted.revealed(), label)
            let expanded = mbed.expand(
                algorithm,
                key: extracted,
                info: message.rawSpan,
                count: 2 * count
            )
            let alsoExpanded = boring.expand(
                algorithm,
                key: alsoExtracted,
                info: message.rawSpan,
                count: 2 * count
            )
            #expect(expanded.revealed() == alsoExpanded.revealed(), label)
        }
    }
}
