internal import Glibc
internal import Synchronization

/// A private mosquitto on loopback, set up from the repository's own `mosquitto.conf` and
/// `mosquitto.acl`, for tests, the demo and benchmarks.
public final class Broker: Sendable {
    /// How clients reach it.
    public enum Transport: Sendable {
        /// As delivered: TLS under an authority made for this broker.
        case tls
        /// In the clear, for tests that meddle with packets in between.
        case plain
    }

    /// A name and a password.
    public struct Account: Sendable {
        /// The account.
        public let name: String
        /// Its password.
        public let password: String

        /// An account whose password may be seen, since it protects nothing.
        public init(_ name: String, password: String) {
            self.name = name
            self.password = password
        }
    }

    /// Where its files are.
    public let folder: String
    /// Its port on 127.0.0.1, which stays the same over restarts.
    public let port: UInt16
    /// The certificate that clients pin; nil without TLS.
    public let authorityFile: String?
    private let process = Mutex<Subprocess?>(nil)

    private init(folder: String, port: UInt16, authorityFile: String?) {
        self.folder = folder
        self.port = port
        self.authorityFile = authorityFile
    }

    deinit { killAtOnce() }

    /// Fills `folder` and starts a broker in it; returns when it accepts connections.
    ///
    /// Certificates and accounts that are in the folder already stay; `settings` are lines that are
    /// added to the configuration.
    public static func start(
        in folder: String,
        port: UInt16? = nil,
        transport: Transport = .tls,
        accounts: [Account] = [],
        settings: [String] = [],
        repository: String = Repository.root
    ) async throws(HarnessError) -> Broker {
        try makeFolder(folder)
        let template = try readFile("\(repository)/mosquitto.conf")
        try writeFile("\(folder)/mosquitto.acl", readFile("\(repository)/mosquitto.acl"))
        if transport == .tls, !isThere("\(folder)/tls/server.key") {
            try await run(
                "\(repository)/scripts/broker-certificates",
                ["\(folder)/tls"],
                in: folder
            )
        }
        let authorityFile = transport == .tls ? "\(folder)/tls/ca.crt" : nil
        var tries = 5
        while true {
            let number = if let port { port } else { try freePort() }
            let text = configuration(
                from: template,
                port: number,
                transport: transport,
                adding: settings
            )
            try writeFile("\(folder)/mosquitto.conf", text)
            let broker = Broker(folder: folder, port: number, authorityFile: authorityFile)
            if !accounts.isEmpty || !isThere("\(folder)/passwords") {
                try await broker.setAccounts(accounts)
            }
            do throws(HarnessError) {
                try await broker.start()
                return broker
            } catch {
                // A port that was free a moment ago may be another program's by now.
                tries -= 1
                guard port == nil, tries > 0, broker.log.contains("Address already in use") else {
                    throw error
                }
            }
        }
    }

    /// Starts it again after `stop` or `killAtOnce`, on the same port.
    public func start() async throws(HarnessError) {
        let log = "\(folder)/broker.log"
        let before = isThere(log) ? try count(" running", in: readFile(log)) : 0
        let child = try Subprocess(
            "/usr/sbin/mosquitto",
            ["-c", "mosquitto.conf"],
            in: folder,
            output: log
        )
        process.withLock { $0 = child }
        // It accepts connections some time before it can be sent a signal.
        let deadline = ContinuousClock.now + .seconds(30)
        while try count(" running", in: readFile(log)) == before {
            guard child.exitStatus() == nil, .now < deadline else {
                throw HarnessError("mosquitto did not start: \(try readFile(log))")
            }
            await pause(.milliseconds(5))
        }
    }

    /// Writes all accounts anew, hashed by mosquitto's own tool; `reload` makes them count.
    public func setAccounts(_ accounts: [Account]) async throws(HarnessError) {
        let lines = accounts.map { "\($0.name):\($0.password)\n" }.joined()
        try writeFile("\(folder)/passwords.new", lines)
        if !accounts.isEmpty {
            try await run("/usr/bin/mosquitto_passwd", ["-U", "passwords.new"], in: folder)
        }
        guard unsafe rename("\(folder)/passwords.new", "\(folder)/passwords") == 0 else {
            throw HarnessError("passwords: \(errorText())")
        }
    }

    /// Writes all accounts anew, as lines whose passwords are hashed already.
    public func setPasswordLines(_ lines: [String]) throws(HarnessError) {
        try writeFile("\(folder)/passwords", lines.map { "\($0)\n" }.joined())
    }

    /// Lets the broker read accounts and rules again, and waits until it has.
    public func reload() async throws(HarnessError) {
        let before = reloads
        let deadline = ContinuousClock.now + .seconds(30)
        var tries = 0
        while reloads == before {
            guard .now < deadline else { throw HarnessError("mosquitto did not reload") }
            // mosquitto forgets a signal that comes while it works on the one before.
            if tries.isMultiple(of: 100) { send(SIGHUP) }
            tries += 1
            await pause(.milliseconds(5))
        }
    }

    /// Ends it in good order and waits for that.
    public func stop() async {
        send(SIGTERM)
        let deadline = ContinuousClock.now + .seconds(10)
        while process.withLock({ $0 })?.exitStatus() == nil, .now < deadline {
            await pause(.milliseconds(5))
        }
        killAtOnce()
    }

    /// Ends it by SIGKILL.
    public func killAtOnce() {
        send(SIGKILL)
        process.withLock { process in
            process?.waitForExit()
            process = nil
        }
    }

    /// Its process, while it runs.
    public var processID: Int32? { process.withLock { $0?.identifier } }

    /// How often it has read accounts and rules again.
    public var reloads: Int { count("Reloading config", in: log) }

    /// What it has written to its log.
    public var log: String { (try? readFile("\(folder)/broker.log")) ?? "" }

    private func send(_ signal: CInt) {
        process.withLock { process in
            if let process, process.exitStatus() == nil { kill(process.identifier, signal) }
        }
    }

    private static func configuration(
        from template: String,
        port: UInt16,
        transport: Transport,
        adding settings: [String]
    ) -> String {
        let forTLS = ["cafile", "certfile", "keyfile", "tls_version"]
        var lines: [Substring] = []
        for line in template.split(separator: "\n") where !line.hasPrefix("#") {
            let word = line.prefix { $0 != " " }
            if word == "listener" {
                lines.append("listener \(port) 127.0.0.1")
            } else if transport == .tls || !forTLS.contains(String(word)) {
                lines.append(line)
            }
        }
        // Says when it has read its files again.
        lines.append("log_type information")
        // mosquitto would become another user, who can't read a private folder.
        if geteuid() == 0 { lines.append("user root") }
        return (lines + settings.map { $0[...] }).joined(separator: "\n") + "\n"
    }
}

/// Where the repository is.
public enum Repository {
    /// The folder with `mosquitto.conf` in it, seen from this source file.
    public static var root: String {
        let parts = #filePath.split(separator: "/").dropLast(3)
        return "/" + parts.joined(separator: "/")
    }
}

private func count(_ word: String, in text: String) -> Int {
    text.split(separator: "\n").count { $0.contains(word) }
}
