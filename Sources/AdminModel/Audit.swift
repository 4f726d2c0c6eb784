/// One row of the audit log.
public struct AuditEntry: Codable, Hashable, Sendable {
    /// Its place, from 1.
    public var sequence: Int64
    /// When it was written.
    public var at: Timestamp
    /// What happened, a word.
    public var kind: String
    /// Who did it: `uid:NAME` for an admin, `device`, `server`.
    public var actor: String
    /// The device concerned.
    public var device: String?
    /// The key concerned.
    public var key: String?
    /// Its generation.
    public var epoch: UInt32?
    /// What else is known.
    public var details: [String: String]
    /// The row's hash in hexadecimal, over itself and the row before.
    public var hash: String?

    /// States all of it.
    public init(
        sequence: Int64,
        at: Timestamp,
        kind: String,
        actor: String,
        device: String? = nil,
        key: String? = nil,
        epoch: UInt32? = nil,
        details: [String: String] = [:],
        hash: String? = nil
    ) {
        self.sequence = sequence
        self.at = at
        self.kind = kind
        self.actor = actor
        self.device = device
        self.key = key
        self.epoch = epoch
        self.details = details
        self.hash = hash
    }
}

/// Which rows are wanted.
public struct AuditFilter: Hashable, Sendable {
    /// Only of this device.
    public var device: String?
    /// Only of this kind.
    public var kind: String?
    /// Only at or after this moment.
    public var since: Timestamp?
    /// Only before this moment.
    public var until: Timestamp?

    /// States all of it.
    public init(
        device: String? = nil,
        kind: String? = nil,
        since: Timestamp? = nil,
        until: Timestamp? = nil
    ) {
        self.device = device
        self.kind = kind
        self.since = since
        self.until = until
    }
}

/// What checking the whole audit log found.
public struct AuditVerdict: Codable, Hashable, Sendable {
    /// Whether each row is as it was written, and none is missing or out of place.
    public var isIntact: Bool
    /// How many rows were checked.
    public var rows: Int64
    /// The hash of the last row in hexadecimal.
    public var head: String?
    /// The first row that is wrong.
    public var faultAt: Int64?
    /// What is wrong with it.
    public var fault: String?

    /// States all of it.
    public init(
        isIntact: Bool,
        rows: Int64,
        head: String? = nil,
        faultAt: Int64? = nil,
        fault: String? = nil
    ) {
        self.isIntact = isIntact
        self.rows = rows
        self.head = head
        self.faultAt = faultAt
        self.fault = fault
    }

    private enum CodingKeys: String, CodingKey {
        case isIntact = "intact"
        case rows, head, faultAt, fault
    }
}
