internal import KeyExchange
internal import MQTTLink

/// One session under way, and how often its last payload was sent.
struct Talk: ~Copyable {
    /// What ended a session.
    enum Outcome {
        /// Both sides agree.
        case settled
        /// The server said no, authentically.
        case refused(Problem)
        /// It broke, or took too long.
        case failed(String)
        /// The server lacks the suite that was selected, and another one is left to try.
        case unsuited
        /// The store or the identity key failed.
        case stuck(String)
    }

    var conduct: Conduct
    let topics: Topics
    var resend: Backoff

    init(_ conduct: consuming Conduct, topics: Topics, timings: Timings) {
        self.conduct = conduct
        self.topics = topics
        resend = Self.pauses(timings)
    }

    /// The pauses between two sendings of the same bytes.
    static func pauses(_ timings: Timings) -> Backoff {
        Backoff(minimum: timings.resend, maximum: max(timings.resend, timings.session))
    }
}
