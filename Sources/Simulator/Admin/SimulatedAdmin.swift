internal import Fleet
internal import KeyExchange

/// What an admin may ask for; the word stands in the table at the end.
enum AdminAction: String, CaseIterable {
    case rotate
    case rotateGroup = "rotate group"
    case rotateQuery = "rotate by query"
    case suspend
    case resume
    case compromise
    case compromiseGroup = "compromise group"
    case destroy
    case rollBack = "roll back"
    case retireKey = "retire key"
    case retireKeyOfGroup = "retire key of group"
    case quarantine
    case release
    case retireDevice = "retire device"
    case beginCampaign = "begin campaign"
    case steerCampaign = "steer campaign"
    case announceAnchor = "announce anchor"
    case switchAnchor = "switch anchor"

    /// How often it is asked for, against the others.
    fileprivate var weight: Double {
        switch self {
        case .rotate: 8
        case .rotateGroup, .steerCampaign: 4
        case .beginCampaign, .resume, .release: 3
        case .rotateQuery, .suspend, .compromise, .quarantine, .rollBack, .destroy: 2
        case .compromiseGroup, .announceAnchor, .switchAnchor: 1
        case .retireKey: 0.4
        case .retireDevice, .retireKeyOfGroup: 0.2
        }
    }
}

/// The admins of one run: what they are in the habit of, and what they have begun.
struct SimulatedAdmin {
    /// A stream of their own.
    var chance: Chance
    /// Campaigns that were made, also those that a restored server has forgotten.
    var campaigns: [CampaignName] = []
    private var habits: [(action: AdminAction, weight: Double)] = []

    /// Every seed has other habits; nobody does without rotation, nor without the way back from what
    /// would keep a device out.
    init(seed: UInt64) {
        chance = Chance(seed: seed, stream: "admin")
        for action in AdminAction.allCases {
            let isHabit = chance.happens(0.7)
            let weight = action.weight * (0.3 + 1.4 * chance.part())
            switch action {
            case .rotate, .resume, .release, .steerCampaign: habits.append((action, weight))
            default: if isHabit { habits.append((action, weight)) }
            }
        }
    }

    /// What is asked for next.
    mutating func choose() -> AdminAction {
        var place = chance.part() * habits.reduce(0) { $0 + $1.weight }
        for habit in habits {
            place -= habit.weight
            if place < 0 { return habit.action }
        }
        return .rotate
    }

    /// Who asks: two persons share the work.
    mutating func person() -> String { chance.happens(0.5) ? "uid:root" : "uid:second" }
}
