internal import AgentKit
internal import EDHOC
internal import KeyExchange
internal import KeyStore

/// The command `latchkey-agent enrol`.
func enrol(_ words: some Sequence<String>, on thread: AgentThread) async throws(Failure) {
    let arguments = try Arguments(
        words,
        of: "enrol",
        options: Settings.hookOptions.union([
            "--bundle", "--name", "--timeout", "--session-limit", "--state",
        ]),
        flags: ["--prepare", "--wipe", "--verbose"]
    )
    let settings = try Settings(arguments)
    let path = try arguments.required("--bundle")
    guard !path.isEmpty else { throw Failure(.usage, "--bundle: want the name of a file") }
    // Before anything is made.
    if let name = arguments["--name"] { _ = try deviceName(name, earlier: nil) }
    let seconds = try arguments.number("--timeout", in: 1...86_400) ?? 60
    var timings = Timings()
    timings.enrolmentLimit = .seconds(seconds)
    try timings.limitSessions(arguments)
    let hook = try settings.hook(arguments)
    let bundle = try readBundle(path, crypto: settings.crypto)
    if arguments.has("--wipe") {
        try wipe(settings.state)
    } else if try isEnrolled(settings, bundle, arguments["--name"]) {
        return
    }
    let store = try settings.open()
    let name = try deviceName(arguments["--name"], earlier: store.device?.name)
    do throws(StoreError) {
        _ = try store.begin(with: bundle, name: name)
    } catch {
        throw store.device?.life == .retired ? Settings.retired : Failure(error)
    }
    if arguments.has("--prepare") { return say(importLine(store)) }
    let agent = Agent(
        store: store,
        crypto: settings.crypto,
        transport: MQTTTransport(thread: thread),
        timings: timings,
        version: version,
        log: settings.log,
        thread: thread,
        hook: hook
    )
    try System.onTermination { agent.stop() }
    try report(await agent.run(until: .enrolment), store)
}

/// Whether there is nothing to do; works beside a running agent.
private func isEnrolled(
    _ settings: Settings,
    _ bundle: Bundle,
    _ name: String?
) throws(Failure) -> Bool {
    // A folder that is not there yet is no fault.
    guard let device = (try? settings.look())?.device else { return false }
    if device.life >= .retiring { throw Settings.retired }
    guard device.life == .enrolled else { return false }
    guard device.fleet == bundle.fleet else {
        throw Failure(
            .refused,
            "this device belongs to fleet \(device.fleet), the bundle is for \(bundle.fleet): "
                + "have it retired by its server first, or enrol with --wipe"
        )
    }
    guard name == nil || name == device.name.description else {
        throw Failure(
            .refused,
            "this device is enrolled as \(device.name) already, and keeps that name"
        )
    }
    say("already enrolled as \(device.name) in fleet \(device.fleet)")
    return true
}

private func deviceName(_ given: String?, earlier: DeviceID?) throws(Failure) -> DeviceID {
    if given == nil, let earlier { return earlier }
    do throws(NameError) {
        return try DeviceID(parsing: given ?? System.hostName)
    } catch {
        throw Failure(
            .usage,
            given == nil
                ? "this host's name is no device name, so give one with --name (\(error))"
                : "--name: \(error)"
        )
    }
}

private func report(_ ending: Agent.Ending, _ store: KeyStore) throws(Failure) {
    switch ending {
    case .enrolled:
        guard let device = store.device else { return }
        say("enrolled as \(device.name) in fleet \(device.fleet), \(store.keys.count) keys")
    case .retired: throw Settings.retired
    case .empty: throw Settings.empty(store.path)
    case .refused(let problem):
        if problem.code == .unknownDevice, store.device?.token == nil {
            throw Failure(
                .refused,
                "the server does not know this device yet; have the admin import this line, "
                    + "then try again:\n\(importLine(store))"
            )
        }
        throw Failure(.refused, "the server refuses (\(problem)): \(problem.code.advice)")
    case .timedOut(let trouble):
        throw Failure(
            .noAnswer,
            "not enrolled yet (\(trouble)): check broker and server, then try again, "
                + "or leave it to latchkey-agent run"
        )
    case .stopped: throw Failure(.noAnswer, "stopped before the server had answered")
    case .failed(let reason): throw Failure(.failed, reason)
    }
}

/// The device's line for `latchkey device import`.
private func importLine(_ store: KeyStore) -> String {
    guard let device = store.device, let ccs = try? CCS(parsing: device.credential) else {
        return ""
    }
    return "name,group,public_key\n\(device.name),\(device.group),\(hexadecimal(ccs.publicKey))"
}
