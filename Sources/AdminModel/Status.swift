/// How the server is.
public struct ServerStatus: Codable, Hashable, Sendable {
    /// The server's version.
    public var version: String
    /// The fleet's name.
    public var fleet: String
    /// When the server started.
    public var startedAt: Timestamp?
    /// The way to the broker: `connected`, or why not; nil when the server does not say.
    public var broker: String?
    /// Sessions open now.
    public var sessions: Int?
    /// How many devices are in each state.
    public var devices: [String: Int]
    /// How many keys wait to be changed at their device's next contact.
    public var keysDue: Int
    /// How many keys are in use and older than their key spec allows.
    public var keysOverAge: Int?
    /// How many keys are suspended.
    public var keysSuspended: Int?
    /// How many compromised keys are accepted still, until their successors are confirmed.
    public var keysCompromised: Int?
    /// How many devices have a notice of each kind.
    public var notices: [String: Int]?
    /// How many campaigns that have not ended are in each state.
    public var campaigns: [String: Int]?
    /// Rows of the audit log.
    public var auditRows: Int64
    /// Hash of the last row in hexadecimal; keep it elsewhere to compare later.
    public var auditHead: String?
    /// Version of the database's layout.
    public var schemaVersion: Int
    /// Size of the database.
    public var databaseBytes: Int64
    /// The room on its disk: `enough`, `low` (campaigns wait) or `full` (all waits but what takes keys
    /// away).
    public var disk: String?
    /// That room in bytes.
    public var diskFreeBytes: Int64?

    /// States all of it.
    public init(
        version: String,
        fleet: String,
        startedAt: Timestamp? = nil,
        broker: String? = nil,
        sessions: Int? = nil,
        devices: [String: Int],
        keysDue: Int,
        keysOverAge: Int? = nil,
        keysSuspended: Int? = nil,
        keysCompromised: Int? = nil,
        notices: [String: Int]? = nil,
        campaigns: [String: Int]? = nil,
        auditRows: Int64,
        auditHead: String? = nil,
        schemaVersion: Int,
        databaseBytes: Int64,
        disk: String? = nil,
        diskFreeBytes: Int64? = nil
    ) {
        self.version = version
        self.fleet = fleet
        self.startedAt = startedAt
        self.broker = broker
        self.sessions = sessions
        self.devices = devices
        self.keysDue = keysDue
        self.keysOverAge = keysOverAge
        self.keysSuspended = keysSuspended
        self.keysCompromised = keysCompromised
        self.notices = notices
        self.campaigns = campaigns
        self.auditRows = auditRows
        self.auditHead = auditHead
        self.schemaVersion = schemaVersion
        self.databaseBytes = databaseBytes
        self.disk = disk
        self.diskFreeBytes = diskFreeBytes
    }
}

/// That the server answers.
public struct Health: Codable, Hashable, Sendable {
    /// `ok`.
    public var status: String

    /// States it.
    public init(status: String = "ok") { self.status = status }
}
