/// How many members of a campaign are where, by wave: all that the machine ever sees of them.
public struct CampaignCounts: Hashable, Sendable {
    /// The members of one wave.
    public struct WaveCounts: Hashable, Sendable {
        /// Members by state; a state without members may be left out.
        public var members: [MemberState: Int]
        /// Members that failed, by kind; their sum is `members[.failed]`.
        public var failures: [CampaignFailure: Int]
        /// Members that were left alone, by reason; their sum is `members[.skipped]`.
        public var skips: [SkipReason: Int]
        /// Suspects whose silence is evidence: they were not overdue before they were released.
        public var suspectsAsEvidence: Int
        /// Waiting members by the number of their clock; needed when the plan has windows.
        public var waitingByClock: [Int: Int]

        /// States all of it.
        public init(
            members: [MemberState: Int] = [:],
            failures: [CampaignFailure: Int] = [:],
            skips: [SkipReason: Int] = [:],
            suspectsAsEvidence: Int = 0,
            waitingByClock: [Int: Int] = [:]
        ) {
            self.members = members
            self.failures = failures
            self.skips = skips
            self.suspectsAsEvidence = suspectsAsEvidence
            self.waitingByClock = waitingByClock
        }

        /// Members in one state.
        public subscript(state: MemberState) -> Int { members[state] ?? 0 }

        /// All members.
        public var total: Int { members.values.reduce(0, +) }
        /// Released or offered and not suspect, or on their way back.
        public var inFlight: Int { self[.released] + self[.offered] + self[.rollingBack] }
        /// Whether no member waits, is blocked, in flight or suspect.
        public var isDone: Bool {
            self[.waiting] + self[.blocked] + inFlight + self[.suspect] == 0
        }
    }

    /// The waves in the order of the plan.
    public var waves: [WaveCounts]

    /// What the members' clocks show.
    public var clocks: CampaignClocks

    /// States both.
    public init(waves: [WaveCounts], clocks: CampaignClocks = CampaignClocks()) {
        self.waves = waves
        self.clocks = clocks
    }

    /// Members in one state, over all waves.
    public subscript(state: MemberState) -> Int { waves.reduce(0) { $0 + $1[state] } }

    /// All members.
    public var total: Int { waves.reduce(0) { $0 + $1.total } }
    /// Members in flight, over all waves.
    public var inFlight: Int { waves.reduce(0) { $0 + $1.inFlight } }
    /// Members that failed by one kind, over all waves.
    public func failures(_ kind: CampaignFailure) -> Int {
        waves.reduce(0) { $0 + ($1.failures[kind] ?? 0) }
    }
    /// Members that were left alone for one reason, over all waves.
    public func skips(_ reason: SkipReason) -> Int {
        waves.reduce(0) { $0 + ($1.skips[reason] ?? 0) }
    }
    /// Whether no member waits, is blocked, in flight or suspect.
    public var isDone: Bool { waves.allSatisfy(\.isDone) }
}
