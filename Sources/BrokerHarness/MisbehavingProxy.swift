internal import Glibc
internal import Synchronization

/// A TCP proxy on loopback between clients and a broker, that does to them what a bad network or a
/// hostile broker would.
///
/// Messages can be told apart only in the clear. For TLS set `isOpaque`: then it can delay, cut and
/// refuse, and no more.
public final class MisbehavingProxy: Sendable {
    /// Where clients connect to, on 127.0.0.1.
    public let port: UInt16
    let brokerPort: UInt16
    let isOpaque: Bool
    let listener: CInt
    let control: Mutex<Control>

    struct Control {
        var misbehaviours = [Misbehaviour(), Misbehaviour()]
        var counters = [ProxyCounters(), ProxyCounters()]
        var random: SeededRandom
        var injections: [(packet: Packet, direction: Direction)] = []
        var mustCut = false
        var isRefusing = false
        var isStalled = false
        var mustEnd = false
        /// Messages that still pass before the gate shuts; nil while there is no gate.
        var untilGate: Int?

        /// Whether one more message has to wait at the gate.
        mutating func waits() -> Bool {
            guard let left = untilGate else { return false }
            untilGate = max(0, left - 1)
            return left == 0
        }
    }

    /// Starts a proxy before the broker on `brokerPort`; any free port for 0.
    public init(
        to brokerPort: UInt16,
        port: UInt16 = 0,
        seed: UInt64 = 1,
        isOpaque: Bool = false
    ) throws(HarnessError) {
        (listener, self.port) = try Self.listening(on: port)
        self.brokerPort = brokerPort
        self.isOpaque = isOpaque
        control = Mutex(Control(random: SeededRandom(seed: seed)))
        try ProxyLoop.spawn(self)
    }

    /// A port that was free a moment ago may be taken by another program by now.
    private static func listening(
        on port: UInt16
    ) throws(HarnessError) -> (socket: CInt, port: UInt16) {
        guard port == 0 else { return try listen(port: port) }
        for _ in 0..<20 {
            if let free = try? listen(port: freePort()) { return free }
        }
        return try listen(port: freePort())
    }

    /// Ends it and cuts all its connections.
    public func stop() { control.withLock { $0.mustEnd = true } }

    /// Changes what happens in one direction, from now on.
    public func misbehave(_ direction: Direction, _ misbehaviour: Misbehaviour) {
        control.withLock { $0.misbehaviours[direction.rawValue] = misbehaviour }
    }

    /// Cuts all connections, without a goodbye.
    public func cut() { control.withLock { $0.mustCut = true } }

    /// Whether connections are ended as soon as they are made.
    public func refuse(_ isRefusing: Bool) { control.withLock { $0.isRefusing = isRefusing } }

    /// Whether nothing passes, while all connections stay: a network that went dark.
    public func stall(_ isStalled: Bool) { control.withLock { $0.isStalled = isStalled } }

    /// Lets so many more messages pass, counted in both directions together, and holds back all that
    /// come after them until `openGate`.
    public func shutGate(after count: Int) { control.withLock { $0.untilGate = count } }

    /// Lets all pass that waits at the gate, and all that follows.
    public func openGate() { control.withLock { $0.untilGate = nil } }

    /// Sends a message of one's own to every client, or to the broker in each client's name.
    public func inject(
        topic: String,
        payload: [UInt8],
        isRetained: Bool = false,
        _ direction: Direction
    ) {
        let packet = Packet.publish(topic: topic, payload: payload, isRetained: isRetained)
        control.withLock { $0.injections.append((packet, direction)) }
    }

    /// What happened in one direction.
    public func counters(_ direction: Direction) -> ProxyCounters {
        control.withLock { $0.counters[direction.rawValue] }
    }
}

extension MisbehavingProxy.Control {
    /// What becomes of one message.
    struct Fate {
        var isDropped = false
        var isDoubled = false
        var isHeld = false
    }

    mutating func fate(_ direction: Direction) -> Fate {
        let index = direction.rawValue
        counters[index].published += 1
        let number = counters[index].published
        let misbehaviour = misbehaviours[index]
        var fate = Fate()
        // Each is drawn even where another has struck, so that a seed means the same in every setting.
        fate.isDropped = strikes(misbehaviour.drop, number)
        fate.isDoubled = strikes(misbehaviour.duplicate, number) && !fate.isDropped
        fate.isHeld = strikes(misbehaviour.reorder, number) && !fate.isDropped
        counters[index].dropped += fate.isDropped ? 1 : 0
        counters[index].duplicated += fate.isDoubled ? 1 : 0
        counters[index].reordered += fate.isHeld ? 1 : 0
        return fate
    }

    private mutating func strikes(_ share: Misbehaviour.Share, _ number: Int) -> Bool {
        switch share {
        case .none: false
        case .every(let interval): number % interval == 0
        case .random(let part): Double.random(in: 0..<1, using: &random) < part
        }
    }
}
