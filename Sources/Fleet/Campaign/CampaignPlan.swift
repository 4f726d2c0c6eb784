public import KeyExchange

/// What an admin wants done to many devices, and how carefully.
public struct CampaignPlan: Hashable, Sendable {
    /// The most waves, windows and stop rules of one plan.
    public static let limits = (waves: 64, windows: 32, stopRules: 16)
    /// Members in flight at once.
    public static let inFlightRange = 1...100_000
    /// Automatic retries for one kind of failure.
    public static let retryRange = 1...10
    /// A higher one goes first.
    public static let priorityRange = 0...9
    /// The label that holds a device's offset from UTC, as in `+02:00`.
    public static let offsetLabel = "utc-offset"
    /// The label that holds a device's time zone, as in `Europe/Berlin`; it goes before `offsetLabel`.
    public static let zoneLabel = "time-zone"

    /// The campaign's name.
    public let name: CampaignName
    /// What it does to the key of each member.
    public let action: CampaignAction
    /// The key.
    public let key: KeyName
    /// Which devices.
    public let target: Query
    /// Whether devices that match later join.
    public let isDynamic: Bool
    /// How fast.
    public let pace: Pace
    /// The stages, at least one.
    public let waves: [Wave]
    /// When devices may be touched; empty for always.
    public let windows: [MaintenanceWindow]
    /// The offset from UTC, in minutes, of a device without a label of its own.
    public let utcOffsetMinutes: Int
    /// The time zone of a device without a label of its own, instead of an offset.
    public let timeZone: TimeZoneName?
    /// Members in flight at once.
    public let maximumInFlight: Int
    /// When it has to be over, in seconds since 1970.
    public let deadline: Int64?
    /// What it does by itself when too much goes wrong.
    public let stopRules: [StopRule]
    /// The test that tells a bad change from noise; nil for none.
    public let sequentialTest: SequentialTest?
    /// When a device's silence says something.
    public let silence: Silence
    /// How often a member is tried again by itself, by kind of failure.
    public let retries: [CampaignFailure: Int]
    /// A higher one goes first.
    public let priority: Int

    /// Pauses when a tenth of at least a hundred members failed.
    public static let standardStopRules: [StopRule] =
        (try? StopRule(threshold: .percent(10, sample: 100))).map { [$0] } ?? []

    /// Checks all of it against each other.
    public init(
        name: CampaignName,
        action: CampaignAction = .rotate,
        key: KeyName,
        target: Query,
        isDynamic: Bool = false,
        pace: Pace,
        waves: [Wave] = [Wave(.rest)],
        windows: [MaintenanceWindow] = [],
        utcOffsetMinutes: Int = 0,
        timeZone: TimeZoneName? = nil,
        maximumInFlight: Int = 1000,
        deadline: Int64? = nil,
        stopRules: [StopRule] = CampaignPlan.standardStopRules,
        sequentialTest: SequentialTest? = .standard,
        silence: Silence = .standard,
        retries: [CampaignFailure: Int] = [:],
        priority: Int = 5
    ) throws(FleetError) {
        self.name = name
        self.action = action
        self.key = key
        self.target = target
        self.isDynamic = isDynamic
        self.pace = pace
        self.waves = waves
        self.windows = windows
        self.utcOffsetMinutes = utcOffsetMinutes
        self.timeZone = timeZone
        self.maximumInFlight = maximumInFlight
        self.deadline = deadline
        self.stopRules = stopRules
        self.sequentialTest = sequentialTest
        self.silence = silence
        self.retries = retries
        self.priority = priority
        try checkNumbers()
        try checkWaves()
        try checkReactions()
    }
}
