/// How fast a campaign releases its members.
public struct Pace: Hashable, Sendable {
    /// Members released in a minute.
    public static let rateRange = 1...100_000
    /// The growth of an exponential pace, in thousandths: 1.1 to 10.
    public static let factorRange = 1100...10_000
    /// Confirmed members after which an exponential pace grows.
    public static let stepRange = 1...1_000_000

    /// How the rate comes about.
    public enum Kind: Hashable, Sendable {
        /// The same all the time.
        case constant
        /// Times `factor` (in thousandths) after each `every` members that settled.
        case exponential(factorThousandths: Int, every: Int)
    }

    /// How the rate comes about.
    public let kind: Kind
    /// Members released in a minute, to begin with.
    public let perMinute: Int
    /// The highest rate, which growth and a near deadline may reach.
    public let maximumPerMinute: Int

    /// Checks the numbers; without a maximum a constant pace stays what it is.
    public init(
        kind: Kind = .constant,
        perMinute: Int,
        maximumPerMinute: Int? = nil
    ) throws(FleetError) {
        try Self.check("rate", perMinute, Self.rateRange, "members in a minute")
        let maximum =
            maximumPerMinute ?? (kind == .constant ? perMinute : Self.rateRange.upperBound)
        try Self.check("maximum rate", maximum, Self.rateRange, "members in a minute")
        guard maximum >= perMinute else {
            throw FleetError(
                "the maximum rate of \(maximum) in a minute is less than the rate of \(perMinute)"
            )
        }
        if case .exponential(let factor, let every) = kind {
            guard Self.factorRange.contains(factor) else {
                throw FleetError(
                    "growth out of range: want a factor of 1.1 to 10, have "
                        + "\(factor / 1000).\(String(1000 + abs(factor % 1000)).dropFirst())"
                )
            }
            try Self.check("step of growth", every, Self.stepRange, "confirmed members")
        }
        self.kind = kind
        self.perMinute = perMinute
        self.maximumPerMinute = maximum
    }

    private static func check(
        _ what: String,
        _ value: Int,
        _ range: ClosedRange<Int>,
        _ unit: String
    ) throws(FleetError) {
        guard range.contains(value) else {
            throw FleetError(
                "\(what) out of range: want \(range.lowerBound) to \(range.upperBound) \(unit), "
                    + "have \(value)"
            )
        }
    }
}
