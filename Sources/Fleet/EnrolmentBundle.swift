public import KeyExchange

/// Names an enrolment token on the wire.
public struct BundleID: Hashable, Sendable, CustomStringConvertible {
    /// Bytes of the name.
    public static let length = 8

    /// The bytes.
    public let bytes: [UInt8]

    /// Wraps bytes that were stored or received; nil for a wrong length.
    public init?(bytes: [UInt8]) {
        guard bytes.count == Self.length else { return nil }
        self.bytes = bytes
    }

    /// Reads hexadecimal; nil for anything else.
    public init?(parsing text: some StringProtocol) {
        guard let bytes = KeyExchange.bytes(hexadecimal: text) else { return nil }
        self.init(bytes: bytes)
    }

    /// Lower-case hexadecimal.
    public var description: String { hexadecimal(bytes) }
}

/// What the server knows of an enrolment bundle; the token's secret is kept apart, sealed.
public struct EnrolmentBundle: Hashable, Sendable {
    /// The most devices that one bundle may enrol.
    public static let maximumUses: UInt32 = 1_000_000

    /// The token's name.
    public let id: BundleID
    /// The group that its devices join.
    public let group: GroupName
    /// How many devices it may enrol.
    public let usesAllowed: UInt32
    /// How many devices it may still enrol.
    public let usesLeft: UInt32
    /// When it ends, in seconds since 1970.
    public let expiresAt: Int64
    /// Whether an admin has taken it back.
    public let isRevoked: Bool
    /// When it was made, in seconds since 1970.
    public let createdAt: Int64

    /// States all of it.
    public init(
        id: BundleID,
        group: GroupName,
        usesAllowed: UInt32,
        usesLeft: UInt32,
        expiresAt: Int64,
        isRevoked: Bool,
        createdAt: Int64
    ) {
        self.id = id
        self.group = group
        self.usesAllowed = usesAllowed
        self.usesLeft = usesLeft
        self.expiresAt = expiresAt
        self.isRevoked = isRevoked
        self.createdAt = createdAt
    }

    /// Why the token admits nobody at `now`; nil when it still does.
    public func refusal(at now: Int64) -> ProblemCode? {
        // A token that was taken back is as good as none.
        if isRevoked { return .tokenUnknown }
        if now >= expiresAt { return .tokenExpired }
        if usesLeft == 0 { return .tokenUsedUp }
        return nil
    }
}
