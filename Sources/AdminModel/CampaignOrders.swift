/// Asks for a change of a campaign, if it is still as its admin saw it.
public struct CampaignOrder: RequestBody, Hashable {
    /// The campaign's revision when its admin looked; refused when another one acted since.
    public var revision: UInt64?
    /// The stage to roll back, from 1; nil for all, and for every other order.
    public var wave: Int?
    /// Kinds of failure to try again; nil for every other order.
    public var failures: [String]?

    /// States all of it.
    public init(revision: UInt64? = nil, wave: Int? = nil, failures: [String]? = nil) {
        self.revision = revision
        self.wave = wave
        self.failures = failures
    }

    private enum CodingKeys: String, CodingKey, CaseIterable { case revision, wave, failures }
    /// Each field that is read.
    public static var fieldNames: [String] { CodingKeys.allCases.map(\.rawValue) }
}

/// Something that happened to a campaign as a whole.
public struct CampaignEvent: Codable, Hashable, Sendable {
    /// When.
    public var at: Timestamp
    /// What, and who did it, for people.
    public var event: String

    /// States both.
    public init(at: Timestamp, event: String) {
        self.at = at
        self.event = event
    }
}

/// What an auditor keeps of a campaign; its devices are listed apart.
public struct CampaignReport: Codable, Hashable, Sendable {
    /// The fleet.
    public var fleet: String
    /// When the report was made.
    public var madeAt: Timestamp
    /// The campaign as it stands.
    public var detail: CampaignDetail
    /// What happened to it, oldest first.
    public var events: [CampaignEvent]
    /// The last row of the audit log about it; nil when none is.
    public var auditRow: Int64?
    /// Hash of the newest row of the log, in hexadecimal.
    public var auditHead: String?

    /// States all of it.
    public init(
        fleet: String,
        madeAt: Timestamp,
        detail: CampaignDetail,
        events: [CampaignEvent],
        auditRow: Int64? = nil,
        auditHead: String? = nil
    ) {
        self.fleet = fleet
        self.madeAt = madeAt
        self.detail = detail
        self.events = events
        self.auditRow = auditRow
        self.auditHead = auditHead
    }
}
