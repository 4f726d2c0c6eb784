public import KeyExchange

/// What a campaign did, for people and auditors to keep.
public struct CampaignReport: Hashable, Sendable {
    /// One member, as a row of the report.
    public struct Row: Hashable, Sendable {
        /// The device.
        public var device: DeviceID
        /// Its wave, counted from 0.
        public var wave: Int
        /// How it ended, or where it is.
        public var state: MemberState
        /// Why it failed.
        public var failure: CampaignFailure?
        /// Why it was left alone.
        public var skip: SkipReason?
        /// The campaign that it waits for.
        public var blockedBy: CampaignName?
        /// The generation that it had.
        public var fromEpoch: Epoch?
        /// The generation that it has.
        public var toEpoch: Epoch?
        /// Names the material of that generation.
        public var thumbprint: Thumbprint?
        /// When it came into its state, in seconds since 1970.
        public var changedAt: Int64?

        /// States all of it.
        public init(
            device: DeviceID,
            wave: Int,
            state: MemberState,
            failure: CampaignFailure? = nil,
            skip: SkipReason? = nil,
            blockedBy: CampaignName? = nil,
            fromEpoch: Epoch? = nil,
            toEpoch: Epoch? = nil,
            thumbprint: Thumbprint? = nil,
            changedAt: Int64? = nil
        ) {
            self.device = device
            self.wave = wave
            self.state = state
            self.failure = failure
            self.skip = skip
            self.blockedBy = blockedBy
            self.fromEpoch = fromEpoch
            self.toEpoch = toEpoch
            self.thumbprint = thumbprint
            self.changedAt = changedAt
        }
    }

    /// Something that happened, with its time.
    public struct Entry: Hashable, Sendable {
        /// Seconds since 1970.
        public var time: Int64
        /// What happened, in one line.
        public var text: String

        /// States both.
        public init(time: Int64, text: String) {
            self.time = time
            self.text = text
        }
    }

    /// The fleet.
    public var fleet: FleetID
    /// What was asked for.
    public var plan: CampaignPlan
    /// Where it ended, or is.
    public var state: CampaignState
    /// How many members are where.
    public var counts: CampaignCounts
    /// What happened, oldest first.
    public var history: [Entry]
    /// When the report was made, in seconds since 1970.
    public var madeAt: Int64

    /// States all of it.
    public init(
        fleet: FleetID,
        plan: CampaignPlan,
        state: CampaignState,
        counts: CampaignCounts,
        history: [Entry] = [],
        madeAt: Int64
    ) {
        self.fleet = fleet
        self.plan = plan
        self.state = state
        self.counts = counts
        self.history = history
        self.madeAt = madeAt
    }
}
