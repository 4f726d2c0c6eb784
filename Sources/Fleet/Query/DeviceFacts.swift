public import KeyExchange

/// What a query can ask about one device.
public struct DeviceFacts: Hashable, Sendable {
    /// A key that has an active generation.
    public struct Key: Hashable, Sendable {
        /// The key's name.
        public var name: KeyName
        /// Its active generation.
        public var epoch: Epoch
        /// When that generation was made, in seconds since 1970.
        public var createdAt: Int64

        /// States all of it.
        public init(name: KeyName, epoch: Epoch, createdAt: Int64) {
            self.name = name
            self.epoch = epoch
            self.createdAt = createdAt
        }
    }

    /// The device's name.
    public var id: DeviceID
    /// Its group.
    public var group: GroupName
    /// Where it is in its life.
    public var state: DeviceState
    /// Where it keeps its keys; nil until it was heard.
    public var store: Report.StoreKind?
    /// What protects its store; nil until it was heard.
    public var level: Report.SecurityLevel?
    /// Version of its agent as it said; nil until it was heard.
    public var agentVersion: String?
    /// When it was made known, in seconds since 1970.
    public var createdAt: Int64
    /// When it was heard last, in seconds since 1970; nil until it was heard.
    public var lastSeen: Int64?
    /// The time of the question, in seconds since 1970.
    public var now: Int64
    /// Its labels by name.
    public var labels: [String: String]
    /// Its keys that have an active generation.
    public var keys: [Key]
    /// The newest generation of the server's identity that it has pinned; nil when it did not say.
    public var anchor: UInt32?

    /// States all of it.
    public init(
        id: DeviceID,
        group: GroupName,
        state: DeviceState,
        store: Report.StoreKind? = nil,
        level: Report.SecurityLevel? = nil,
        agentVersion: String? = nil,
        createdAt: Int64,
        lastSeen: Int64? = nil,
        now: Int64,
        labels: [String: String] = [:],
        keys: [Key] = [],
        anchor: UInt32? = nil
    ) {
        self.id = id
        self.group = group
        self.state = state
        self.store = store
        self.level = level
        self.agentVersion = agentVersion
        self.createdAt = createdAt
        self.lastSeen = lastSeen
        self.now = now
        self.labels = labels
        self.keys = keys
        self.anchor = anchor
    }
}
