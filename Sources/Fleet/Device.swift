public import KeyExchange

/// The life of a device, as the server sees it.
///
///     registered ──▶ enrolled ──▶ retiring ──▶ retired
///                       ⇅
///                   quarantined
public enum DeviceState: Int, Hashable, Sendable, CaseIterable, CustomStringConvertible {
    /// Its public key was imported; it was never heard.
    case registered = 1
    /// It has proved who it is and takes keys.
    case enrolled = 2
    /// It is to destroy everything, and has not said that it did.
    case retiring = 3
    /// It has destroyed everything.
    case retired = 4
    /// An admin refuses it for now.
    case quarantined = 5

    /// The word used in JSON, in the audit log and on the command line.
    public var description: String {
        switch self {
        case .registered: "registered"
        case .enrolled: "enrolled"
        case .retiring: "retiring"
        case .retired: "retired"
        case .quarantined: "quarantined"
        }
    }

    /// Reads the word; nil for another one.
    public init?(parsing text: some StringProtocol) {
        guard let match = Self.allCases.first(where: { $0.description == text }) else { return nil }
        self = match
    }
}

/// One device, as a list shows it.
public struct Device: Hashable, Sendable {
    /// Its name.
    public let id: DeviceID
    /// Its group.
    public let group: GroupName
    /// Where it is in its life.
    public let state: DeviceState
    /// Where it keeps its keys; nil until it was heard.
    public let store: Report.StoreKind?
    /// What protects its store; nil until it was heard.
    public let level: Report.SecurityLevel?
    /// Version of its agent; nil until it was heard.
    public let agentVersion: String?
    /// When it was made known, in seconds since 1970.
    public let createdAt: Int64
    /// When it was heard last, in seconds since 1970; nil until it was heard.
    public let lastSeen: Int64?

    /// The mean time between its contacts in seconds, newer ones weighing more; nil until it was heard
    /// twice.
    public let contactInterval: Int64?

    /// States all of it.
    public init(
        id: DeviceID,
        group: GroupName,
        state: DeviceState,
        store: Report.StoreKind?,
        level: Report.SecurityLevel?,
        agentVersion: String?,
        createdAt: Int64,
        lastSeen: Int64?,
        contactInterval: Int64? = nil
    ) {
        self.id = id
        self.group = group
        self.state = state
        self.store = store
        self.level = level
        self.agentVersion = agentVersion
        self.createdAt = createdAt
        self.lastSeen = lastSeen
        self.contactInterval = contactInterval
    }
}
