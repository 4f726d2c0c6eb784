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
    /// Rows of the audit log.
    public var auditRows: Int64
    /// Hash of the last row in hexadecimal; keep it elsewhere to compare later.
    public var auditHead: String?
    /// Version of the database's layout.
    public var schemaVersion: Int
    /// Size of the database.
    public var databaseBytes: Int64

    /// States all of it.
    public init(
        version: String,
        fleet: String,
        startedAt: Timestamp? = nil,
        broker: String? = nil,
        sessions: Int? = nil,
        devices: [String: Int],
        keysDue: Int,
        auditRows: Int64,
        auditHead: String? = nil,
        schemaVersion: Int,
        databaseBytes: Int64
    ) {
        self.version = version
        self.fleet = fleet
        self.startedAt = startedAt
        self.broker = broker
        self.sessions = sessions
        self.devices = devices
        self.keysDue = keysDue
        self.auditRows = auditRows
        self.auditHead = auditHead
        self.schemaVersion = schemaVersion
        self.databaseBytes = databaseBytes
    }
}

/// That the server answers.
public struct Health: Codable, Hashable, Sendable {
    /// `ok`.
    public var status: String

    /// States it.
    public init(status: String = "ok") { self.status = status }
}
