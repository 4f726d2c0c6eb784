internal import KeyExchange

/// The agent's timers: one for each purpose, set again or cancelled at will.
final class Timers {
    /// What a timer is for.
    enum Purpose: Hashable, Sendable {
        /// Send the same bytes again.
        case resend
        /// The session has taken too long.
        case session
        /// Begin a contact.
        case contact
        /// The command has waited long enough.
        case limit
        /// The hook has taken too long.
        case hook
        /// Look at an order that had to wait.
        case order
        /// A lease ends.
        case lease
        /// A superseded key may go.
        case grace(KeyName, Epoch)
    }

    private let mailbox: Mailbox
    private let thread: AgentThread?
    private var running: [Purpose: (number: Int, stop: () -> Void, end: ContinuousClock.Instant)] =
        [:]
    private var count = 0

    init(_ mailbox: Mailbox, thread: AgentThread?) {
        self.mailbox = mailbox
        self.thread = thread
    }

    /// Starts a timer, in place of one that runs for the same purpose.
    func set(_ purpose: Purpose, after pause: Duration) {
        cancel(purpose)
        count += 1
        let (number, mailbox) = (count, mailbox)
        let stop: () -> Void
        if let thread {
            let timer = thread.schedule(after: pause) { mailbox.post(.timer(purpose, number)) }
            stop = { thread.cancel(timer) }
        } else {
            let task = Task {
                // Cancelled: nobody waits for it.
                guard (try? await Task.sleep(for: pause, clock: .continuous)) != nil else { return }
                mailbox.post(.timer(purpose, number))
            }
            stop = { task.cancel() }
        }
        running[purpose] = (number, stop, .now + pause)
    }

    /// Starts a timer unless one for the same purpose ends sooner.
    func set(_ purpose: Purpose, within pause: Duration) {
        if let other = running[purpose], other.end <= .now + pause { return }
        set(purpose, after: pause)
    }

    /// Whether a timer runs for this purpose.
    func isSet(_ purpose: Purpose) -> Bool { running[purpose] != nil }

    /// Takes note that a timer has run out; false for one that was cancelled meanwhile.
    func hasEnded(_ purpose: Purpose, _ number: Int) -> Bool {
        guard running[purpose]?.number == number else { return false }
        running[purpose] = nil
        return true
    }

    /// Stops a timer.
    func cancel(_ purpose: Purpose) {
        running.removeValue(forKey: purpose)?.stop()
    }

    /// Stops all of them.
    func cancelAll() {
        for entry in running.values { entry.stop() }
        running.removeAll()
    }
}
