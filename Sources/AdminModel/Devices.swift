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

    /// States all of it.
    public init(
        name: String,
        epoch: UInt32,
        state: String,
        reported: String? = nil,
        algorithm: String,
        thumbprint: String,
        changedAt: Timestamp? = nil,
        reportedAt: Timestamp? = nil
    ) {
        self.name = name
        self.epoch = epoch
        self.state = state
        self.reported = reported
        self.algorithm = algorithm
        self.thumbprint = thumbprint
        self.changedAt = changedAt
        self.reportedAt = reportedAt
    }
}

/// A device with its keys.
public struct DeviceDetail: Codable, Hashable, Sendable {
    /// The device.
    public var device: Device
    /// Its keys by name, then generation.
    public var keys: [DeviceKey]

    /// States both.
    public init(device: Device, keys: [DeviceKey]) {
        self.device = device
        self.keys = keys
    }
}

/// Which devices are wanted.
public struct DeviceFilter: Hashable, Sendable {
    /// Only of this group.
    public var group: String?
    /// Only in this state.
    public var state: String?

    /// States both.
    public init(group: String? = nil, state: String? = nil) {
        self.group = group
        self.state = state
    }
}

/// What an import did.
public struct ImportResult: Codable, Hashable, Sendable {
    /// How many devices are registered now that were not before.
    public var imported: Int

    /// States it.
    public init(imported: Int) { self.imported = imported }
}
