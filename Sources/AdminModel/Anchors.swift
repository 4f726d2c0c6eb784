/// One generation of what devices trust: the server's identity and its command key.
public struct AnchorRecord: Codable, Hashable, Sendable {
    /// Its number.
    public var generation: UInt32
    /// `announced`, `current` or `former`.
    public var state: String
    /// Names the server's identity key, in hexadecimal.
    public var thumbprint: String?
    /// When it was made.
    public var createdAt: Timestamp?
    /// Devices in use that said that they trust it or a later one.
    public var devices: Int?

    /// States all of it.
    public init(
        generation: UInt32,
        state: String,
        thumbprint: String? = nil,
        createdAt: Timestamp? = nil,
        devices: Int? = nil
    ) {
        self.generation = generation
        self.state = state
        self.thumbprint = thumbprint
        self.createdAt = createdAt
        self.devices = devices
    }
}

/// The server's anchors, and how far the fleet has followed.
public struct AnchorStatus: Codable, Hashable, Sendable {
    /// Each generation that is remembered, oldest first.
    public var anchors: [AnchorRecord]
    /// Devices in use, all of which must be reached before an old anchor may go.
    public var devices: Int
    /// The share of them in percent that policy asks for before a switch.
    public var requiredPercent: Double

    /// States all of it.
    public init(anchors: [AnchorRecord], devices: Int, requiredPercent: Double) {
        self.anchors = anchors
        self.devices = devices
        self.requiredPercent = requiredPercent
    }
}

/// A device that does not yet trust the newest anchor.
public struct Straggler: Codable, Hashable, Sendable {
    /// The device.
    public var device: String
    /// Its group.
    public var group: String
    /// The newest generation that it trusts; nil when it never said.
    public var anchor: UInt32?
    /// When it was heard last.
    public var lastSeenAt: Timestamp?

    /// States all of it.
    public init(device: String, group: String, anchor: UInt32?, lastSeenAt: Timestamp?) {
        self.device = device
        self.group = group
        self.anchor = anchor
        self.lastSeenAt = lastSeenAt
    }
}
