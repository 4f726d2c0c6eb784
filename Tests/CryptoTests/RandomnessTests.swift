import EDHOC
import MbedCrypto
import Secrets
import Synchronization
import Testing

@Suite struct `Randomness` {
    @Test(arguments: Provider.allCases)
    func `a kernel that fails stops every generation`(_ provider: Provider) {
        let crypto = provider.crypto(entropy: [BrokenSource()])
        expectNoGeneration(crypto)
    }

    @Test(arguments: Provider.allCases)
    func `hardware that fails stops every generation, though the kernel works`(
        _ provider: Provider
    ) {
        expectNoGeneration(provider.crypto(entropy: [KernelEntropy(), BrokenSource()]))
        expectNoGeneration(provider.crypto(entropy: [BrokenSource(), KernelEntropy()]))
    }

    @Test(arguments: Provider.allCases)
    func `a source that writes too little has failed`(_ provider: Provider) {
        expectNoGeneration(provider.crypto(entropy: [KernelEntropy(), ShortSource()]))
    }

    @Test(arguments: Provider.allCases)
    func `a source that fails later stops the next key, and one that recovers lets it`(
        _ provider: Provider
    ) throws {
        let hardware = MoodySource()
        let crypto = provider.crypto(entropy: [KernelEntropy(), hardware])
        _ = try crypto.generateAgreementKey(.p256)
        hardware.works = false
        #expect(throws: CryptoError.noRandomness) { try crypto.generateAgreementKey(.p256) }
        #expect(throws: CryptoError.noRandomness) { try crypto.generateSigningKey(.es256) }
        #expect(throws: CryptoError.noRandomness) { _ = try crypto.randomSecret(32).revealed() }
        hardware.works = true
        _ = try crypto.generateAgreementKey(.p256)
    }

    @Test(arguments: Provider.allCases)
    func `a source that fails when the first reseed is due stops nonces too`(
        _ provider: Provider
    ) throws {
        let hardware = MoodySource()
        let crypto = provider.crypto(entropy: [KernelEntropy(), hardware])
        _ = try crypto.randomBytes(8)
        hardware.works = false
        #expect(throws: CryptoError.noRandomness) {
            for _ in 0..<2_000 { _ = try crypto.randomBytes(8) }
        }
    }

    @Test(arguments: Provider.allCases)
    func `constant hardware makes nothing constant`(_ provider: Provider) throws {
        var keys: Set<[UInt8]> = []
        for _ in 0..<4 {
            let crypto = provider.crypto(entropy: [KernelEntropy(), ConstantSource(byte: 0)])
            for _ in 0..<4 {
                keys.insert(try crypto.generateAgreementKey(.p256).publicKey)
                keys.insert(try crypto.randomBytes(32))
                keys.insert(try crypto.randomSecret(32).revealed())
            }
        }
        #expect(keys.count == 48)
    }

    @Test func `each source counts: changing one alone changes the output`() throws {
        func output(_ kernel: UInt8, _ hardware: UInt8) throws -> [UInt8] {
            try MbedCrypto(
                entropy: [ConstantSource(byte: kernel), ConstantSource(byte: hardware)]
            ).randomBytes(32)
        }
        let first = try output(1, 2)
        #expect(try output(1, 2) == first)
        #expect(try output(1, 3) != first)
        #expect(try output(4, 2) != first)
        #expect(try output(2, 1) != first)
    }

    @Test func `more bytes than one request may draw come in pieces`() throws {
        let bytes = try MbedCrypto().randomBytes(5_000)
        #expect(bytes.count == 5_000)
        #expect(Set(bytes).count == 256)
        #expect(try MbedCrypto().randomBytes(0).isEmpty)
    }

    @Test func `an adapter without a source traps`() async {
        await #expect(processExitsWith: .failure) { _ = MbedCrypto(entropy: []) }
    }
}

private func expectNoGeneration(_ crypto: any Crypto) {
    for curve in Curve.allCases {
        #expect(throws: CryptoError.noRandomness) { try crypto.generateAgreementKey(curve) }
    }
    for algorithm in SignatureAlgorithm.allCases where crypto.supports(algorithm) {
        #expect(throws: CryptoError.noRandomness) { try crypto.generateSigningKey(algorithm) }
    }
    #expect(throws: CryptoError.noRandomness) { try crypto.randomBytes(8) }
    #expect(throws: CryptoError.noRandomness) { _ = try crypto.randomSecret(32).revealed() }
}

private struct BrokenSource: EntropySource {
    func fill(_ output: inout OutputRawSpan) throws(CryptoError) {
        throw .noRandomness
    }
}

private struct ShortSource: EntropySource {
    func fill(_ output: inout OutputRawSpan) throws(CryptoError) {
        while output.freeCapacity > 1 { output.append(0x5A) }
    }
}

private struct ConstantSource: EntropySource {
    let byte: UInt8

    func fill(_ output: inout OutputRawSpan) throws(CryptoError) {
        while output.freeCapacity > 0 { output.append(byte) }
    }
}

/// Hardware that can be told to fail.
private final class MoodySource: EntropySource {
    private let state = Atomic(true)

    var works: Bool {
        get { state.load(ordering: .sequentiallyConsistent) }
        set { state.store(newValue, ordering: .sequentiallyConsistent) }
    }

    func fill(_ output: inout OutputRawSpan) throws(CryptoError) {
        guard works else { throw .noRandomness }
        while output.freeCapacity > 0 { output.append(0x42) }
    }
}
