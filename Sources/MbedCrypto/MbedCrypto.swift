public import EDHOC
public import Secrets

/// The crypto of the agent, on mbedTLS 2.28: everything that EDHOC asks for but EdDSA, which mbedTLS
/// lacks.
///
/// Values of it share one generator and one set of curve parameters, and may be used from any number
/// of threads.
public struct MbedCrypto: Crypto {
    let random: Generator
    let groups = CurveGroups()

    /// Makes an adapter whose generator is seeded from every one of `entropy`.
    ///
    /// All sources must deliver whenever a key is made; one that fails stops generation with
    /// `.noRandomness`. Put a hardware source beside the kernel, never in its stead.
    public init(entropy: [any EntropySource] = [KernelEntropy()]) {
        random = Generator(sources: entropy)
    }

    /// Whether key agreement on this curve is there: on all of them.
    public func supports(_ curve: Curve) -> Bool { true }

    /// Whether this cipher is there: all of them.
    public func supports(_ aead: AEADAlgorithm) -> Bool { true }

    /// Whether this signature is there: not EdDSA, since mbedTLS 2.28 has no Edwards curves.
    public func supports(_ signature: SignatureAlgorithm) -> Bool { signature != .edDSA }

    /// Random bytes for identifiers and nonces.
    public func randomBytes(_ count: Int) throws(CryptoError) -> [UInt8] {
        try random.bytes(count)
    }

    /// Random bytes for a key, drawn after a fresh reseed from every source.
    public func randomSecret(_ count: Int) throws(CryptoError) -> Secret {
        try random.secret(count)
    }
}
