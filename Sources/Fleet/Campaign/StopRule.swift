/// What a campaign does by itself when too much goes wrong.
public struct StopRule: Hashable, Sendable {
    /// When the rule applies.
    public enum Threshold: Hashable, Sendable {
        /// So many failures.
        case count(Int)
        /// This share of the members that have come to an end, in percent, once there are `sample` of them.
        case percent(Int, sample: Int)
    }

    /// What happens then.
    public enum Reaction: Int, Hashable, Sendable, CaseIterable, CustomStringConvertible {
        /// Nothing more is released until an admin resumes.
        case pause = 1
        /// Half the rate, for the rest of the campaign.
        case slowDown = 2
        /// The campaign ends; what was offered finishes.
        case cancel = 3
        /// The members of the open wave go back to the key they had; then a pause.
        case rollBackWave = 4

        /// The word used in JSON and on the command line.
        public var description: String {
            switch self {
            case .pause: "pause"
            case .slowDown: "slowDown"
            case .cancel: "cancel"
            case .rollBackWave: "rollBackWave"
            }
        }

        /// Reads the word; nil for another one.
        public init?(parsing text: some StringProtocol) {
            guard let match = Self.allCases.first(where: { $0.description == text })
            else { return nil }
            self = match
        }
    }

    /// The members that a share is computed from at least: below it says nothing.
    public static let sampleRange = 1...1_000_000

    /// The kinds of failure that count; empty for any.
    public let failures: Set<CampaignFailure>
    /// When the rule applies.
    public let threshold: Threshold
    /// What happens then.
    public let reaction: Reaction

    /// Checks the numbers.
    public init(
        failures: Set<CampaignFailure> = [],
        threshold: Threshold,
        reaction: Reaction = .pause
    ) throws(FleetError) {
        switch threshold {
        case .count(let count):
            guard (1...10_000_000).contains(count) else {
                throw FleetError("stop rule: want a count of 1 to 10000000, have \(count)")
            }
        case .percent(let percent, let sample):
            guard (1...100).contains(percent) else {
                throw FleetError("stop rule: want 1 to 100 percent, have \(percent)")
            }
            guard Self.sampleRange.contains(sample) else {
                throw FleetError(
                    "stop rule: a percentage wants a minimum sample of 1 to "
                        + "\(Self.sampleRange.upperBound) members, have \(sample)"
                )
            }
        }
        self.failures = failures
        self.threshold = threshold
        self.reaction = reaction
    }
}
