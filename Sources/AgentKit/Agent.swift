public import EDHOC
public import KeyExchange
public import KeyStore

/// The agent on a device: asks to be let in, then keeps the keys as the server wants them.
///
///     enrolling ── session ──▶ enrolled ── sessions, for ever ──▶ retired
///
/// A session is begun at the start, on a nudge, and now and then; it is tried again for ever, with
/// growing pauses. Whatever the server orders is on the disk before the server hears that it was done.
public final class Agent: Sendable {
    /// How far to go.
    public enum Goal: Sendable {
        /// Until the device is enrolled.
        case enrolment
        /// Until it is retired, or told to stop.
        case end
    }

    /// How it ended.
    public enum Ending: Sendable {
        /// It was told to.
        case stopped
        /// The device is enrolled.
        case enrolled
        /// The device is retired: it must not run again.
        case retired
        /// There is no identity: the device needs a bundle.
        case empty
        /// The server refuses, and trying again would not help.
        case refused(Problem)
        /// The time that was given is over; what stood in the way, if known.
        case timedOut(String)
        /// The agent can't work.
        case failed(String)
    }

    private let store: KeyStore
    private let crypto: any Crypto
    private let transport: any Transport
    private let timings: Timings
    private let version: String
    private let log: Log
    private let thread: AgentThread?
    private let hook: Hook?
    private let runtime: String?
    private let mailbox = Mailbox()

    /// Puts the parts together.
    ///
    /// `version` goes into each report. If given, `hook` tries each new key, timers run on `thread`, and
    /// `runtime` is a folder in memory that remembers over restarts when the server was last heard.
    public init(
        store: KeyStore,
        crypto: any Crypto,
        transport: any Transport,
        timings: Timings = Timings(),
        version: String,
        log: Log = Log(),
        thread: AgentThread? = nil,
        hook: Hook? = nil,
        runtime: String? = nil
    ) {
        self.runtime = runtime
        self.hook = hook
        self.thread = thread
        self.store = store
        self.crypto = crypto
        self.transport = transport
        self.timings = timings
        self.version = version
        self.log = log
    }

    /// Works until the goal is reached; to be called once.
    public func run(until goal: Goal) async -> Ending {
        let runner = Runner(
            store: store,
            crypto: crypto,
            transport: transport,
            timings: timings,
            version: version,
            log: log,
            mailbox: mailbox,
            thread: thread,
            hook: hook,
            runtime: runtime
        )
        return await runner.run(until: goal)
    }

    /// Asks for a contact now.
    public func contact() { mailbox.post(.contact) }

    /// Ends `run`, soon.
    public func stop() { mailbox.post(.stop) }
}
