/// One message that came from the broker, which may have invented any part of it.
public struct MQTTMessage: Hashable, Sendable {
    /// Where it was published.
    public let topic: String
    /// What it says; never longer than the configuration allows.
    public let payload: [UInt8]
    /// Whether the broker had kept it for us from before we subscribed.
    public let isRetained: Bool
    /// Where the sender wants its answer, if it said so.
    public let responseTopic: String?
    /// What the sender wants to find in the answer, if it said so.
    public let correlation: [UInt8]?
}

/// What happened to a connection.
public enum MQTTEvent: Hashable, Sendable {
    /// The broker let us in, and has answered each subscription that was asked for again.
    case connected
    /// There is no connection; the next attempt comes after a pause.
    case disconnected(MQTTError, retryAfter: Duration)
    /// The broker answered and said no, so somebody has to do something; attempts go on.
    case refused(MQTTError, retryAfter: Duration)
    /// The broker does not let us read there.
    case subscriptionRefused(filter: String, MQTTError)
    /// The broker did not take a message that `send` handed over.
    case publicationRefused(topic: String, MQTTError)
}

/// How often a connection had to let something go, since it was made.
public struct MQTTCounters: Hashable, Sendable {
    /// Messages handed to the inbox.
    public var received = 0
    /// Messages dropped because the inbox was full: the newest goes, what waits stays.
    public var inboxOverflows = 0
    /// Messages dropped because their payload was too large.
    public var oversized = 0
    /// Messages that the broker acknowledged.
    public var acknowledged = 0
    /// Times that the broker let us in.
    public var connects = 0
}
