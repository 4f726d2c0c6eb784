/// Decides what a campaign does next, from counts alone: it knows no device.
///
///     draft ── start ──▶ awaitingApproval ── approve ──▶ preparing ── prepared ──▶ running ──▶ finished
///       └────── start, when no second person is needed ─────▲                     │  ▲
///                                                                                 ▼  │ resume, approve
///                       pause, a stop rule, the test, a gate, a wave to approve: paused
///
///     any before the end ── cancel ──▶ cancelling ── what was offered has ended ──▶ cancelled
///     running, paused ── roll back ──▶ rollingBack ──▶ cancelled, or for one wave: paused
///     finished ── retry ──▶ running
///
/// The caller holds plan and state in its store, asks inside a transaction, does the steps there and
/// stores the state with them. Asked again with the same counts at the same moment, the machine has
/// nothing new to say; asked by another process that read the same state, it says the same.
public struct CampaignMachine: Sendable {
    /// What was asked for.
    public let plan: CampaignPlan
    /// Where it is.
    public internal(set) var state: CampaignState

    /// Goes on where a stored state left off; a new one begins with `CampaignState(createdBy:)`.
    public init(plan: CampaignPlan, state: CampaignState) {
        self.plan = plan
        self.state = state
    }

    /// A settled or failed member, or one that became suspect, as the sequential test hears of it.
    public enum Outcome: Hashable, Sendable {
        /// The device uses the new key.
        case settled
        /// The device could not take it.
        case failed(CampaignFailure)
        /// The device is overdue; `isEvidence` as `Silence` says.
        case suspect(isEvidence: Bool)
        /// A device whose silence was evidence was heard, and has not settled yet.
        case heard
        /// A device that was taken for silent uses the new key.
        case settledLate(wasEvidence: Bool)
    }
}
