public import KeyExchange

/// What a campaign did, for people and auditors to keep.
public struct CampaignReport: Hashable, Sendable {
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
