/// A connection to an MQTT 5 broker that mends itself for ever.
///
///     idle ── start ──▶ attempting ── let in ──▶ connected
///                          ▲   └─ failed ─▶ pausing ◀─ lost ─┘
///                          └──── pause over ────┘          close ──▶ closed, from anywhere
///
/// Nothing that was sent outlives the TCP connection that it was sent on: the protocol above repeats
/// what matters. Received messages wait in a bounded inbox; when it is full **the newest is
/// dropped** and counted, although the broker has its acknowledgement already.
///
/// One thread of its own talks to the library and sleeps in between; all functions are safe to call
/// from anywhere, and none blocks.
public final class MQTTConnection: Sendable {
    private let switchboard: Switchboard

    /// The received messages, for one reader; ends when the connection is closed.
    ///
    /// A reader whose task is cancelled ends the stream as well.
    public var messages: AsyncStream<MQTTMessage> { switchboard.messages }

    /// What happens to the connection, for one reader; ends when the connection is closed.
    ///
    /// Whoever reads too slowly keeps the newest 64.
    public var events: AsyncStream<MQTTEvent> { switchboard.events }

    /// Prepares a connection; throws on a setting that can never work.
    public init(_ configuration: MQTTConfiguration) throws(MQTTError) {
        try configuration.check()
        switchboard = try Switchboard(configuration)
    }

    deinit { switchboard.beginClosing() }

    /// Begins to connect, and goes on until `close`.
    public func start() throws(MQTTError) {
        try switchboard.start()
    }

    /// Whether the broker has let us in and the connection stands, as far as is known.
    public var isConnected: Bool { switchboard.isConnected }

    /// How often things went well or had to be let go.
    public var counters: MQTTCounters { switchboard.counters }

    /// Waits until the broker has let us in and has answered each subscription.
    ///
    /// Throws at once when the broker says no, and after `limit` the reason of the last failure;
    /// attempts go on in both cases.
    public func waitUntilConnected(within limit: Duration) async throws(MQTTError) {
        let result = await withCheckedContinuation { answer in
            switchboard.awaitConnection(until: .now + limit, answer)
        }
        try result.get()
    }

    /// Reads from these topics, now and after each reconnection.
    ///
    /// When connected it waits for the broker's word; a filter that was refused is forgotten.
    public func subscribe(to filters: [String]) async throws(MQTTError) {
        for filter in filters { try checkFilter(filter) }
        let result = await withCheckedContinuation { answer in
            switchboard.subscribe(to: filters, answer)
        }
        try result.get()
    }

    /// Publishes (QoS 1) and waits until the broker has acknowledged it, or will not.
    ///
    /// An acknowledgement says that the broker has it, never that its reader does.
    public func publish(_ publication: MQTTPublication) async throws(MQTTError) {
        try switchboard.check(publication)
        let result = await withCheckedContinuation { answer in
            if let failure = switchboard.enqueue(publication, answer) {
                answer.resume(returning: .failure(failure))
            }
        }
        try result.get()
    }

    /// Publishes (QoS 1) without waiting; a refusal becomes an event.
    public func send(_ publication: MQTTPublication) throws(MQTTError) {
        try switchboard.check(publication)
        if let failure = switchboard.enqueue(publication, nil) { throw failure }
    }

    /// Sends what was handed over, says goodbye to the broker and ends the thread and both streams.
    ///
    /// Takes two seconds at the most, and name resolution if that is going on.
    public func close() async {
        await withCheckedContinuation { done in switchboard.close(done) }
    }
}

/// A message to publish.
public struct MQTTPublication: Hashable, Sendable {
    /// Where to.
    public var topic: String
    /// What it says.
    public var payload: [UInt8]
    /// Whether the broker keeps it for those who subscribe later.
    public var isRetained: Bool
    /// Where an answer shall go.
    public var responseTopic: String?
    /// What an answer shall carry, so that it is recognised.
    public var correlation: [UInt8]?

    /// A message to publish.
    public init(
        topic: String,
        payload: [UInt8],
        isRetained: Bool = false,
        responseTopic: String? = nil,
        correlation: [UInt8]? = nil
    ) {
        self.topic = topic
        self.payload = payload
        self.isRetained = isRetained
        self.responseTopic = responseTopic
        self.correlation = correlation
    }
}
