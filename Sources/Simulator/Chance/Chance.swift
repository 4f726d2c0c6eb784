/// The only source of chance: the same seed gives the same numbers on every machine (SplitMix64).
struct Chance: RandomNumberGenerator, Sendable {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// A stream of its own, so that what one part draws does not shift what another one gets.
    init(seed: UInt64, stream: String) {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in stream.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        state = seed &* 0x9e37_79b9_7f4a_7c15 ^ hash
        _ = next()
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var bits = state
        bits = (bits ^ (bits >> 30)) &* 0xbf58_476d_1ce4_e5b9
        bits = (bits ^ (bits >> 27)) &* 0x94d0_49bb_1331_11eb
        return bits ^ (bits >> 31)
    }

    /// A number from 0 to 1.
    mutating func part() -> Double { Double(next() >> 11) * 0x1p-53 }

    mutating func happens(_ probability: Double) -> Bool { part() < probability }

    /// A number below `count`.
    mutating func index(_ count: Int) -> Int { Int(next() % UInt64(count)) }

    mutating func number(_ range: ClosedRange<Int64>) -> Int64 {
        range.lowerBound + Int64(next() % UInt64(range.upperBound - range.lowerBound + 1))
    }

    /// A number from a range, its order of magnitude as random as the rest.
    mutating func magnitude(_ range: ClosedRange<Int64>) -> Int64 {
        var upper = range.lowerBound
        repeat {
            upper = min(max(upper * 4, 1), range.upperBound)
        } while upper < range.upperBound
            && happens(0.6)
        return number(range.lowerBound...upper)
    }
}
