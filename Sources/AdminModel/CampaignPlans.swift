/// What an admin wants done to many devices, and how carefully; also the content of a plan file.
public struct CampaignPlan: RequestBody, Hashable {
    /// The campaign's name, never used twice.
    public var name: String
    /// `rotate` or `compromise`; rotate when left out.
    public var action: String?
    /// The key.
    public var key: String
    /// The query that finds the devices.
    public var query: String
    /// Whether devices that match later join.
    public var isDynamic: Bool?
    /// How fast.
    public var pace: Pace
    /// The stages; one of all when left out.
    public var waves: [Wave]?
    /// When devices may be touched, in their own time; always when left out.
    public var windows: [Window]?
    /// How far a device is from UTC that has neither the label `time-zone` nor `utc-offset`.
    public var utcOffsetMinutes: Int?
    /// The time zone of such a device, instead; like `Europe/Berlin`.
    public var timeZone: String?
    /// Devices in flight at once.
    public var maximumInFlight: Int?
    /// When it has to be over.
    public var deadline: Timestamp?
    /// What it does by itself when too much goes wrong; a careful rule when left out.
    public var stopRules: [StopRule]?
    /// The test that tells a bad change from noise; a careful one when left out.
    public var sequentialTest: SequentialTest?
    /// When a device's silence says something.
    public var silence: Silence?
    /// How often a device is tried again by itself, by kind of failure.
    public var retries: [String: Int]?
    /// 0 to 9; a higher one goes first.
    public var priority: Int?

    /// States what must be stated; the rest is set as wished.
    public init(name: String, key: String, query: String, pace: Pace) {
        self.name = name
        self.key = key
        self.query = query
        self.pace = pace
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case name, action, key
        case query = "where"
        case isDynamic = "dynamic"
        case pace, waves, windows, utcOffsetMinutes, timeZone, maximumInFlight, deadline, stopRules
        case sequentialTest, silence, retries, priority
    }
    /// Each field that is read.
    public static var fieldNames: [String] { CodingKeys.allCases.map(\.rawValue) }
}

extension CampaignPlan {
    /// How fast devices are released.
    public struct Pace: Codable, Hashable, Sendable {
        /// Devices in a minute, to begin with.
        public var perMinute: Int
        /// The highest rate, which growth and a near deadline may reach.
        public var maximumPerMinute: Int?
        /// What the rate is multiplied by; the same rate all the time when left out.
        public var factor: Double?
        /// After so many confirmed devices the rate grows; `perMinute` when left out.
        public var every: Int?

        /// States all of it.
        public init(
            perMinute: Int,
            maximumPerMinute: Int? = nil,
            factor: Double? = nil,
            every: Int? = nil
        ) {
            self.perMinute = perMinute
            self.maximumPerMinute = maximumPerMinute
            self.factor = factor
            self.every = every
        }
    }

    /// One stage: so many devices, a share of them, those that a query finds, or all that are left.
    public struct Wave: Codable, Hashable, Sendable {
        /// So many.
        public var count: Int?
        /// This share of all in percent.
        public var percent: Int?
        /// Those that this query finds.
        public var query: String?
        /// All that no other wave took.
        public var isRest: Bool?
        /// The share of the wave before that must have settled, in percent.
        public var gatePercent: Int?
        /// Whether a person must approve before it opens.
        public var needsApproval: Bool?

        /// States all of it.
        public init(
            count: Int? = nil,
            percent: Int? = nil,
            query: String? = nil,
            isRest: Bool? = nil,
            gatePercent: Int? = nil,
            needsApproval: Bool? = nil
        ) {
            self.count = count
            self.percent = percent
            self.query = query
            self.isRest = isRest
            self.gatePercent = gatePercent
            self.needsApproval = needsApproval
        }

        private enum CodingKeys: String, CodingKey {
            case count, percent
            case query = "where"
            case isRest = "rest"
            case gatePercent
            case needsApproval = "approval"
        }
    }

    /// A stretch of time on some days of the week.
    public struct Window: Codable, Hashable, Sendable {
        /// `mon` to `sun`.
        public var days: [String]
        /// When it begins, like `22:00`.
        public var from: String
        /// When it is over, of the next day if it is not after `from`.
        public var to: String

        /// States all of it.
        public init(days: [String], from: String, to: String) {
            self.days = days
            self.from = from
            self.to = to
        }
    }

    /// What happens by itself when too much goes wrong.
    public struct StopRule: Codable, Hashable, Sendable {
        /// Kinds of failure that count; any when left out.
        public var failures: [String]?
        /// So many failures.
        public var count: Int?
        /// This share of those that have ended, in percent.
        public var percent: Int?
        /// The devices that a share is computed from at least.
        public var sample: Int?
        /// `pause`, `slowDown`, `cancel` or `rollBackWave`; pause when left out.
        public var reaction: String?

        /// States all of it.
        public init(
            failures: [String]? = nil,
            count: Int? = nil,
            percent: Int? = nil,
            sample: Int? = nil,
            reaction: String? = nil
        ) {
            self.failures = failures
            self.count = count
            self.percent = percent
            self.sample = sample
            self.reaction = reaction
        }
    }

    /// The test that tells a bad change from noise, one outcome at a time.
    public struct SequentialTest: Codable, Hashable, Sendable {
        /// Whether outcomes are tested at all.
        public var isOn: Bool?
        /// The failure rate that is noise, in percent.
        public var noisePercent: Double?
        /// The failure rate that is a bad change, in percent.
        public var badPercent: Double?
        /// After so many failures in a row, with nothing before them, it alarms.
        public var failuresInARow: Int?
        /// `pause`, `slowDown`, `cancel` or `rollBackWave`; pause when left out.
        public var reaction: String?

        /// States all of it.
        public init(
            isOn: Bool? = nil,
            noisePercent: Double? = nil,
            badPercent: Double? = nil,
            failuresInARow: Int? = nil,
            reaction: String? = nil
        ) {
            self.isOn = isOn
            self.noisePercent = noisePercent
            self.badPercent = badPercent
            self.failuresInARow = failuresInARow
            self.reaction = reaction
        }

        private enum CodingKeys: String, CodingKey {
            case isOn = "on"
            case noisePercent, badPercent, failuresInARow, reaction
        }
    }

    /// When a device's silence says something.
    public struct Silence: Codable, Hashable, Sendable {
        /// How many times its usual interval a device may take.
        public var factor: Double?
        /// The least time that it is given.
        public var leastSeconds: Int64?
        /// The most time that it is given; also when its rhythm is not known.
        public var mostSeconds: Int64?

        /// States all of it.
        public init(factor: Double? = nil, leastSeconds: Int64? = nil, mostSeconds: Int64? = nil) {
            self.factor = factor
            self.leastSeconds = leastSeconds
            self.mostSeconds = mostSeconds
        }
    }
}
