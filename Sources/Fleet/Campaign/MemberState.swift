/// Where one device stands in a campaign.
///
///     blocked ⇄ waiting ─▶ released ─▶ offered ─▶ settled ─▶ rollingBack ─▶ rolledBack
///        │         │   ▲       │  │       │ │        ▲  └─▶ kept    └─▶ kept, failed
///        ▼         ▼   │       ▼  └─▶ suspect ───────┘
///      cancelled, skipped │  cancelled    ▼ ▼
///                         └── retry ── failed, or skipped as absent
///
/// An offered member is never cancelled: its device may hold the new key already. A campaign of
/// compromise takes a member of a rotation over wherever it is: it is `blocked` then, or `kept` when it
/// was on its way back.
public enum MemberState: Int, Hashable, Sendable, CaseIterable, CustomStringConvertible {
    /// Its turn has not come.
    case waiting = 1
    /// Another campaign holds the same key of the device.
    case blocked = 2
    /// The key is due and the device was nudged.
    case released = 3
    /// The device was offered the new generation and has not settled.
    case offered = 4
    /// Not heard although its own rhythm says that it should have been; may still settle.
    case suspect = 5
    /// The device uses the new generation.
    case settled = 6
    /// It did not get the new generation, for a reason.
    case failed = 7
    /// Left alone, for a reason.
    case skipped = 8
    /// The campaign was cancelled before the device was offered anything.
    case cancelled = 9
    /// On its way back to the key it had before.
    case rollingBack = 10
    /// Has the key again that it had before.
    case rolledBack = 11
    /// Was to go back but keeps the new generation: the grace of the older one is over.
    case kept = 12

    /// Where each state may lead: the one table that every change is checked against.
    public static let transitions: [MemberState: Set<MemberState>] = [
        .waiting: [.blocked, .released, .skipped, .cancelled, .settled],
        // Settled: what it had been offered before it was taken over came through.
        .blocked: [.waiting, .skipped, .cancelled, .settled],
        // Settled at once: an offer may come and be answered within one session.
        .released: [
            .offered, .settled, .failed, .suspect, .skipped, .cancelled, .waiting, .blocked,
        ],
        .offered: [.settled, .failed, .suspect, .skipped, .waiting, .blocked],
        .suspect: [.offered, .settled, .failed, .skipped, .cancelled, .waiting, .blocked],
        .settled: [.rollingBack, .kept],
        .failed: [.waiting, .settled],
        // A device that was absent may come late, or be tried again.
        .skipped: [.waiting, .settled],
        .cancelled: [.settled],
        .rollingBack: [.rolledBack, .kept, .failed],
        .rolledBack: [],
        .kept: [],
    ]

    /// Whether a member may go from this state to `next`.
    public func mayBecome(_ next: MemberState) -> Bool {
        Self.transitions[self]?.contains(next) ?? false
    }

    /// Whether the member counts against the limit of members in flight.
    public var isInFlight: Bool { self == .released || self == .offered || self == .rollingBack }

    /// Whether the campaign has nothing more to do with the member.
    public var isDone: Bool {
        switch self {
        case .waiting, .blocked, .released, .offered, .suspect, .rollingBack: false
        case .settled, .failed, .skipped, .cancelled, .rolledBack, .kept: true
        }
    }

    /// The word used in JSON, in the audit log and on the command line.
    public var description: String {
        switch self {
        case .waiting: "waiting"
        case .blocked: "blocked"
        case .released: "released"
        case .offered: "offered"
        case .suspect: "suspect"
        case .settled: "settled"
        case .failed: "failed"
        case .skipped: "skipped"
        case .cancelled: "cancelled"
        case .rollingBack: "rollingBack"
        case .rolledBack: "rolledBack"
        case .kept: "kept"
        }
    }

    /// Reads the word; nil for another one.
    public init?(parsing text: some StringProtocol) {
        guard let match = Self.allCases.first(where: { $0.description == text }) else { return nil }
        self = match
    }
}
