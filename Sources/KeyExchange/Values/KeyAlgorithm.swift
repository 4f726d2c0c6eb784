/// What a key is for, with its COSE algorithm (RFC 9053).
public enum KeyAlgorithm: Int, Hashable, Sendable, CaseIterable, CustomStringConvertible {
    /// AES-128 in GCM.
    case aes128GCM = 1
    /// AES-256 in GCM.
    case aes256GCM = 3
    /// HMAC with SHA-256, untruncated.
    case hmacSHA256 = 5

    /// Bytes of key material.
    public var keyLength: Int {
        switch self {
        case .aes128GCM: 16
        case .aes256GCM, .hmacSHA256: 32
        }
    }

    /// The name on the command line and in JSON.
    public var description: String {
        switch self {
        case .aes128GCM: "aes-128"
        case .aes256GCM: "aes-256"
        case .hmacSHA256: "hmac-sha-256"
        }
    }

    /// Reads the name; nil for another one.
    public init?(parsing text: some StringProtocol) {
        guard let match = Self.allCases.first(where: { $0.description == text }) else { return nil }
        self = match
    }
}

/// What the holder of a key may do with it.
public enum KeyUse: Int, Hashable, Sendable, CaseIterable, CustomStringConvertible {
    /// Encrypt and decrypt, or authenticate and verify.
    case both = 0
    /// Encrypt or authenticate only.
    case protect = 1
    /// Decrypt or verify only.
    case consume = 2

    /// The name on the command line and in JSON.
    public var description: String {
        switch self {
        case .both: "both"
        case .protect: "protect"
        case .consume: "consume"
        }
    }

    /// Reads the name; nil for another one.
    public init?(parsing text: some StringProtocol) {
        guard let match = Self.allCases.first(where: { $0.description == text }) else { return nil }
        self = match
    }
}
