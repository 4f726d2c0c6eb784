public import KeyExchange

/// The name of a campaign, never used twice in a fleet.
public struct CampaignName: LatchkeyName {
    /// What the name is of.
    public static let noun = "campaign name"
    /// The text.
    public let description: String
    /// Wraps text that has been checked.
    public init(checked text: String) { description = text }
}

/// What a campaign does to the key of each member.
public enum CampaignAction: Int, Hashable, Sendable, CaseIterable, CustomStringConvertible {
    /// A new generation; the older one lives on until its grace ends.
    case rotate = 1
    /// A new generation at once; the older one is never trusted again.
    case compromise = 2

    /// The word used in JSON, in the audit log and on the command line.
    public var description: String {
        switch self {
        case .rotate: "rotate"
        case .compromise: "compromise"
        }
    }

    /// Reads the word; nil for another one.
    public init?(parsing text: some StringProtocol) {
        guard let match = Self.allCases.first(where: { $0.description == text }) else { return nil }
        self = match
    }
}
