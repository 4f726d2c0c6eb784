/// An elliptic curve for key agreement.
public enum Curve: Hashable, Sendable, CaseIterable {
    case x25519
    case p256
    case p384

    /// Bytes of a public key on the wire (the x-coordinate alone) and of a private key.
    public var keyLength: Int {
        switch self {
        case .x25519, .p256: 32
        case .p384: 48
        }
    }
}

/// A hash function, and HMAC and HKDF over it.
public enum HashAlgorithm: Hashable, Sendable, CaseIterable {
    case sha256
    case sha384

    /// Bytes of output.
    public var length: Int {
        switch self {
        case .sha256: 32
        case .sha384: 48
        }
    }
}

/// An authenticated cipher, named as in the COSE algorithms registry.
public enum AEADAlgorithm: Hashable, Sendable, CaseIterable {
    /// AES-CCM-16-64-128, COSE 10.
    case aesCCM16_64_128
    /// AES-CCM-16-128-128, COSE 30.
    case aesCCM16_128_128
    /// A128GCM, COSE 1.
    case aes128GCM
    /// A256GCM, COSE 3.
    case aes256GCM
    /// ChaCha20/Poly1305, COSE 24.
    case chaCha20Poly1305

    /// Bytes of key.
    public var keyLength: Int {
        switch self {
        case .aesCCM16_64_128, .aesCCM16_128_128, .aes128GCM: 16
        case .aes256GCM, .chaCha20Poly1305: 32
        }
    }

    /// Bytes of nonce.
    public var nonceLength: Int {
        switch self {
        case .aesCCM16_64_128, .aesCCM16_128_128: 13
        case .aes128GCM, .aes256GCM, .chaCha20Poly1305: 12
        }
    }

    /// Bytes that a ciphertext is longer than its plaintext.
    public var tagLength: Int {
        switch self {
        case .aesCCM16_64_128: 8
        case .aesCCM16_128_128, .aes128GCM, .aes256GCM, .chaCha20Poly1305: 16
        }
    }
}

/// A signature algorithm, named as in the COSE algorithms registry.
public enum SignatureAlgorithm: Hashable, Sendable, CaseIterable {
    /// ECDSA on P-256 with SHA-256, signature r‖s.
    case es256
    /// ECDSA on P-384 with SHA-384, signature r‖s.
    case es384
    /// Ed25519.
    case edDSA

    /// Bytes of a signature.
    public var signatureLength: Int {
        switch self {
        case .es256, .edDSA: 64
        case .es384: 96
        }
    }
}
