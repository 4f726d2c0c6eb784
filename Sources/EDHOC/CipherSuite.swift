/// One row of the table of cipher suites (RFC 9528 § 10.2).
public struct CipherSuite: Hashable, Sendable {
    /// The number of a suite on the wire, known or not.
    public struct ID: Hashable, Sendable, RawRepresentable, ExpressibleByIntegerLiteral,
        CustomStringConvertible
    {
        /// The number.
        public let rawValue: Int

        /// Names a suite by its number.
        public init(rawValue: Int) { self.rawValue = rawValue }
        /// Names a suite by its number.
        public init(integerLiteral value: Int) { rawValue = value }
        /// The number in digits.
        public var description: String { String(rawValue) }
    }

    /// Its number.
    public let id: ID
    /// The cipher of message_3 and message_4.
    public let aead: AEADAlgorithm
    /// The hash of transcripts and of the key schedule.
    public let hash: HashAlgorithm
    /// Bytes of a MAC that authenticates by itself, under static Diffie-Hellman.
    public let macLength: Int
    /// The curve of the ephemeral keys and of static Diffie-Hellman keys.
    public let curve: Curve
    /// The algorithm of signing long-term keys.
    public let signature: SignatureAlgorithm
    /// The cipher that the registry names for the application.
    public let applicationAEAD: AEADAlgorithm
    /// The hash that the registry names for the application.
    public let applicationHash: HashAlgorithm

    /// The cipher for session messages: the application's, but never with a tag under 16 bytes.
    public var sessionAEAD: AEADAlgorithm {
        applicationAEAD.tagLength >= 16 ? applicationAEAD : .aesCCM16_128_128
    }

    /// Whether `crypto` has every primitive that this suite needs under `method`.
    ///
    /// A suite whose signatures the library lacks is still there when no side signs.
    public func isAvailable(with crypto: any Crypto, method: Method) -> Bool {
        crypto.supports(curve) && crypto.supports(aead)
            && (method == .staticDH || crypto.supports(signature))
    }

    /// Every suite that is implemented, in the order of their numbers.
    public static let all: [CipherSuite] = [
        row(0, .aesCCM16_64_128, .sha256, 8, .x25519, .edDSA, .aesCCM16_64_128),
        row(1, .aesCCM16_128_128, .sha256, 16, .x25519, .edDSA, .aesCCM16_64_128),
        row(2, .aesCCM16_64_128, .sha256, 8, .p256, .es256, .aesCCM16_64_128),
        row(3, .aesCCM16_128_128, .sha256, 16, .p256, .es256, .aesCCM16_64_128),
        row(4, .chaCha20Poly1305, .sha256, 16, .x25519, .edDSA, .chaCha20Poly1305),
        row(5, .chaCha20Poly1305, .sha256, 16, .p256, .es256, .chaCha20Poly1305),
        row(6, .aes128GCM, .sha256, 16, .x25519, .es256, .aes128GCM),
        row(24, .aes256GCM, .sha384, 16, .p384, .es384, .aes256GCM),
    ]

    /// Suites that are registered and not implemented, each with the reason.
    public static let absent: [ID: String] = [
        25: "needs X448 and SHAKE256, which neither crypto library has"
    ]

    /// The suite with this number, or nil when it is not implemented.
    public static func named(_ id: ID) -> CipherSuite? { all.first { $0.id == id } }

    private static func row(
        _ id: ID,
        _ aead: AEADAlgorithm,
        _ hash: HashAlgorithm,
        _ macLength: Int,
        _ curve: Curve,
        _ signature: SignatureAlgorithm,
        _ applicationAEAD: AEADAlgorithm
    ) -> CipherSuite {
        CipherSuite(
            id: id,
            aead: aead,
            hash: hash,
            macLength: macLength,
            curve: curve,
            signature: signature,
            applicationAEAD: applicationAEAD,
            applicationHash: hash
        )
    }
}
