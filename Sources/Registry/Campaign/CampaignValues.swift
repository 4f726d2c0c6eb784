public import Fleet
public import KeyExchange

/// One campaign in a list.
public struct CampaignSummary: Hashable, Sendable {
    /// What is done to whom, and how.
    public let plan: CampaignPlan
    /// Where it is; its revision guards the next word.
    public let state: CampaignState
    /// Members by wave, state and kind of failure.
    public let counts: CampaignCounts
    /// When the draft was made, in seconds since 1970.
    public let createdAt: Int64
}

/// One campaign with what those who watch it want to know.
public struct CampaignDetails: Hashable, Sendable {
    /// Plan, state and counts.
    public let summary: CampaignSummary
    /// Why nothing moves although it runs, as `diskLow: …`; nil when nothing is in the way.
    public let hold: String?
    /// Decisions under way that are not yet done to every member, as `list`, `deal`, `release`.
    public let jobs: [String]
    /// Members that wait for another campaign, by its name.
    public let waitsFor: [CampaignName: Int]
    /// Members in flight of whom nothing was heard for the longest time of what they are allowed.
    public let slowest: [CampaignMember]
    /// Members released in a minute from now on, in thousandths; 0 when nothing is released.
    public let rateThousandths: Int
    /// When the last member is released at this rate, in seconds since 1970; nil when it cannot be told.
    public let lastReleaseAt: Int64?
    /// What an admin should know while it runs.
    public let warnings: [String]
    /// The rows of the audit log about the campaign lie between these.
    public let audit: ClosedRange<Int64>
}

/// One device in a campaign.
public struct CampaignMember: Hashable, Sendable {
    /// The device.
    public let device: DeviceID
    /// Where it stands.
    public let state: MemberState
    /// Its wave, counted from 0; nil while the waves are dealt out.
    public let wave: Int?
    /// Why it failed.
    public let failure: CampaignFailure?
    /// Why it was left out.
    public let skipped: SkipReason?
    /// The campaign that it waits for.
    public let waitsFor: CampaignName?
    /// How often it was tried again by itself.
    public let attempts: Int
    /// The generation that was in use when it was released.
    public let epochBefore: Epoch?
    /// The generation that it was offered, and has once it settled.
    public let epochAfter: Epoch?
    /// Names the material of that generation.
    public let thumbprint: Thumbprint?
    /// When it was released, in seconds since 1970.
    public let releasedAt: Int64?
    /// When its silence begins to say something, or is given up, in seconds since 1970.
    public let expectedBy: Int64?
    /// When it came into its state, in seconds since 1970.
    public let changedAt: Int64
}
