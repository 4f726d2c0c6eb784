/// Watches the outcomes of a campaign one by one, and tells a bad change from noise.
///
/// A cumulative sum (Page's CUSUM) of Wald's log-likelihood ratio between two failure rates: the one that
/// is noise, and the one that is a bad change. A failure adds `log(bad / noise)`, a success takes
/// `log((1 - noise) / (1 - bad))` away, the sum never falls below 0, and at the threshold it alarms. So
/// thousands of old successes cannot hide that every device fails from now on.
public struct SequentialTest: Hashable, Sendable {
    /// Rates in thousandths.
    public static let rateRange = 1...999
    /// Failures in a row.
    public static let rowRange = 2...100

    /// The failure rate that is noise, in thousandths.
    public let noiseThousandths: Int
    /// The failure rate that is a bad change, in thousandths.
    public let badThousandths: Int
    /// After so many failures in a row, with nothing before them, it alarms.
    public let failuresInARow: Int
    /// What happens then.
    public let reaction: StopRule.Reaction

    /// Three percent is noise, half is bad, five in a row alarm, and the campaign pauses.
    public static let standard = SequentialTest(noise: 30, bad: 500, row: 5, reaction: .pause)

    /// Checks the numbers.
    public init(
        noiseThousandths: Int,
        badThousandths: Int,
        failuresInARow: Int = SequentialTest.standard.failuresInARow,
        reaction: StopRule.Reaction = .pause
    ) throws(FleetError) {
        for rate in [noiseThousandths, badThousandths] where !Self.rateRange.contains(rate) {
            throw FleetError(
                "sequential test: want rates of \(Self.rateRange.lowerBound) to "
                    + "\(Self.rateRange.upperBound) thousandths, have \(rate)"
            )
        }
        guard badThousandths >= 2 * noiseThousandths else {
            throw FleetError(
                "sequential test: want a bad rate at least twice the noise of \(noiseThousandths) "
                    + "thousandths, have \(badThousandths)"
            )
        }
        guard Self.rowRange.contains(failuresInARow) else {
            throw FleetError(
                "sequential test: want \(Self.rowRange.lowerBound) to \(Self.rowRange.upperBound) "
                    + "failures in a row, have \(failuresInARow)"
            )
        }
        self.init(
            noise: noiseThousandths,
            bad: badThousandths,
            row: failuresInARow,
            reaction: reaction
        )
    }

    private init(noise: Int, bad: Int, row: Int, reaction: StopRule.Reaction) {
        noiseThousandths = noise
        badThousandths = bad
        failuresInARow = row
        self.reaction = reaction
    }
}
