/// How long the agent waits for what; monotonic time throughout, never the wall clock.
public struct Timings: Sendable {
    /// Between two contacts without a reason, give or take a tenth.
    public var contactInterval: Duration = .seconds(6 * 3600)
    /// The longest random pause between a nudge and the contact that it asks for.
    public var nudgeDelay: Duration = .milliseconds(0)
    /// The longest random pause between coming back to a broker and the contact after it: a nudge may
    /// have been missed, and a whole fleet comes back at once.
    public var reconnectSpread: Duration = .seconds(30)
    /// After how long the same bytes are sent again; doubled each time, with jitter.
    public var resend: Duration = .seconds(1)
    /// How long a session may take.
    public var session: Duration = .seconds(30)
    /// The shortest pause between a failed session and the next one; doubled each time, with jitter.
    public var shortestPause: Duration = .seconds(1)
    /// The longest such pause.
    public var longestPause: Duration = .seconds(600)
    /// Contacts that nudges can cause in a row; each second allows one more.
    public var nudgeBurst = 120
    /// How often in a row the broker may refuse the device's account before a new one is asked for.
    public var refusalsBeforeRenewal = 5
    /// How long an enrolment may take before its command gives up; nil for ever.
    public var enrolmentLimit: Duration?

    /// Starts from the defaults.
    public init() {}
}

/// Lets so many events through in a row, and then one each second.
struct Allowance {
    private let burst: Double
    private var left: Double
    private var last: ContinuousClock.Instant

    init(burst: Int, at now: ContinuousClock.Instant) {
        self.burst = Double(burst)
        left = Double(burst)
        last = now
    }

    /// Whether one more may pass.
    mutating func take(at now: ContinuousClock.Instant) -> Bool {
        left = min(burst, left + (now - last) / .seconds(1))
        last = now
        guard left >= 1 else { return false }
        left -= 1
        return true
    }
}

extension Duration {
    /// A random part of it.
    var randomPart: Duration { self * Double.random(in: 0..<1) }
    /// Itself, give or take a tenth.
    var jittered: Duration { self * Double.random(in: 0.9..<1.1) }
}
