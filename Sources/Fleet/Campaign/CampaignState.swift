/// Where a campaign is: a small value that is stored after each decision.
public struct CampaignState: Hashable, Sendable {
    /// The life of a campaign; drawn at `CampaignMachine`.
    public enum Phase: Int, Hashable, Sendable, CaseIterable, CustomStringConvertible {
        case draft = 1
        /// A second person has to agree.
        case awaitingApproval = 2
        /// The target is being listed.
        case preparing = 3
        case running = 4
        /// Nothing is released; what is in flight goes on.
        case paused = 5
        /// What was offered finishes, then it is cancelled.
        case cancelling = 6
        /// Members go back to the key they had.
        case rollingBack = 7
        case finished = 8
        case cancelled = 9

        /// The word used in JSON, in the audit log and on the command line.
        public var description: String {
            switch self {
            case .draft: "draft"
            case .awaitingApproval: "awaitingApproval"
            case .preparing: "preparing"
            case .running: "running"
            case .paused: "paused"
            case .cancelling: "cancelling"
            case .rollingBack: "rollingBack"
            case .finished: "finished"
            case .cancelled: "cancelled"
            }
        }

        /// Whether nothing more will happen.
        public var isOver: Bool { self == .finished || self == .cancelled }
    }

    /// Where it is in its life.
    public internal(set) var phase: Phase
    /// Why it is paused.
    public internal(set) var pauseReason: PauseReason?
    /// Who made it.
    public let createdBy: String
    /// Who agreed to it.
    public internal(set) var approvedBy: String?
    /// When it was started, in seconds since 1970.
    public internal(set) var startedAt: Int64?
    /// When it was over, in seconds since 1970.
    public internal(set) var endedAt: Int64?
    /// The last wave that is open, counted from 0; -1 before the first.
    public internal(set) var openWave: Int
    /// The last wave, counted from 0, that a person let open although too few settled; -1 for none.
    public internal(set) var passedGate: Int
    /// The last wave, counted from 0, that a person approved; -1 for none.
    public internal(set) var approvedWave: Int
    /// What the pace has to remember.
    public internal(set) var pacer: Pacer
    /// How often the rate was halved.
    public internal(set) var halvings: Int
    /// The sum of the sequential test.
    public internal(set) var evidence: Int
    /// Outcomes up to here were judged, and forgiven, before.
    public internal(set) var baseline: Baseline
    /// The wave that is rolled back, counted from 0; nil for all of them.
    public internal(set) var rollBackWave: Int?
    /// Goes up with each word of an admin, so that two of them notice each other.
    public internal(set) var revision: UInt64

    /// Members that settled and failed until an admin resumed.
    public struct Baseline: Hashable, Sendable {
        /// Settled members.
        public var settled = 0
        /// Failed members by kind.
        public var failures: [CampaignFailure: Int] = [:]

        /// Nothing yet.
        public init() {}
    }

    /// A draft.
    public init(createdBy: String) {
        phase = .draft
        self.createdBy = createdBy
        openWave = -1
        passedGate = -1
        approvedWave = -1
        pacer = Pacer()
        halvings = 0
        evidence = 0
        baseline = Baseline()
        revision = 0
    }
}
