/// A campaign in a list.
public struct Campaign: Codable, Hashable, Sendable {
    /// Its name.
    public var name: String
    /// `draft`, `awaitingApproval`, `preparing`, `running`, `paused`, `cancelling`, `rollingBack`, `finished`
    /// or `cancelled`.
    public var state: String
    /// Why it is paused, for people.
    public var reason: String?
    /// `rotate` or `compromise`.
    public var action: String
    /// The key.
    public var key: String
    /// The query that finds the devices.
    public var query: String
    /// A higher one goes first.
    public var priority: Int
    /// Who made it.
    public var createdBy: String
    /// Who approved it.
    public var approvedBy: String?
    /// When it was made.
    public var createdAt: Timestamp?
    /// When it was started.
    public var startedAt: Timestamp?
    /// When it was over.
    public var endedAt: Timestamp?
    /// Goes up with each word of an admin.
    public var revision: UInt64
    /// Devices by state.
    public var members: [String: Int]
    /// Devices that failed, by kind.
    public var failures: [String: Int]

    /// States all of it.
    public init(
        name: String,
        state: String,
        reason: String? = nil,
        action: String,
        key: String,
        query: String,
        priority: Int,
        createdBy: String,
        approvedBy: String? = nil,
        createdAt: Timestamp? = nil,
        startedAt: Timestamp? = nil,
        endedAt: Timestamp? = nil,
        revision: UInt64 = 0,
        members: [String: Int] = [:],
        failures: [String: Int] = [:]
    ) {
        self.name = name
        self.state = state
        self.reason = reason
        self.action = action
        self.key = key
        self.query = query
        self.priority = priority
        self.createdBy = createdBy
        self.approvedBy = approvedBy
        self.createdAt = createdAt
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.revision = revision
        self.members = members
        self.failures = failures
    }

    private enum CodingKeys: String, CodingKey {
        case name, state, reason, action, key
        case query = "where"
        case priority, createdBy, approvedBy, createdAt, startedAt, endedAt, revision, members
        case failures
    }
}

extension Campaign {
    /// All devices of the campaign.
    public var total: Int { members.values.reduce(0, +) }
    /// Devices that use the new key.
    public var settled: Int { members["settled"] ?? 0 }
    /// Devices that need nothing more.
    public var ended: Int { members.ended }
    /// Whether nothing more will happen by itself.
    public var isOver: Bool { state == "finished" || state == "cancelled" }
}

/// A campaign as a whole.
public struct CampaignDetail: Codable, Hashable, Sendable {
    /// What a list shows of it.
    public var campaign: Campaign
    /// What was asked for, with every default written out.
    public var plan: CampaignPlan
    /// The stages and how far each is.
    public var waves: [WaveProgress]
    /// Devices released in a minute now; nil while none are.
    public var ratePerMinute: Double?
    /// When the last device will probably be released; nil while nobody knows, as when some wait for another
    /// campaign.
    public var estimatedEnd: Timestamp?
    /// Why nothing moves although it runs, for people; nil when nothing is in the way.
    public var hold: String?
    /// Devices that wait for another campaign, by its name.
    public var waitsFor: [String: Int]?
    /// The devices that are in flight for the longest time.
    public var slowest: [CampaignMember]?
    /// What an admin should know while it runs, for people; nil for nothing.
    public var warnings: [String]?

    /// States all of it.
    public init(
        campaign: Campaign,
        plan: CampaignPlan,
        waves: [WaveProgress],
        ratePerMinute: Double? = nil,
        estimatedEnd: Timestamp? = nil,
        hold: String? = nil,
        waitsFor: [String: Int]? = nil,
        slowest: [CampaignMember]? = nil,
        warnings: [String]? = nil
    ) {
        self.campaign = campaign
        self.plan = plan
        self.waves = waves
        self.ratePerMinute = ratePerMinute
        self.estimatedEnd = estimatedEnd
        self.hold = hold
        self.waitsFor = waitsFor
        self.slowest = slowest
        self.warnings = warnings
    }
}

extension CampaignDetail {
    /// Whether every device that may be released now waits for another campaign.
    public var waitsForOthers: Bool {
        let open = waves.filter(\.isOpen).map(\.members)
        return open.contains { $0["blocked"] ?? 0 > 0 }
            && open.allSatisfy { $0.ended + ($0["blocked"] ?? 0) == $0.values.reduce(0, +) }
    }
}

extension [String: Int] {
    /// Of devices by state, those that need nothing more.
    fileprivate var ended: Int {
        ["settled", "failed", "skipped", "cancelled", "rolledBack", "kept"]
            .reduce(0) { $0 + (self[$1] ?? 0) }
    }
}

/// How far one stage is.
public struct WaveProgress: Codable, Hashable, Sendable {
    /// Its place, from 1.
    public var number: Int
    /// Whether its devices are released now or were.
    public var isOpen: Bool
    /// Its devices by state.
    public var members: [String: Int]
    /// Its devices that failed, by kind.
    public var failures: [String: Int]

    /// States all of it.
    public init(number: Int, isOpen: Bool, members: [String: Int], failures: [String: Int] = [:]) {
        self.number = number
        self.isOpen = isOpen
        self.members = members
        self.failures = failures
    }

    private enum CodingKeys: String, CodingKey {
        case number
        case isOpen = "open"
        case members, failures
    }
}

/// Where one device stands in a campaign.
public struct CampaignMember: Codable, Hashable, Sendable {
    /// The device.
    public var device: String
    /// Its stage, from 1; nil until the stages are dealt out.
    public var wave: Int?
    /// `waiting`, `released`, `offered`, `settled`, `failed` and so on.
    public var state: String
    /// Why it failed or was left alone, a word.
    public var reason: String?
    /// The campaign that it waits for.
    public var blockedBy: String?
    /// How often it was tried again by itself since an admin said retry, if one did.
    public var attempts: Int
    /// The generation that it had.
    public var epochBefore: UInt32?
    /// The generation that it got.
    public var epochAfter: UInt32?
    /// Names the key that it got, in hexadecimal.
    public var thumbprint: String?
    /// When it was released last.
    public var releasedAt: Timestamp?
    /// When its silence begins to say something.
    public var expectedBy: Timestamp?
    /// When its state last changed.
    public var changedAt: Timestamp?

    /// States all of it.
    public init(
        device: String,
        wave: Int?,
        state: String,
        reason: String? = nil,
        blockedBy: String? = nil,
        attempts: Int = 0,
        epochBefore: UInt32? = nil,
        epochAfter: UInt32? = nil,
        thumbprint: String? = nil,
        releasedAt: Timestamp? = nil,
        expectedBy: Timestamp? = nil,
        changedAt: Timestamp? = nil
    ) {
        self.device = device
        self.wave = wave
        self.state = state
        self.reason = reason
        self.blockedBy = blockedBy
        self.attempts = attempts
        self.epochBefore = epochBefore
        self.epochAfter = epochAfter
        self.thumbprint = thumbprint
        self.releasedAt = releasedAt
        self.expectedBy = expectedBy
        self.changedAt = changedAt
    }
}
