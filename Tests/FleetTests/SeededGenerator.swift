/// Random numbers that a printed seed brings back (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }

    /// True with a probability in thousandths.
    mutating func chance(_ thousandths: Int) -> Bool {
        Int.random(in: 0..<1000, using: &self) < thousandths
    }
}

/// Texts of queries that are mostly right.
enum RandomQuery {
    private static let conditions = [
        "all", "group=lamps", "group != doors", "group in (lamps, \"and\")", "state=enrolled",
        "store=file", "level>software", "level in (software, hardware)", "agent<0.3",
        "agent in (1,2)",
        "created > 1d", "seen<2h", "label.floor=3", "label.room != \"north wing\"",
        "label.floor not in (1,2,3)", "key=signing", "age.signing>90d", "epoch.signing in (3,4)",
        "anchor<=2", "has label.floor", "has key.other", "id=lamp-1",
    ]

    static func text(depth: Int, _ random: inout SeededGenerator) -> String {
        guard depth > 0, random.chance(700) else {
            return conditions.randomElement(using: &random) ?? "all"
        }
        switch Int.random(in: 0..<4, using: &random) {
        case 0: return "not " + text(depth: depth - 1, &random)
        case 1: return "(" + text(depth: depth - 1, &random) + ")"
        case 2: return text(depth: depth - 1, &random) + " and " + text(depth: depth - 1, &random)
        default: return text(depth: depth - 1, &random) + " or " + text(depth: depth - 1, &random)
        }
    }
}
