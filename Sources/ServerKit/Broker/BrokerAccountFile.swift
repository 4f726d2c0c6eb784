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
        var pause = Duration.milliseconds(100)
        for await _ in registry.accountSignals().cancelOnGracefulShutdown() {
            // Many devices enrol at once: one reload serves them all, and a long file is written
            // less often, so that writing never takes more than a twentieth of the time.
            try? await Task.sleep(for: pause)
            do {
                let began = ContinuousClock.now
                try await write()
                pause = max(.milliseconds(100), began.duration(to: .now) * 20)
            } catch {
                logger.error(
                    "the broker's accounts could not be written; devices that enrol now wait",
                    metadata: ["path": "\(path)", "error": "\(error)"])
            }
        }
    }

    /// Writes the file and tells the broker.
    func write() async throws(RegistryError) {
        var lines =
            "@server:\(try BrokerAccountLine.hash(text: serverPassword.secret, crypto: crypto))\n"
        lines +=
            "@enrol:\(try BrokerAccountLine.hash(text: registry.enrolPassword.secret, crypto: crypto))\n"
        for line in foreignLines() { lines += "\(line)\n" }
        var last: DeviceID?
        repeat {
            let accounts = try await registry.brokerAccounts(after: last, limit: 1000)
            for account in accounts { lines += "\(account.device):\(account.passwordHash)\n" }
            last = accounts.last?.device
        } while last != nil
        try replace(Array(lines.utf8))
        tellBroker()
    }

    /// Accounts that an admin has added, such as one that watches the broker.
    private func foreignLines() -> [Substring] {
        guard let bytes = try? PlainFile.read(path, maximum: 256 << 20) else { return [] }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").filter { line in
            line.hasPrefix("@") && !line.hasPrefix("@server:") && !line.hasPrefix("@enrol:")
        }
    }

    private func replace(_ bytes: [UInt8]) throws(RegistryError) {
        let temporary = "\(path).new"
        // Readable by the broker's group, which the folder's owner sets; by nobody else.
        let file = unsafe open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o640)
        guard file >= 0 else { throw failure("open \(temporary)") }
        defer { close(file) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = unsafe rest.withUnsafeBytes { unsafe Glibc.write(file, $0.baseAddress, $0.count) }
            guard written > 0 else { throw failure("write \(temporary)") }
            rest = rest.dropFirst(written)
        }
        guard fsync(file) == 0 else { throw failure("fsync \(temporary)") }
        // The broker keeps owner and mode that the file had.
        var status = stat()
        if unsafe stat(path, &status) == 0 {
            _ = fchown(file, status.st_uid, status.st_gid)
            _ = fchmod(file, status.st_mode & 0o777)
        }
        guard unsafe rename(temporary, path) == 0 else { throw failure("rename to \(path)") }
    }

    private func tellBroker() {
        guard let processIDFile, let process = readProcessID(processIDFile) else { return }
        if kill(process, SIGHUP) != 0 {
            logger.warning(
                "the broker could not be told of new accounts",
                metadata: ["pid": "\(process)", "error": "\(systemErrorText())"])
        }
    }

    private func readProcessID(_ path: String) -> pid_t? {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 16)
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe read(file, $0.baseAddress, $0.count) }
        let digits = bytes.prefix(max(0, count)).prefix { (48...57).contains($0) }
        let process = pid_t(String(decoding: digits, as: UTF8.self))
        // 0 and negative numbers would signal whole process groups.
        return process.flatMap { $0 > 1 ? $0 : nil }
    }

    private func failure(_ what: String) -> RegistryError {
        RegistryError(.failed, "\(what): \(systemErrorText())")
    }
}

/// What `errno` says, in words.
func systemErrorText() -> String { unsafe String(cString: strerror(errno)) }
