public import Fleet
public import KeyExchange

/// How devices reach the broker; it goes into every bundle.
public struct BrokerSettings: Hashable, Sendable {
    /// Name or address.
    public let host: String
    /// TCP port.
    public let port: UInt16
    /// The CA that signed the broker's certificate, as PEM; empty for a broker without TLS.
    public let authority: [UInt8]

    /// States all of it.
    public init(host: String, port: UInt16, authority: [UInt8]) {
        self.host = host
        self.port = port
        self.authority = authority
    }
}

/// A fresh enrolment token; its secret is given out this once.
public struct CreatedBundle: Sendable {
    /// What the server keeps in the open.
    public let bundle: EnrolmentBundle
    /// 32 bytes.
    public let secret: KeyMaterial
}

/// Which devices a list is to show.
public struct DeviceFilter: Hashable, Sendable {
    /// Of this group alone.
    public var group: GroupName?
    /// In this state alone.
    public var state: DeviceState?

    /// Every device, unless a group or a state is given.
    public init(group: GroupName? = nil, state: DeviceState? = nil) {
        self.group = group
        self.state = state
    }
}

/// One device with its keys, as both sides see them.
public struct DeviceDetails: Hashable, Sendable {
    /// The device.
    public let device: Device
    /// The x-coordinate of its identity key.
    public let publicKey: [UInt8]
    /// The identifier of its credential; nil until it has enrolled.
    public let kid: [UInt8]?
    /// Every generation that the server remembers, by name and epoch.
    public let keys: [KeyRecord]
    /// What is wrong with rows about its keys that cannot be read, a line for each.
    public let damage: [String]
    /// What the device said that it holds, when it was heard last.
    public let reported: [Report.HeldKey]
    /// The number of the last order to it, to retire or to destroy a key; 0 for none.
    public let orderCounter: UInt64
    /// The newest generation of the server's identity that it pinned; nil when it never said.
    public let anchor: UInt32?
    /// Keys that were retired for it alone.
    public let retiredKeys: [KeyName]
    /// What is wrong with it.
    public let notices: [Notice]
}

/// Which devices an action is about.
public enum KeyScope: Hashable, Sendable {
    /// One device.
    case device(DeviceID)
    /// Every device of a group that has keys.
    case group(GroupName)
    /// Every device that has keys and that the query asks for, as the question goes on.
    case query(Query)
}

/// How much room the database has.
public struct DiskStatus: Hashable, Sendable {
    /// What that means.
    public enum Level: String, Hashable, Sendable, CaseIterable {
        /// Nothing waits.
        case enough
        /// Campaigns wait.
        case low
        /// All waits but retirement, quarantine, suspension, compromise, and the devices that are retired.
        case full
    }

    /// What it means.
    public let level: Level
    /// What is free beside that which is kept for what cannot wait, in bytes.
    public let freeBytes: Int64
}

/// The state of the fleet at a glance; reading it looks at no device that is well.
public struct FleetStatus: Hashable, Sendable {
    /// The fleet.
    public let fleet: FleetID
    /// Version of the database's layout.
    public let schemaVersion: Int
    /// Bytes of the database.
    public let databaseBytes: Int64
    /// The room on its disk.
    public let disk: DiskStatus
    /// Devices by state.
    public let devices: [DeviceState: Int]
    /// Keys whose next generation is due and not yet in use.
    public let overdueKeys: Int
    /// Generations in use that are older than their key spec allows.
    public let keysOverAge: Int
    /// Generations that are out of use for now.
    public let suspendedKeys: Int
    /// Generations that others may know, and that have no confirmed successor yet.
    public let compromisedKeys: Int
    /// Devices with a notice, by its kind.
    public let notices: [NoticeKind: Int]
    /// Nudges and orders not yet sent; counted up to 100,000.
    public let outbox: Int
    /// Rows of the audit log, and the hash of the newest.
    public let audit: AuditHead
}

/// Which rows of the audit log are to be shown.
public struct AuditFilter: Hashable, Sendable {
    /// About this device alone.
    public var device: String?
    /// Of this kind alone.
    public var kind: AuditKind?
    /// Not before, in seconds since 1970.
    public var since: Int64?
    /// Before, in seconds since 1970.
    public var until: Int64?

    /// Every row, unless something is given.
    public init(
        device: String? = nil,
        kind: AuditKind? = nil,
        since: Int64? = nil,
        until: Int64? = nil
    ) {
        self.device = device
        self.kind = kind
        self.since = since
        self.until = until
    }
}

/// One row of the audit log.
public struct AuditRow: Hashable, Sendable {
    /// Its place, from 1 without gaps.
    public let sequence: Int64
    /// What it tells.
    public let event: AuditEvent
    /// Its hash, over all that came before.
    public let hash: [UInt8]
}

/// One account of the broker.
public struct BrokerAccount: Hashable, Sendable {
    /// The user name.
    public let device: DeviceID
    /// The line of the password file.
    public let passwordHash: String
}

/// A message that is to leave now that its reason is committed.
public struct OutboxItem: Hashable, Sendable {
    /// What is to be sent; the number is stored.
    public enum Kind: Int, Hashable, Sendable, CaseIterable {
        /// A nudge.
        case nudge = 0
        /// What the device's topic of orders shall hold by now: see `Registry.order`.
        case order = 1
    }

    /// Names the row.
    public let id: Int64
    /// The device that it is for.
    public let device: DeviceID
    /// What is to be sent.
    public let kind: Kind
}
