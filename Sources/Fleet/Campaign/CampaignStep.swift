/// What the machine of a campaign wants done; the caller does it in the transaction that stores the state.
public enum CampaignStep: Hashable, Sendable {
    /// List the target, in chunks; then say `prepared`.
    case list
    /// Mark the key of so many waiting members due and nudge them; only of these clocks, if named.
    ///
    /// Fewer are right when some turn out to be blocked or not fit. A wave counts from 0.
    case release(wave: Int, count: Int, clocks: Set<Int>?)
    /// Waiting, blocked and released members become `cancelled`; of one wave, or of all. Suspects that
    /// were never offered anything, too. Never one that was offered, nor one whose key is compromised.
    case cancelMembers(wave: Int?)
    /// So many settled members begin to go back, or become `kept` when grace is over; of one wave, or of all.
    case rollBack(wave: Int?, count: Int)
    /// Waiting and blocked members become `skipped`.
    case skipWaiting(SkipReason)
    /// Suspects whose silence is evidence become `failed` as `silent`, the others `skipped` as `absent`.
    case closeSuspects
    /// Members that failed by one of these kinds wait again; with `silent` also those that were absent.
    case retry(Set<CampaignFailure>)
    /// The clock went back: nobody in flight is given more time from now on than its silence allows.
    case expectAnew
    /// Something for the audit log and for those who watch.
    case record(CampaignEvent)
}

/// What happened to a campaign as a whole.
public enum CampaignEvent: Hashable, Sendable, CustomStringConvertible {
    case submitted(by: String)
    case approved(by: String)
    case started
    /// The target was listed.
    case prepared(members: Int)
    /// A wave, counted from 0, releases its members from now on.
    case waveOpened(Int)
    case paused(PauseReason)
    case resumed(by: String)
    /// A stop rule or the test asked for more than a pause.
    case stopped(PauseReason)
    /// The rate was halved.
    case slowedDown
    case cancelling(by: String)
    case rollingBack(wave: Int?)
    case retried(Set<CampaignFailure>, by: String)
    /// The deadline came before the end.
    case deadlinePassed
    case rolledBack(wave: Int?)
    case cancelled
    case finished

    /// One line for people.
    public var description: String {
        switch self {
        case .submitted(let who): "submitted for approval by \(who)"
        case .approved(let who): "approved by \(who)"
        case .started: "started"
        case .prepared(let members): "\(members) members listed"
        case .waveOpened(let wave): "wave \(wave + 1) opened"
        case .paused(let reason): "paused: \(reason)"
        case .resumed(let who): "resumed by \(who)"
        case .stopped(let reason): "stopped: \(reason)"
        case .slowedDown: "slowed down to half the rate"
        case .cancelling(let who): "cancelled by \(who), what was offered finishes"
        case .rollingBack(let wave): "rolling back \(wave.map { "wave \($0 + 1)" } ?? "all")"
        case .retried(let kinds, let who):
            "retry of \(kinds.map(\.description).sorted().joined(separator: ", ")) by \(who)"
        case .deadlinePassed: "the deadline passed"
        case .rolledBack(let wave): "rolled back \(wave.map { "wave \($0 + 1)" } ?? "all")"
        case .cancelled: "cancelled"
        case .finished: "finished"
        }
    }
}

/// Why a campaign releases nothing.
public enum PauseReason: Hashable, Sendable, CustomStringConvertible {
    /// A person paused it.
    case admin(by: String)
    /// A wave, counted from 0, waits for a person.
    case approval(wave: Int)
    /// Too few members settled for this wave, counted from 0, to open.
    case gate(wave: Int)
    /// The stop rule at this place in the plan applied.
    case stopRule(Int)
    /// The sequential test alarmed.
    case sequentialTest
    /// A wave, counted from 0, was rolled back.
    case rolledBack(wave: Int)

    /// One line for people.
    public var description: String {
        switch self {
        case .admin(let who): "by \(who)"
        case .approval(let wave): "wave \(wave + 1) waits for approval"
        case .gate(let wave): "too few settled for wave \(wave + 1) to open"
        case .stopRule(let index): "stop rule \(index + 1)"
        case .sequentialTest: "the sequential test alarmed"
        case .rolledBack(let wave): "wave \(wave + 1) was rolled back"
        }
    }
}
