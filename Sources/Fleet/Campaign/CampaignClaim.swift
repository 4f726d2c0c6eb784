/// A campaign's wish for one key of one device; only one campaign at a time has it.
///
/// Compromise goes before rotation, then the higher priority, then who began first, then the name: two
/// claims of different campaigns are never equal, so no two wait for each other.
public struct CampaignClaim: Hashable, Sendable, Comparable {
    /// The campaign.
    public let name: CampaignName
    /// What it does.
    public let action: CampaignAction
    /// A higher one goes first.
    public let priority: Int
    /// When it began, in seconds since 1970.
    public let startedAt: Int64

    /// States all of it.
    public init(name: CampaignName, action: CampaignAction, priority: Int, startedAt: Int64) {
        self.name = name
        self.action = action
        self.priority = priority
        self.startedAt = startedAt
    }

    /// The claim of a campaign that has begun.
    public init(plan: CampaignPlan, startedAt: Int64) {
        self.init(
            name: plan.name,
            action: plan.action,
            priority: plan.priority,
            startedAt: startedAt
        )
    }

    /// Whether `left` goes after `right`.
    public static func < (left: Self, right: Self) -> Bool {
        if left.action != right.action { return right.action == .compromise }
        if left.priority != right.priority { return left.priority < right.priority }
        if left.startedAt != right.startedAt { return left.startedAt > right.startedAt }
        return left.name > right.name
    }

    /// What happens when this campaign wants a member that another one holds.
    public enum Verdict: Hashable, Sendable {
        /// The holder's member becomes `blocked`, and ours waits for its turn.
        case takeOver
        /// Ours becomes `blocked` until the holder is done with the device.
        case wait
    }

    /// Decides against the campaign that holds the device's key.
    ///
    /// A rotation takes nothing from one in flight. A compromise does: a key that others may know
    /// does not wait for a device that is silent in someone else's campaign.
    public func verdict(against holder: CampaignClaim, member: MemberState) -> Verdict {
        let isTouched: Bool =
            switch member {
            case .waiting, .blocked: false
            // Silent and perhaps with an offer in its hands: as good as in flight.
            case .released, .offered, .suspect, .rollingBack: true
            case .settled, .failed, .skipped, .cancelled, .rolledBack, .kept: false
            }
        if member.isDone || action == .compromise && holder.action != .compromise {
            return .takeOver
        }
        return !isTouched && holder < self ? .takeOver : .wait
    }
}
