/// What the server keeps of an enrolment bundle; the token's secret is not in it.
public struct BundleRecord: Codable, Hashable, Sendable {
    /// The token's id in hexadecimal.
    public var id: String
    /// The group that its devices join.
    public var group: String
    /// `open`, `usedUp`, `expired` or `revoked`.
    public var state: String
    /// How many devices it may enrol.
    public var usesAllowed: Int
    /// How many it may still enrol.
    public var usesLeft: Int
    /// When it was made.
    public var createdAt: Timestamp?
    /// When it stops to enrol.
    public var expiresAt: Timestamp

    /// States all of it.
    public init(
        id: String,
        group: String,
        state: String,
        usesAllowed: Int,
        usesLeft: Int,
        createdAt: Timestamp? = nil,
        expiresAt: Timestamp
    ) {
        self.id = id
        self.group = group
        self.state = state
        self.usesAllowed = usesAllowed
        self.usesLeft = usesLeft
        self.createdAt = createdAt
        self.expiresAt = expiresAt
    }
}

/// Asks for a bundle, either with a token or for devices that were imported before.
public struct BundleCreation: RequestBody, Hashable {
    /// Devices per token when nothing is said.
    public static let defaultUses = 1
    /// Life of a token when nothing is said: a day.
    public static let defaultLifeSeconds: UInt32 = 86_400

    /// The group to join.
    public var group: String
    /// How many devices may enrol with it.
    public var uses: Int?
    /// How long it may be used.
    public var expiresInSeconds: UInt32?
    /// Whether the devices were imported with their public keys, so that no token is needed.
    public var isForRegistered: Bool?

    /// States all of it.
    public init(
        group: String,
        uses: Int? = nil,
        expiresInSeconds: UInt32? = nil,
        isForRegistered: Bool? = nil
    ) {
        self.group = group
        self.uses = uses
        self.expiresInSeconds = expiresInSeconds
        self.isForRegistered = isForRegistered
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case group, uses, expiresInSeconds
        case isForRegistered = "preRegistered"
    }
    /// Each field that is read.
    public static var fieldNames: [String] { CodingKeys.allCases.map(\.rawValue) }
}

/// A bundle on its way to the admin, the one time that its secret leaves the server.
public struct CreatedBundle: Codable, Sendable {
    /// The token's id; nil for registered devices.
    public var id: String?
    /// The group that its devices join.
    public var group: String
    /// When it stops to enrol; nil for registered devices.
    public var expiresAt: Timestamp?
    /// The file's text, a secret: it belongs into a file that only its owner can read.
    public var text: String

    /// States all of it.
    public init(id: String?, group: String, expiresAt: Timestamp?, text: String) {
        self.id = id
        self.group = group
        self.expiresAt = expiresAt
        self.text = text
    }
}
