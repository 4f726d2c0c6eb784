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

    var session: DeviceSession
    let topics: Topics
    /// Whether it goes through the enrolment account, with the credential by value.
    let isEnrolment: Bool
    /// Whether the server has ordered the device's end in it.
    var endsDevice = false
    var resend: Backoff

    init(
        _ session: consuming DeviceSession,
        topics: Topics,
        isEnrolment: Bool,
        timings: Timings
    ) {
        self.session = session
        self.topics = topics
        self.isEnrolment = isEnrolment
        resend = Self.pauses(timings)
    }

    /// The pauses between two sendings of the same bytes.
    static func pauses(_ timings: Timings) -> Backoff {
        Backoff(minimum: timings.resend, maximum: max(timings.resend, timings.session))
    }
}
