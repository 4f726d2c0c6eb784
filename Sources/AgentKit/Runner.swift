internal import EDHOC
internal import KeyExchange
internal import KeyStore
internal import MQTTLink
internal import Secrets

/// The agent's loop; owned by one task.
///
///            ┌────────────── pause, contact timer, nudge ◀─────────────┐
///     waiting ── contact ──▶ talking ── settled, refused, failed ──▶ ended
///                              └─ resend timer: the same bytes again
final class Runner {
    let store: KeyStore
    let crypto: any Crypto
    let transport: any Transport
    let timings: Timings
    let version: String
    let log: Log
    let mailbox: Mailbox
    let timers: Timers
    let hook: Hook?
    let runtime: String?

    /// Names this run of the agent: two at once are a clone.
    var instance: [UInt8] = []
    var link: (any Link)?
    var linkNumber = 0
    var isConnected = false
    var wasConnected = false
    /// How often in a row the broker has said no to this link.
    var refusals = 0
    var talk: Talk?
    /// When the server was last heard, on `BootClock`; nil when that is not known.
    var heard: Duration?
    /// Where that is kept for the next start, once it is needed.
    var lastWord: LastWord?
    /// Why it cannot be kept, as the log has it already.
    var runtimeTrouble: String?
    /// Generations whose lease was found to be over, and said to be.
    var expired: Set<Thumbprint> = []
    /// The new keys of the session that the hook is trying.
    var trial: Trial?
    /// Runs of the hook so far.
    var hookRuns = 0
    /// Keys of which no settlement has told yet that the server knows whether the hook takes them: the
    /// server's side of a session may be over long before the hook has tried them all.
    var judgements: [Thumbprint: Bool] = [:]
    /// A contact is due as soon as there is a connection and no session.
    var wantsContact = false
    /// The last thing that stood in the way, for a command that gives up.
    var trouble = "no answer"
    var pauses: Backoff
    var allowance: Allowance
    /// Orders that may be verified in a row.
    var orders: Allowance
    /// The last order that could not be looked at, or obeyed, when it came.
    var lateOrder: [UInt8]?
    /// What orders mean, and the kinds of refusal that the log has.
    var intake = OrderIntake()
    var loggedRefusals: Set<String> = []
    /// How the next session begins.
    var approach: Approach
    /// New accounts that were asked for since the broker took one.
    var renewals = 0

    init(
        store: KeyStore,
        crypto: any Crypto,
        transport: any Transport,
        timings: Timings,
        version: String,
        log: Log,
        mailbox: Mailbox,
        thread: AgentThread?,
        hook: Hook?,
        runtime: String?
    ) {
        self.runtime = runtime
        self.hook = hook
        self.store = store
        self.crypto = crypto
        self.transport = transport
        self.timings = timings
        self.version = version
        self.log = log
        self.mailbox = mailbox
        timers = Timers(mailbox, thread: thread)
        approach = Approach(patience: timings.refusalsBeforeRenewal)
        pauses = Backoff(minimum: timings.shortestPause, maximum: timings.longestPause)
        orders = Allowance(burst: 8, at: .now)
        allowance = Allowance(burst: timings.nudgeBurst, at: .now)
    }

    func run(until goal: Agent.Goal) async -> Agent.Ending {
        let ending = await loop(goal)
        timers.cancelAll()
        abandonTrial()
        talk = nil
        await closeLink()
        return ending
    }

    private func loop(_ goal: Agent.Goal) async -> Agent.Ending {
        guard let device = store.device else { return .empty }
        switch device.life {
        case .retired: return .retired
        case .enrolled where goal == .enrolment: return .enrolled
        case .enrolling, .enrolled, .retiring: break
        }
        if let limit = timings.enrolmentLimit { timers.set(.limit, after: limit) }
        startGraceTimers()
        recallLastWord(to: device)
        do {
            instance = try crypto.randomBytes(Report.instanceLength)
            try await advance()
            while true {
                if let ending = try await handle(await mailbox.next(), goal) { return ending }
            }
        } catch {
            return .failed("\(error)")
        }
    }

    /// Begins what the device's life asks for: an enrolment, or the link of an enrolled device.
    func advance() async throws {
        guard let device = store.device else { preconditionFailure("checked at the start") }
        if device.life == .enrolling {
            try await beginEnrolment(of: device)
        } else {
            wantsContact = true
            try await openDeviceLink(of: device)
        }
    }

    private func handle(_ signal: Signal, _ goal: Agent.Goal) async throws -> Agent.Ending? {
        switch signal {
        case .stop: return .stopped
        case .contact: requestContact(within: .zero)
        case .timer(let purpose, let number):
            guard timers.hasEnded(purpose, number) else { return nil }
            if purpose == .limit { return .timedOut(trouble) }
            return try await ended(purpose, goal)
        case .hook(let number): return try await hookEnded(number, goal)
        case .link(let number, let event):
            guard number == linkNumber else { return nil }
            return try await happened(event, goal)
        }
        return nil
    }

    private func ended(_ purpose: Timers.Purpose, _ goal: Agent.Goal) async throws -> Agent.Ending?
    {
        switch purpose {
        case .resend: transmit()
        case .session: return try await finish(.failed("no answer in \(timings.session)"), goal)
        case .contact: try await beginContact()
        case .order: heedLate()
        case .lease: checkLeases()
        case .hook: hookIsLate()
        case .grace(let name, let epoch): endGrace(name, epoch)
        case .limit: break
        }
        return nil
    }

    private func happened(_ event: LinkEvent, _ goal: Agent.Goal) async throws -> Agent.Ending? {
        switch event {
        case .connected:
            isConnected = true
            log(.info, "connected to the broker")
            try await connected()
        case .disconnected(let reason):
            // The first of many says it all.
            log(
                isConnected || !wasConnected ? .warning : .debug,
                "no connection to the broker",
                ["reason": reason]
            )
            (isConnected, trouble) = (false, reason)
        case .refused(let reason):
            log(.warning, "the broker refuses", ["reason": reason])
            (isConnected, trouble) = (false, reason)
            try await wasRefused()
        case .message(let topic, let payload, let isRetained):
            if topic.hasSuffix("/order") {
                heed(payload)
                return nil
            }
            // The broker may keep and repeat what it likes; a session is made of fresh messages.
            guard !isRetained, payload.count <= MessageLimits.payload else { return nil }
            if topic.hasSuffix("/nudge") {
                nudged()
            } else if let event = talk?.conduct.receive(payload) {
                return try await follow(event, goal)
            }
        }
        return nil
    }
}
