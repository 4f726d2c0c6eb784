public import Fleet
public import KeyExchange

/// One generation of the server's identity and command key, as a list shows it.
public struct AnchorEntry: Hashable, Sendable {
    /// Its number.
    public let generation: UInt32
    /// Where it is in its life.
    public let state: AnchorState
    /// The identifier of its credential.
    public let kid: [UInt8]
    /// Its command key's public half, x ‖ y.
    public let commandKey: [UInt8]
    /// When it was made, in seconds since 1970.
    public let createdAt: Int64
    /// When its state changed last, in seconds since 1970.
    public let changedAt: Int64
    /// Devices in use that have talked to the server under it or a later one.
    public let covered: Int
}

/// The server's generations, and how far the fleet has followed.
public struct AnchorOverview: Hashable, Sendable {
    /// Every generation that there was, oldest first.
    public let entries: [AnchorEntry]
    /// Devices in use: enrolled or in quarantine.
    public let devices: Int
    /// Percent of them that must have talked under the newest generation before the switch.
    public let requiredPercent: Int
    /// Bundles still good for an enrolment that carry an older generation than the newest: no device
    /// can enrol with them after the switch.
    public let openBundles: Int

    /// Devices that a switch now would cut off.
    public var stragglers: Int { devices - (entries.last?.covered ?? devices) }
}

/// A device that has not talked to the server under its newest generation.
public struct StragglingDevice: Hashable, Sendable {
    /// The device.
    public let id: DeviceID
    /// Its group.
    public let group: GroupName
    /// Where it is in its life.
    public let state: DeviceState
    /// The generation under which it talked last.
    public let anchor: UInt32
    /// The newest that it says it knows; nil for an agent too old to know of any.
    public let pinned: UInt32?
    /// When it was heard last, in seconds since 1970; nil until it was heard.
    public let lastSeen: Int64?
}
