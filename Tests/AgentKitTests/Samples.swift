import AgentKit
import EDHOC
import Glibc
import KeyExchange
import KeyStore
import MbedCrypto
import Secrets
import Synchronization

let crypto = MbedCrypto()
let fleet = FleetID(checked: "meadow")
let lamp = DeviceID(checked: "lamp-1")
let payload = KeyName(checked: "payload")
let signing = KeyName(checked: "signing")

/// A folder that is removed when the test ends.
final class Scratch: Sendable {
    let path: String

    init() {
        var template = Array("/tmp/latchkey-agent-XXXXXX".utf8CString)
        unsafe template.withUnsafeMutableBufferPointer { buffer in
            if let start = buffer.baseAddress { unsafe _ = mkdtemp(start) }
        }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        empty()
        unsafe _ = rmdir(path)
    }

    /// Removes the files.
    func empty() {
        if let folder = unsafe opendir(path) {
            while let entry = unsafe readdir(folder) {
                unsafe withUnsafeBytes(of: &entry.pointee.d_name) { name in
                    let name = unsafe String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
                    unsafe _ = unlink("\(path)/\(name)")
                }
            }
            unsafe _ = closedir(folder)
        }
    }
}

func material(_ byte: UInt8, count: Int) -> KeyMaterial {
    KeyMaterial(Secret(copying: [UInt8](repeating: byte, count: count).rawSpan))
}

func verdict(_ name: KeyName, _ number: UInt32, grace: UInt32 = 60) -> Verdict {
    guard let epoch = Epoch(number) else { preconditionFailure("epochs begin with 1") }
    return Verdict(name: name, action: .activate(epoch, graceSeconds: grace))
}

/// `payload 1 primary`, one line for each generation.
func lines(_ store: KeyStore) -> [String] {
    store.keys.flatMap { key in key.epochs.map { "\(key.name) \($0.epoch) \($0.state)" } }
}

/// Waits until something holds; false when it does not within a minute: longer than anything that a
/// loaded machine is waited for, so that only what never comes fails by it.
func eventually(_ condition: () async -> Bool) async -> Bool {
    let deadline = ContinuousClock.now + .seconds(60)
    while await !condition() {
        guard .now < deadline else { return false }
        try? await Task.sleep(for: .milliseconds(5))
    }
    return true
}

/// Lines of a log, kept.
final class Lines: Sendable {
    private let kept = Mutex<[String]>([])
    var all: [String] { kept.withLock(\.self) }
    func add(_ line: String) { kept.withLock { $0.append(line) } }
    func count(_ text: String) -> Int { all.count { $0.contains(text) } }
}

/// Everything that takes long in life takes little here.
func quick() -> Timings {
    var timings = Timings()
    timings.resend = .milliseconds(40)
    // But not this: a session that ends for want of a processor is another story.
    timings.session = .seconds(50)
    timings.shortestPause = .milliseconds(20)
    timings.longestPause = .milliseconds(100)
    timings.reconnectSpread = .milliseconds(20)
    return timings
}

/// A device with its agent, which can be stopped and started again over one folder.
final class Device: Sendable {
    let scratch = Scratch()
    let runtime = Scratch()
    let log = Lines()
    private let world: World
    private let settings: Mutex<(hook: Hook?, timings: Timings)>
    private let faults = Mutex<Faults>({ _ in nil })

    /// Lets the disk of the next start misbehave.
    func setFaults(_ faults: @escaping Faults) { self.faults.withLock { $0 = faults } }

    /// What tries new keys from the next start on.
    var hook: Hook? {
        get { settings.withLock(\.hook) }
        set { settings.withLock { $0.hook = newValue } }
    }

    /// How long things take from the next start on.
    var timings: Timings {
        get { settings.withLock(\.timings) }
        set { settings.withLock { $0.timings = newValue } }
    }

    init(_ world: World, timings: Timings = quick()) {
        self.world = world
        settings = Mutex((nil, timings))
    }

    /// Opens the store; a process that another test starts at the same moment holds copies of this
    /// one's locks for as long as it takes to become another program.
    func open() throws -> KeyStore {
        let faults = faults.withLock(\.self)
        for _ in 0..<200 {
            do throws(StoreError) {
                return try KeyStore(scratch.path, crypto: crypto, faults: faults)
            } catch {
                guard error.code == .locked else { throw error }
                usleep(5000)
            }
        }
        return try KeyStore(scratch.path, crypto: crypto)
    }

    /// Takes the bundle.
    func begin(_ bundle: Bundle? = nil) throws {
        _ = try open().begin(with: bundle ?? world.bundle, name: lamp)
    }

    func agent(_ store: KeyStore) -> Agent {
        Agent(
            store: store,
            crypto: crypto,
            transport: world,
            timings: timings,
            version: "test",
            log: Log(from: .debug, to: log.add),
            hook: hook,
            runtime: runtime.path
        )
    }

    /// Runs the agent while `body` looks on, then stops it; how it ended.
    @discardableResult
    func run(
        _ goal: Agent.Goal = .end,
        _ body: (KeyStore, Agent) async throws -> Void = { _, _ in }
    ) async throws -> Agent.Ending {
        let store = try open()
        let agent = agent(store)
        async let ending = agent.run(until: goal)
        do {
            try await body(store, agent)
        } catch {
            agent.stop()
            throw error
        }
        if goal == .end { agent.stop() }
        return await ending
    }

    func enrol() async throws -> Agent.Ending {
        try begin()
        return try await run(.enrolment)
    }
}
