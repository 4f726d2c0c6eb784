/// One stage of a campaign.
public struct Wave: Hashable, Sendable {
    /// Which members belong to the wave.
    public enum Size: Hashable, Sendable {
        /// So many, chosen evenly.
        case count(Int)
        /// This share of the whole target in percent, chosen evenly.
        case percent(Int)
        /// Those that the query finds, before counts and shares are dealt out.
        case matching(Query)
        /// All that no other wave took; only as the last wave.
        case rest
    }

    /// Which members belong to the wave.
    public let size: Size
    /// The share of the wave before that must have settled for this one to open, in percent; 0 for none.
    public let successPercent: Int
    /// Whether a person must say so before the wave opens.
    public let needsApproval: Bool

    /// States all of it; the plan checks the waves together.
    public init(_ size: Size, successPercent: Int = 0, needsApproval: Bool = false) {
        self.size = size
        self.successPercent = successPercent
        self.needsApproval = needsApproval
    }
}
