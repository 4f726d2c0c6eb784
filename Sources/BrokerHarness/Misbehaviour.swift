/// What a broker may do to the messages that pass through it.
public struct Misbehaviour: Sendable {
    /// Which messages something happens to.
    public enum Share: Sendable {
        /// None.
        case none
        /// Each n-th: 1 is all of them.
        case every(Int)
        /// This part of them, by the proxy's seed.
        case random(Double)
    }

    /// Messages that vanish, although their sender gets an acknowledgement.
    public var drop = Share.none
    /// Messages that arrive twice.
    public var duplicate = Share.none
    /// Messages that the next one overtakes; or nothing does, for a twentieth of a second.
    public var reorder = Share.none
    /// How much later everything arrives.
    public var delay = Duration.zero

    /// A broker that behaves; set what it shall do wrong.
    public init() {}
}

/// One way through the proxy.
public enum Direction: Int, CaseIterable, Sendable {
    /// From a client to the broker.
    case up
    /// From the broker to a client.
    case down
}

/// What a proxy did.
public struct ProxyCounters: Hashable, Sendable {
    /// Messages that came.
    public var published = 0
    /// Messages that vanished.
    public var dropped = 0
    /// Messages that were doubled.
    public var duplicated = 0
    /// Messages that were held back.
    public var reordered = 0
    /// Messages that had to wait at the gate.
    public var heldAtGate = 0
    /// Connections that were accepted.
    public var connections = 0
}

/// Random numbers from a seed, the same on every machine (SplitMix64).
public struct SeededRandom: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// A sequence that is this seed's alone.
    public init(seed: UInt64) { state = seed }

    /// The next 64 bits.
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var bits = state
        bits = (bits ^ bits >> 30) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ bits >> 27) &* 0x94D0_49BB_1331_11EB
        return bits ^ bits >> 31
    }
}
