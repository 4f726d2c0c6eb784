internal import EDHOC
internal import Glibc
internal import KeyExchange
internal import Logging
internal import Registry
internal import Secrets
internal import ServiceLifecycle

/// Keeps the broker's password file in step with the registry.
///
/// The registry is the truth; the file is written anew, whole and atomically, after changes have settled
/// for a moment, and the broker is told by SIGHUP. So a crash between the two costs nothing: the next
/// start writes the file again. Accounts of others whose names begin with `@` are kept as they are.
struct BrokerAccountFile: Service {
    /// mosquitto's `password_file`.
    let path: String
    /// mosquitto's `pid_file`; nil when somebody else tells the broker.
    let processIDFile: String?
    let registry: Registry
    let crypto: any EDHOC.Crypto
    /// The server's own account, `@server`.
    let serverPassword: KeyMaterial
    let logger: Logger

    /// Writes the file whenever an account has changed, until the server ends.
    func run() async throws {
        await cancelWhenGracefulShutdown {
            var pause = Duration.milliseconds(100)
            var reminder: Task<Void, Never>?
            defer { reminder?.cancel() }
            for await _ in registry.accountSignals() {
                // Many devices enrol at once: one reload serves them all, and a long file is written
                // less often, so that writing never takes more than a twentieth of the time.
                try? await Task.sleep(for: pause)
                var began = ContinuousClock.now
                // No signal tells of a change that was there before, so a failure is mended here.
                while !Task.isCancelled, await !isWritten() {
                    try? await Task.sleep(for: Self.retryPause)
                    began = .now
                }
                pause = min(max(.milliseconds(100), began.duration(to: .now) * 20), .seconds(60))
                reminder?.cancel()
                reminder = remindBroker(after: max(.seconds(1), pause))
            }
        }
    }

    private static let retryPause = Duration.seconds(2)

    private func isWritten() async -> Bool {
        do throws(RegistryError) {
            try await write()
            return true
        } catch {
            logger.error(
                "the broker's accounts could not be written; devices that enrol now wait",
                metadata: ["path": "\(path)", "error": "\(error)"]
            )
            return false
        }
    }

    /// Writes the file and tells the broker.
    func write() async throws(RegistryError) {
        let foreign = try foreignLines()
        let own = try BrokerAccountLine.hash(text: serverPassword.secret, crypto: crypto)
        let enrol = try BrokerAccountLine.hash(text: registry.enrolPassword.secret, crypto: crypto)
        var file = try ReplacementFile(of: path)
        try file.write("@server:\(own)\n@enrol:\(enrol)\n" + foreign.map { "\($0)\n" }.joined())
        var last: DeviceID?
        repeat {
            let accounts = try await registry.brokerAccounts(after: last, limit: 1000)
            let lines = accounts.map { "\($0.device):\($0.passwordHash)\n" }
            try file.write(lines.joined())
            last = accounts.last?.device
        } while last != nil
        try await file.replace()
        tellBroker()
    }

    /// Accounts that an admin has added, such as one that watches the broker.
    private func foreignLines() throws(RegistryError) -> [String] {
        var foreign: [String] = []
        do throws(ConfigurationError) {
            try PlainFile.readLines(path, maximum: 1024) { line in
                let isCR = line.last == UInt8(ascii: "\r")
                let text = String(decoding: isCR ? line.dropLast() : line[...], as: UTF8.self)
                guard line.first == UInt8(ascii: "@"), !text.hasPrefix("@server:"),
                    !text.hasPrefix("@enrol:")
                else { return }
                foreign.append(text)
            }
        } catch {
            // Those accounts would be lost if a file that is there were written without them.
            guard unsafe access(path, F_OK) != 0, errno == ENOENT else {
                throw RegistryError(.failed, error.description)
            }
        }
        return foreign
    }

    /// Tells the broker once more of the last change.
    ///
    /// mosquitto forgets a signal that comes while it still works on the one before, and then a device
    /// would wait for an account that is long in the file.
    private func remindBroker(after pause: Duration) -> Task<Void, Never> {
        Task {
            guard (try? await Task.sleep(for: pause)) != nil else { return }
            tellBroker()
        }
    }

    private func tellBroker() {
        // A broker that does not run reads the accounts when it starts.
        guard let processIDFile, unsafe access(processIDFile, F_OK) == 0 else { return }
        guard let process = BrokerProcess.read(processIDFile) else {
            logger.warning(
                "the broker is not told of new accounts: no mosquitto runs under its pid_file",
                metadata: ["path": "\(processIDFile)"]
            )
            return
        }
        if kill(process, SIGHUP) != 0 {
            logger.warning(
                "the broker could not be told of new accounts",
                metadata: ["pid": "\(process)", "error": "\(systemErrorText())"]
            )
        }
    }
}

/// What `errno` says, in words.
func systemErrorText() -> String { unsafe String(cString: strerror(errno)) }
