/// What a campaign would do, computed from how often its devices come.
public struct CampaignForecast: Codable, Hashable, Sendable {
    /// Devices that the query finds now and that have the key.
    public var members: Int
    /// Devices that it would leave alone, by reason.
    public var skipped: [String: Int]
    /// The stages.
    public var waves: [WaveForecast]
    /// When most of it would be over; nil if never.
    public var endsAt: Timestamp?
    /// Devices that will probably not have the new key in time, by reason.
    public var stranded: [String: Int]
    /// Some of them, with the reason.
    public var strandedDevices: [StrandedDevice]
    /// What an admin should think of before the start.
    public var warnings: [String]

    /// States all of it.
    public init(
        members: Int,
        skipped: [String: Int] = [:],
        waves: [WaveForecast],
        endsAt: Timestamp? = nil,
        stranded: [String: Int] = [:],
        strandedDevices: [StrandedDevice] = [],
        warnings: [String] = []
    ) {
        self.members = members
        self.skipped = skipped
        self.waves = waves
        self.endsAt = endsAt
        self.stranded = stranded
        self.strandedDevices = strandedDevices
        self.warnings = warnings
    }
}

/// One stage of a forecast.
public struct WaveForecast: Codable, Hashable, Sendable {
    /// Its place, from 1.
    public var number: Int
    /// Its devices.
    public var members: Int
    /// When it would open; nil if never.
    public var beginsAt: Timestamp?
    /// When most of its devices would have settled; nil if never.
    public var endsAt: Timestamp?

    /// States all of it.
    public init(number: Int, members: Int, beginsAt: Timestamp? = nil, endsAt: Timestamp? = nil) {
        self.number = number
        self.members = members
        self.beginsAt = beginsAt
        self.endsAt = endsAt
    }
}

/// A device that will probably miss a campaign.
public struct StrandedDevice: Codable, Hashable, Sendable {
    /// The device.
    public var device: String
    /// `neverHeard`, `silent`, `notReleased`, `slowRhythm` or `noWindow`.
    public var reason: String
    /// When it was heard last; nil for never.
    public var lastSeenAt: Timestamp?
    /// Seconds that usually lie between its contacts; nil when nobody knows.
    public var contactSeconds: Int64?

    /// States all of it.
    public init(
        device: String,
        reason: String,
        lastSeenAt: Timestamp? = nil,
        contactSeconds: Int64? = nil
    ) {
        self.device = device
        self.reason = reason
        self.lastSeenAt = lastSeenAt
        self.contactSeconds = contactSeconds
    }
}
