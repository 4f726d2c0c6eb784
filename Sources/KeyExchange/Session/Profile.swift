public import EDHOC

/// The constants of Latchkey's profile of EDHOC: what RFC 9528 § 3.9 leaves to the application.
public enum Profile {
    /// The protocol's name and version, bound into every key that a session derives.
    public static let version = "latchkey/1"
    /// Static Diffie-Hellman on both sides: a TPM can do the device's half.
    public static let method = Method.staticDH
    /// Suites that a device offers, the one it prefers first.
    public static let suites: [CipherSuite.ID] = [3, 2]
    /// Bytes of C_I and C_R, drawn at random.
    public static let connectionIDLength = 8
    /// Bytes of a key identifier, drawn at random: unique in a fleet.
    public static let kidLength = 8
    /// The label of the EAD_3 item that carries an enrolment proof; not registered with IANA.
    public static let enrolmentLabel = 65_001
    /// The label of the EAD_1 item that names the anchor which the device has pinned; not registered
    /// with IANA.
    public static let anchorLabel = 65_002
    /// Bound into the signature of an order, so that it is good for nothing else.
    static let orderPurpose = "latchkey/1 order"
    /// Bound into the signature of an announcement.
    static let anchorPurpose = "latchkey/1 anchor"
    /// How orders and announcements are signed.
    public static let commandSignature = SignatureAlgorithm.es256
    /// Bytes of the command key's public half, x ‖ y.
    public static let commandKeyLength = 64

    /// Labels for EDHOC_Exporter, from the range for private use (RFC 9528 § 10.3).
    enum ExporterLabel: Int {
        case session = 33_000
        case keyToServer = 33_001
        case keyToDevice = 33_002
        case nonceToServer = 33_003
        case nonceToDevice = 33_004
        case possession = 33_005
        case brokerPassword = 33_007
    }
}
