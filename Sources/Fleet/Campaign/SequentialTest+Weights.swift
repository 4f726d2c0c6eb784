/// The test in whole numbers, so that a stored sum means the same on every machine.
extension SequentialTest {
    /// One unit of log-likelihood is a millionth of a nat.
    static let unit = 1_000_000.0

    /// What a failure adds.
    public var failureWeight: Int {
        Int((Self.unit * logarithm(Double(badThousandths) / Double(noiseThousandths))).rounded())
    }

    /// What a success takes away.
    public var successWeight: Int {
        Int(
            (Self.unit
                * logarithm(Double(1000 - noiseThousandths) / Double(1000 - badThousandths)))
                .rounded()
        )
    }

    /// The sum at which it alarms.
    public var threshold: Int { failuresInARow * failureWeight }

    /// The natural logarithm of a number between 1 and 1000, by its area hyperbolic tangent.
    private func logarithm(_ value: Double) -> Double {
        var (rest, halvings) = (value, 0.0)
        while rest > 1.5 {
            rest /= 2
            halvings += 1
        }
        return halvings * 0.693_147_180_559_945_3 + series(rest)
    }

    private func series(_ value: Double) -> Double {
        let z = (value - 1) / (value + 1)
        var (power, sum) = (z, 0.0)
        for odd in stride(from: 1.0, through: 31, by: 2) {
            sum += power / odd
            power *= z * z
        }
        return 2 * sum
    }
}
