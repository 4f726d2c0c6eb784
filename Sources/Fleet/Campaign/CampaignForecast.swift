/// What a plan will probably do, said before it begins.
///
/// Made from a histogram, so that a million devices take no longer than a thousand. It assumes that each
/// device is heard at a moment that its rhythm leaves open, that nothing fails, and that no person is
/// waited for; a device that is connected all the time answers sooner.
public struct CampaignForecast: Hashable, Sendable {
    /// Devices of one wave that are alike.
    public struct Bucket: Hashable, Sendable {
        /// Their wave, counted from 0.
        public var wave: Int
        /// The usual time between contacts, in seconds; nil when it is not known.
        public var intervalSeconds: Int64?
        /// The time since the last contact, in seconds; nil for devices never heard.
        public var silentSeconds: Int64?
        /// The number of their clock.
        public var clock: Int
        /// How many there are.
        public var count: Int

        /// States all of it.
        public init(
            wave: Int,
            intervalSeconds: Int64?,
            silentSeconds: Int64?,
            clock: Int = 0,
            count: Int
        ) {
            self.wave = wave
            self.intervalSeconds = intervalSeconds
            self.silentSeconds = silentSeconds
            self.clock = clock
            self.count = count
        }
    }

    /// Why a device will probably not have its new key in time.
    public enum Stranding: Hashable, Sendable, CaseIterable, CustomStringConvertible {
        /// It was never heard.
        case neverHeard
        /// It is silent for longer than its rhythm allows already.
        case silent
        /// Its turn comes too late: the pace, the waves or the windows are too slow.
        case notReleased
        /// Its rhythm is too slow: it is released in time, but comes too late.
        case slowRhythm
        /// No window ever opens for it before the deadline.
        case noWindow

        /// The word used in JSON and on the command line.
        public var description: String {
            switch self {
            case .neverHeard: "neverHeard"
            case .silent: "silent"
            case .notReleased: "notReleased"
            case .slowRhythm: "slowRhythm"
            case .noWindow: "noWindow"
            }
        }
    }

    /// When one wave begins and ends.
    public struct WaveForecast: Hashable, Sendable {
        /// Its members.
        public var members: Int
        /// When it opens, in seconds since 1970; nil if it never does.
        public var opensAt: Int64?
        /// When the last of it is settled or given up, in seconds since 1970; nil if not in time.
        public var endsAt: Int64?
    }

    /// A point of the curve of completion.
    public struct Point: Hashable, Sendable {
        /// Seconds since 1970.
        public var time: Int64
        /// Members settled by then.
        public var settled: Int
    }

    /// All members.
    public let total: Int
    /// When it begins, in seconds since 1970.
    public let startsAt: Int64
    /// When it is over, in seconds since 1970; nil if that cannot be seen.
    public let endsAt: Int64?
    /// The waves in order.
    public let waves: [WaveForecast]
    /// At most 64 points, the first at the beginning and the last at the end.
    public let curve: [Point]
    /// How many will probably be stranded, by reason.
    public let stranded: [Stranding: Int]
    /// What an admin should read before starting.
    public let warnings: [String]

    /// The most buckets that a forecast is made from; further ones are left out with a warning.
    public static let maximumBuckets = 20_000

    /// Computes the forecast of a plan that starts at `now`.
    public init(
        plan: CampaignPlan,
        buckets: [Bucket],
        clocks: CampaignClocks = CampaignClocks(),
        startingAt now: Int64
    ) {
        var run = ForecastRun(plan: plan, buckets: buckets, clocks: clocks, startingAt: now)
        run.go()
        total = run.total
        startsAt = now
        endsAt = run.endsAt
        waves = run.waves.map {
            WaveForecast(members: $0.members, opensAt: $0.opensAt, endsAt: $0.endsAt)
        }
        curve = run.points()
        stranded = run.stranded()
        warnings = run.warnings()
    }
}
