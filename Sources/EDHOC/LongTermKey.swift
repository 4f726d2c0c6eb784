public import Secrets

/// What a handshake asks of the long-term key, once.
///
/// A key in a TPM takes up to a quarter of a second for it and may fail; the handshake holds no
/// thread and no lock meanwhile.
public enum LongTermOperation: Sendable {
    /// Agree with the peer's ephemeral key, which was checked and decoded already.
    ///
    /// A key outside of this process takes the x-coordinate from `peer.bytes`.
    case agree(Curve, peer: any AgreementPublicKey)
    /// Sign these bytes.
    case sign(SignatureAlgorithm, message: [UInt8])
}

/// What the long-term key answers.
public enum LongTermResult: ~Copyable, Sendable {
    /// The x-coordinate that was agreed.
    case shared(Secret)
    /// A signature in its fixed-length form.
    case signature([UInt8])
}

/// A long-term private key, wherever it lives.
public protocol LongTermKey: Sendable {
    /// Performs one operation, in its own time.
    func perform(_ operation: LongTermOperation) async throws(CryptoError) -> LongTermResult
}

/// A long-term key in this process's memory.
public struct SoftwareKey: LongTermKey {
    private enum Kind: Sendable {
        case agreement(any AgreementKey)
        case signing(any SigningKey)
    }

    private let kind: Kind

    /// Wraps a key for agreement, of the same adapter that runs the handshake.
    public init(_ key: any AgreementKey) { kind = .agreement(key) }
    /// Wraps a signing key.
    public init(_ key: any SigningKey) { kind = .signing(key) }

    /// Performs one operation at once; an operation of the other kind is `.unsupported`.
    public func performNow(
        _ operation: LongTermOperation
    ) throws(CryptoError) -> LongTermResult {
        switch (kind, operation) {
        case (.agreement(let key), .agree(let curve, let peer)) where key.curve == curve:
            return .shared(try key.agree(with: peer))
        case (.signing(let key), .sign(let algorithm, let message))
        where key.algorithm == algorithm:
            return .signature(try key.sign(message.rawSpan))
        case (.agreement, _), (.signing, _):
            throw .unsupported
        }
    }

    /// Performs one operation at once.
    public func perform(
        _ operation: LongTermOperation
    ) async throws(CryptoError) -> LongTermResult {
        try performNow(operation)
    }
}
