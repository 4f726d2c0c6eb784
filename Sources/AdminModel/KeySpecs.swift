/// What each device of a group shall hold under one name.
public struct KeySpec: Codable, Hashable, Sendable {
    /// The key's name.
    public var name: String
    /// The group.
    public var group: String
    /// `aes-256`, `aes-128` or `hmac-sha-256`.
    public var algorithm: String
    /// `both`, `protect` or `consume`.
    public var use: String
    /// How long an older generation may still decrypt and verify.
    public var graceSeconds: UInt32
    /// How long a device may use the key without word from the server; 0 for ever.
    public var leaseSeconds: UInt32
    /// How often the key changes; nil when only an admin changes it.
    public var rotateEverySeconds: UInt32?
    /// How old a generation may become; nil for any age.
    public var maximumAgeSeconds: UInt32?
    /// When it was made.
    public var createdAt: Timestamp?
    /// When it was retired; nil while it is in use.
    public var retiredAt: Timestamp?

    /// States all of it.
    public init(
        name: String,
        group: String,
        algorithm: String,
        use: String,
        graceSeconds: UInt32,
        leaseSeconds: UInt32,
        rotateEverySeconds: UInt32? = nil,
        maximumAgeSeconds: UInt32? = nil,
        createdAt: Timestamp? = nil,
        retiredAt: Timestamp? = nil
    ) {
        self.name = name
        self.group = group
        self.algorithm = algorithm
        self.use = use
        self.graceSeconds = graceSeconds
        self.leaseSeconds = leaseSeconds
        self.rotateEverySeconds = rotateEverySeconds
        self.maximumAgeSeconds = maximumAgeSeconds
        self.createdAt = createdAt
        self.retiredAt = retiredAt
    }
}

/// Asks for a new key on all devices of a group.
public struct KeySpecCreation: RequestBody, Hashable {
    /// The use when nothing is said.
    public static let defaultUse = "both"
    /// The grace when nothing is said: an hour.
    public static let defaultGraceSeconds: UInt32 = 3_600
    /// The lease when nothing is said: for ever.
    public static let defaultLeaseSeconds: UInt32 = 0

    /// The key's name.
    public var name: String
    /// The group.
    public var group: String
    /// `aes-256`, `aes-128` or `hmac-sha-256`.
    public var algorithm: String
    /// `both`, `protect` or `consume`.
    public var use: String?
    /// How long an older generation may still decrypt and verify.
    public var graceSeconds: UInt32?
    /// How long a device may use the key without word from the server; 0 for ever.
    public var leaseSeconds: UInt32?
    /// How often the key changes; nil for never by itself.
    public var rotateEverySeconds: UInt32?
    /// How old a generation may become, whatever the period says; nil for any age.
    public var maximumAgeSeconds: UInt32?

    /// States all of it.
    public init(
        name: String,
        group: String,
        algorithm: String,
        use: String? = nil,
        graceSeconds: UInt32? = nil,
        leaseSeconds: UInt32? = nil,
        rotateEverySeconds: UInt32? = nil,
        maximumAgeSeconds: UInt32? = nil
    ) {
        self.name = name
        self.group = group
        self.algorithm = algorithm
        self.use = use
        self.graceSeconds = graceSeconds
        self.leaseSeconds = leaseSeconds
        self.rotateEverySeconds = rotateEverySeconds
        self.maximumAgeSeconds = maximumAgeSeconds
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case name, group, algorithm, use, graceSeconds, leaseSeconds, rotateEverySeconds
        case maximumAgeSeconds
    }
    /// Each field that is read.
    public static var fieldNames: [String] { CodingKeys.allCases.map(\.rawValue) }
}
