internal import AgentKit
internal import KeyExchange
internal import KeyStore

/// The command `latchkey-agent run`.
func run(_ words: some Sequence<String>, on thread: AgentThread) async throws(Failure) {
    let arguments = try Arguments(
        words,
        of: "run",
        options: Settings.hookOptions.union([
            "--contact-interval", "--nudge-delay", "--session-limit", "--state", "--runtime",
            "--runtime",
        ]),
        flags: ["--verbose"]
    )
    let settings = try Settings(arguments)
    var timings = Timings()
    if let seconds = try arguments.number("--contact-interval", in: 1...31_536_000) {
        timings.contactInterval = .seconds(seconds)
        // Who asks for a contact more often than that is not kept waiting for it after a reconnect.
        timings.reconnectSpread = min(timings.reconnectSpread, timings.contactInterval)
    }
    if let milliseconds = try arguments.number("--nudge-delay", in: 0...3_600_000) {
        timings.nudgeDelay = .milliseconds(milliseconds)
    }
    try timings.limitSessions(arguments)
    let hook = try settings.hook(arguments)
    let runtime = try Settings.runtime(arguments)
    // A look first: nothing is made where there is nothing to run.
    _ = try settings.device()
    let store = try settings.open()
    guard let device = store.device else { throw Settings.empty(settings.state) }
    if device.life == .retired { throw Settings.retired }
    settings.log(
        .info,
        "started",
        [
            "version": version, "device": device.name.description,
            "fleet": device.fleet.description,
            "state": device.life.description, "keys": "\(store.keys.count)",
        ]
    )
    let agent = Agent(
        store: store,
        crypto: settings.crypto,
        transport: MQTTTransport(thread: thread),
        timings: timings,
        version: version,
        log: settings.log,
        thread: thread,
        hook: hook,
        runtime: runtime
    )
    try System.onTermination { agent.stop() }
    switch await agent.run(until: .end) {
    case .stopped, .enrolled: settings.log(.info, "stopped")
    case .retired: throw Settings.retired
    case .empty: throw Settings.empty(settings.state)
    case .refused(let problem):
        throw Failure(.refused, "the server refuses (\(problem)): \(problem.code.advice)")
    case .timedOut(let trouble): throw Failure(.noAnswer, trouble)
    case .failed(let reason): throw Failure(.failed, reason)
    }
}
