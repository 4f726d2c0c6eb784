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
    /// Bundles still good for an enrolment that no device can enrol with after the switch.
    public var openBundles: Int?

    /// States all of it.
    public init(
        anchors: [AnchorRecord],
        devices: Int,
        requiredPercent: Double,
        openBundles: Int? = nil
    ) {
        self.anchors = anchors
        self.devices = devices
        self.requiredPercent = requiredPercent
        self.openBundles = openBundles
    }
}

/// Asks for the switch to the newest anchor.
public struct AnchorSwitch: RequestBody, Hashable {
    /// How many devices it cuts off: given, it has to be the number exactly, and the policy is passed
    /// over.
    public var stranding: Int?

    /// States it.
    public init(stranding: Int? = nil) { self.stranding = stranding }

    private enum CodingKeys: String, CodingKey, CaseIterable { case stranding }
    /// Each field that is read.
    public static var fieldNames: [String] { CodingKeys.allCases.map(\.rawValue) }
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
