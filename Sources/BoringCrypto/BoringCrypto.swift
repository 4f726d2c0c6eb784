public import EDHOC
public import MbedCrypto
public import Secrets

/// The crypto of the server: curves, hashes, AES-GCM and ChaCha20/Poly1305 of swift-crypto
/// (BoringSSL), with AES-CCM and the generator borrowed from mbedTLS.
///
/// Keys are drawn from the borrowed generator and imported, for two reasons: the entropy sources
/// given there, and their failures, count here too; and BoringSSL's own generation of a P-256 key
/// takes ten times as long, in self-tests.
public struct BoringCrypto: Crypto {
    let mbed: MbedCrypto

    /// Makes an adapter over the generator and the AES-CCM of `mbed`.
    public init(borrowing mbed: MbedCrypto = MbedCrypto()) {
        self.mbed = mbed
    }

    /// Whether key agreement on this curve is there: on all of them.
    public func supports(_ curve: Curve) -> Bool { true }

    /// Whether this cipher is there: all of them.
    public func supports(_ aead: AEADAlgorithm) -> Bool { true }

    /// Whether this signature is there: all of them.
    public func supports(_ signature: SignatureAlgorithm) -> Bool { true }

    /// Random bytes for identifiers and nonces.
    public func randomBytes(_ count: Int) throws(CryptoError) -> [UInt8] {
        try mbed.randomBytes(count)
    }

    /// Random bytes for a key, drawn after a fresh reseed from every source.
    public func randomSecret(_ count: Int) throws(CryptoError) -> Secret {
        try mbed.randomSecret(count)
    }

    /// Draws private keys until one is in range, which the first is but for a chance of 2⁻³².
    func generate<Key>(
        _ count: Int,
        _ make: (borrowing Secret) throws(CryptoError) -> Key
    ) throws(CryptoError) -> Key {
        for _ in 0..<4 {
            let secret = try mbed.randomSecret(count)
            do throws(CryptoError) {
                return try make(secret)
            } catch .invalidKey {
                continue
            }
        }
        throw .noRandomness
    }
}

/// Runs a call into swift-crypto and gives its failure the name that it has at the seam.
///
/// swift-crypto's own errors tell no more than which call failed.
func attempt<Result>(
    _ failure: CryptoError,
    _ body: () throws -> Result
) throws(CryptoError) -> Result {
    do {
        return try body()
    } catch {
        throw failure
    }
}

extension Secret {
    /// Lends the bytes to a function of swift-crypto, which copies them into memory that it wipes.
    borrowing func withContiguousBytes<Result>(
        _ body: (UnsafeRawBufferPointer) throws(CryptoError) -> Result
    ) throws(CryptoError) -> Result {
        try withBytes { bytes throws(CryptoError) in
            try unsafe bytes.withUnsafeBytes(body)
        }
    }

    /// Copies bytes that swift-crypto lends through a pointer.
    init(copyingFrom buffer: UnsafeRawBufferPointer) {
        self.init(copying: unsafe RawSpan(_unsafeBytes: buffer))
    }
}
