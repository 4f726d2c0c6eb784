internal import AgentKit
internal import Glibc
internal import KeyStore
internal import MbedCrypto

/// What all commands share.
struct Settings {
    let state: String
    let crypto = MbedCrypto()
    let log: Log

    init(_ arguments: Arguments) throws(Failure) {
        let folder =
            arguments["--state"] ?? System.environment("STATE_DIRECTORY")
            ?? "/var/lib/latchkey-agent"
        guard !folder.isEmpty, !folder.utf8.contains(0) else {
            throw Failure(.usage, "--state: want the name of a folder")
        }
        state = folder
        log = Log(from: arguments.has("--verbose") ? .debug : .info)
    }

    /// The options of the commands that may take keys.
    static let hookOptions: Set<String> = ["--hook", "--hook-timeout"]

    /// The command that tries new keys, if there is one; refuses one that others could exchange.
    func hook(_ arguments: Arguments) throws(Failure) -> Hook? {
        let seconds = try arguments.number(
            "--hook-timeout",
            orVariable: "LATCHKEY_HOOK_TIMEOUT",
            in: 1...300
        )
        guard let path = arguments["--hook"] ?? System.environment("LATCHKEY_HOOK"), !path.isEmpty
        else { return nil }
        let hook = Hook(path, timeout: .seconds(seconds ?? 10))
        do throws(HookError) {
            try hook.check()
        } catch {
            guard error.code == .unusable else {
                throw Failure(.usage, "the hook can't be trusted: \(error)")
            }
            // It may come with a file system that is mounted later; until then new keys are refused.
            log(.warning, "the hook can't be run now", ["reason": error.description])
        }
        return hook
    }

    /// Where the agent remembers over restarts when the server was last heard: a folder in memory.
    static func runtime(_ arguments: Arguments) throws(Failure) -> String {
        if let path = arguments["--runtime"] ?? System.environment("RUNTIME_DIRECTORY") {
            guard path.utf8.first == UInt8(ascii: "/"), !path.utf8.contains(0) else {
                throw Failure(.usage, "--runtime: want an absolute path, have \"\(path)\"")
            }
            return path
        }
        // The superuser looks where the service's folder is.
        let base = geteuid() == 0 ? nil : System.environment("XDG_RUNTIME_DIR")
        return (base ?? "/run") + "/latchkey-agent"
    }

    private var credentials: String? { System.environment("CREDENTIALS_DIRECTORY") }

    /// Opens the store for this process alone.
    func open() throws(Failure) -> KeyStore {
        #if DEBUG
        let faults = try Fate.faults()
        #endif
        do throws(StoreError) {
            #if DEBUG
            return try KeyStore(state, crypto: crypto, credentials: credentials, faults: faults)
            #else
            return try KeyStore(state, crypto: crypto, credentials: credentials)
            #endif
        } catch {
            throw Failure(error)
        }
    }

    /// Looks at the store beside whoever works on it.
    func look() throws(Failure) -> StoreView {
        do throws(StoreError) {
            return try StoreView(state, crypto: crypto, credentials: credentials)
        } catch {
            throw error.code == .empty ? Settings.empty(state) : Failure(error)
        }
    }

    /// Looks at a store that must hold a device.
    func device() throws(Failure) -> (device: DeviceRecord, view: StoreView) {
        let view = try look()
        guard let device = view.device else { throw Settings.empty(state) }
        return (device, view)
    }

    static func empty(_ state: String) -> Failure {
        Failure(
            .notEnrolled,
            "no device is set up in \(state): run latchkey-agent enrol --bundle FILE --name NAME"
        )
    }

    static let retired = Failure(
        .retired,
        "this device is retired: run latchkey-agent wipe --yes, then enrol it under a new name"
    )
}

extension Timings {
    /// Takes over the option `--session-limit`; what is sent again keeps its share of the time.
    mutating func limitSessions(_ arguments: Arguments) throws(Failure) {
        guard let seconds = try arguments.number("--session-limit", in: 1...3600) else { return }
        session = .seconds(seconds)
        resend = session / 30
    }
}
