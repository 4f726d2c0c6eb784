/// A device in a list.
public struct Device: Codable, Hashable, Sendable {
    /// Its name.
    public var id: String
    /// Its group.
    public var group: String
    /// `registered`, `enrolled`, `retiring`, `retired` or `quarantined`.
    public var state: String
    /// Where it keeps its keys: `file` or `tpm`; nil before its first contact.
    public var store: String?
    /// What protects them: `software`, `credential` or `hardware`; nil before its first contact.
    public var level: String?
    /// Version of its agent; nil before its first contact.
    public var agentVersion: String?
    /// When it last talked to the server; nil before its first contact.
    public var lastSeenAt: Timestamp?

    /// States all of it.
    public init(
        id: String,
        group: String,
        state: String,
        store: String? = nil,
        level: String? = nil,
        agentVersion: String? = nil,
        lastSeenAt: Timestamp? = nil
    ) {
        self.id = id
        self.group = group
        self.state = state
        self.store = store
        self.level = level
        self.agentVersion = agentVersion
        self.lastSeenAt = lastSeenAt
    }
}

/// One generation of one key of a device, as both sides see it.
public struct DeviceKey: Codable, Hashable, Sendable {
    /// Its name.
    public var name: String
    /// Its generation.
    public var epoch: UInt32
    /// The server's view: `offered`, `active`, `superseded`, `withdrawn` and so on.
    public var state: String
    /// The device's last report: `pending`, `primary`, `grace`; nil when it reported no such key.
    public var reported: String?
    /// `aes-256`, `aes-128` or `hmac-sha-256`.
    public var algorithm: String
    /// Its COSE key thumbprint (RFC 9679) in hexadecimal.
    public var thumbprint: String
    /// When its state on the server last changed.
    public var changedAt: Timestamp?
    /// When the device reported it last.
    public var reportedAt: Timestamp?
    /// When it was made.
    public var createdAt: Timestamp?
    /// When a superseded generation ends.
    public var graceUntil: Timestamp?
    /// When the next generation is due.
    public var dueAt: Timestamp?
    /// Why the device did not take it, a word like `hookFailed`.
    public var failure: String?
    /// Whether it is in use and older than its key spec allows.
    public var isOverAge: Bool?

    /// States all of it.
    public init(
        name: String,
        epoch: UInt32,
        state: String,
        reported: String? = nil,
        algorithm: String,
        thumbprint: String,
        changedAt: Timestamp? = nil,
        reportedAt: Timestamp? = nil,
        createdAt: Timestamp? = nil,
        graceUntil: Timestamp? = nil,
        dueAt: Timestamp? = nil,
        failure: String? = nil,
        isOverAge: Bool? = nil
    ) {
        self.name = name
        self.epoch = epoch
        self.state = state
        self.reported = reported
        self.algorithm = algorithm
        self.thumbprint = thumbprint
        self.changedAt = changedAt
        self.reportedAt = reportedAt
        self.createdAt = createdAt
        self.graceUntil = graceUntil
        self.dueAt = dueAt
        self.failure = failure
        self.isOverAge = isOverAge
    }

    private enum CodingKeys: String, CodingKey {
        case name, epoch, state, reported, algorithm, thumbprint, changedAt, reportedAt
        case createdAt, graceUntil, dueAt, failure
        case isOverAge = "overAge"
    }
}

/// A device with its keys.
public struct DeviceDetail: Codable, Hashable, Sendable {
    /// The device.
    public var device: Device
    /// Its keys by name, then generation.
    public var keys: [DeviceKey]
    /// What an admin wrote on it, by name.
    public var labels: [String: String]?
    /// What an admin should know of it.
    public var notices: [Notice]?
    /// Seconds that usually lie between its contacts; nil until there were some.
    public var contactSeconds: UInt32?
    /// The newest generation of the server's anchor that it trusts; nil when it never said.
    public var anchor: UInt32?
    /// Keys that were retired for it alone.
    public var retiredKeys: [String]?
    /// What is wrong with rows of the database about its keys, a line for each.
    public var damage: [String]?

    /// States all of it.
    public init(
        device: Device,
        keys: [DeviceKey],
        labels: [String: String]? = nil,
        notices: [Notice]? = nil,
        contactSeconds: UInt32? = nil,
        anchor: UInt32? = nil,
        retiredKeys: [String]? = nil,
        damage: [String]? = nil
    ) {
        self.device = device
        self.keys = keys
        self.labels = labels
        self.notices = notices
        self.contactSeconds = contactSeconds
        self.anchor = anchor
        self.retiredKeys = retiredKeys
        self.damage = damage
    }
}

/// Which devices are wanted.
public struct DeviceFilter: Hashable, Sendable {
    /// Only of this group.
    public var group: String?
    /// Only in this state.
    public var state: String?
    /// Only those that this query finds.
    public var query: String?

    /// States all of it.
    public init(group: String? = nil, state: String? = nil, query: String? = nil) {
        self.group = group
        self.state = state
        self.query = query
    }
}

/// How many devices a filter finds.
public struct DeviceCount: Codable, Hashable, Sendable {
    /// The number.
    public var devices: Int

    /// States it.
    public init(devices: Int) { self.devices = devices }
}

/// What an import did.
public struct ImportResult: Codable, Hashable, Sendable {
    /// How many devices are registered now that were not before.
    public var imported: Int

    /// States it.
    public init(imported: Int) { self.imported = imported }
}
