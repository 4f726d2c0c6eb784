internal import AdminAPI
internal import Synchronization

/// What the server counts; every figure only grows, except the gauges that are set.
public final class Counters: Sendable {
    /// The names, as they stand in the metrics.
    public enum Name: String, Hashable, Sendable, CaseIterable {
        /// message_1 taken into work.
        case handshakesStarted = "latchkey_handshakes_started_total"
        /// Handshakes that ended without keys.
        case handshakesFailed = "latchkey_handshakes_failed_total"
        /// message_1 dropped because of the rate limit.
        case startsThrottled = "latchkey_starts_throttled_total"
        /// message_1 dropped because the table of sessions was full.
        case startsCrowdedOut = "latchkey_starts_crowded_out_total"
        /// Payloads that belong to no session, or are none of ours.
        case payloadsIgnored = "latchkey_payloads_ignored_total"
        /// Payloads dropped because their worker was behind.
        case payloadsDropped = "latchkey_payloads_dropped_total"
        /// Answers sent again because a request came again.
        case answersRepeated = "latchkey_answers_repeated_total"
        /// Offers sent.
        case offers = "latchkey_offers_total"
        /// Settlements sent.
        case settlements = "latchkey_settlements_total"
        /// Retirements confirmed by a receipt.
        case retirements = "latchkey_retirements_total"
        /// Refusals, whatever the code.
        case refusals = "latchkey_refusals_total"
        /// Sessions that ended by time.
        case sessionsExpired = "latchkey_sessions_expired_total"
        /// Nudges sent.
        case nudges = "latchkey_nudges_total"
        /// Orders published, again or for the first time.
        case orders = "latchkey_orders_total"
        /// Failures of the registry, as seen by a session.
        case registryFailures = "latchkey_registry_failures_total"
        /// Answers that could not be handed to the broker.
        case publishFailures = "latchkey_publish_failures_total"
        /// Sessions open now.
        case sessionsOpen = "latchkey_sessions_open"
    }

    private let values = Mutex<[Name: Int]>([:])

    /// Begins with zeros.
    public init() {}

    /// Counts one, or more; `sessionsOpen` may go down.
    public func add(_ name: Name, _ amount: Int = 1) {
        values.withLock { $0[name, default: 0] += amount }
    }

    /// One figure now.
    public func value(_ name: Name) -> Int { values.withLock { $0[name] ?? 0 } }

    /// Every figure now.
    var metrics: [Metric] {
        let now = values.withLock { $0 }
        return Name.allCases.map { name in
            Metric(
                name.rawValue,
                help: name.help,
                kind: name == .sessionsOpen ? .gauge : .counter,
                samples: [.init(Double(now[name] ?? 0))]
            )
        }
    }
}

extension Counters.Name {
    /// What the figure tells, for people who read metrics.
    var help: String {
        switch self {
        case .handshakesStarted: "Handshakes taken into work."
        case .handshakesFailed: "Handshakes that ended without keys."
        case .startsThrottled: "Handshakes dropped because of the rate limit."
        case .startsCrowdedOut: "Handshakes dropped because the table of sessions was full."
        case .payloadsIgnored: "Payloads that belong to no session."
        case .payloadsDropped: "Payloads dropped because their worker was behind."
        case .answersRepeated: "Answers sent again because a request came again."
        case .offers: "Offers of keys."
        case .settlements: "Settlements."
        case .retirements: "Retirements confirmed by a receipt."
        case .refusals: "Devices refused."
        case .sessionsExpired: "Sessions that ended by time."
        case .nudges: "Nudges sent."
        case .orders: "Retirement orders published."
        case .registryFailures: "Failures of the registry as a session saw them."
        case .publishFailures: "Answers that the broker did not take."
        case .sessionsOpen: "Sessions open now."
        }
    }
}
