internal import EDHOC
internal import KeyExchange
internal import Registry
public import Logging

/// Every setting of the server, checked.
public struct ServerConfiguration: Sendable {
    /// The folder of the registry.
    public var dataFolder: String
    /// The file of the root key.
    public var rootKeyFile: String
    /// A file whose first line is the root passphrase; instead of the root key's file.
    public var rootPassphraseFile: String?

    /// Where the server reaches the broker; the registry's own settings where nil.
    public var brokerHost: String?
    /// The broker's port; the registry's where nil.
    public var brokerPort: UInt16?
    /// The file of the server's own password at the broker, account `@server`.
    public var brokerPasswordFile: String
    /// mosquitto's `password_file`, which the server writes; nil when somebody else does.
    public var brokerAccountsFile: String?
    /// mosquitto's `pid_file`, to tell it of new accounts.
    public var brokerProcessIDFile: String?

    /// Where the admin API listens.
    public var adminSocket: String
    /// Accounts that may administer, besides root and the server's own.
    public var adminUIDs: [UInt32]
    /// Groups whose members may administer.
    public var adminGIDs: [UInt32]

    /// Cipher suites that devices may choose, the most preferred first.
    public var suites: [Int]
    /// The bounds of sessions.
    public var limits: SessionLimits
    /// What is logged.
    public var logLevel: Logger.Level

    /// The default of every setting, for a data folder.
    public init(dataFolder: String) {
        self.dataFolder = dataFolder
        rootKeyFile = Self.rootKeyFile(beside: dataFolder)
        brokerPasswordFile = "\(dataFolder)/broker-password"
        adminSocket = "\(dataFolder)/admin.sock"
        adminUIDs = []
        adminGIDs = []
        suites = Profile.suites.map(\.rawValue)
        limits = SessionLimits()
        logLevel = .info
    }

    /// Outside of the data folder, so that a copy of the folder is of no use by itself.
    public static func rootKeyFile(beside folder: String) -> String {
        var path = folder[...]
        while path.count > 1, path.last == "/" { path = path.dropLast() }
        return "\(path)-root.key"
    }

    /// Reads and checks a TOML text; relative paths count from `base`.
    public init(toml text: String, base: String) throws(ConfigurationError) {
        var reader = try SettingsReader(text)
        func path(_ value: String?) -> String? {
            value.map { $0.hasPrefix("/") ? $0 : "\(base)/\($0)" }
        }
        let data = path(reader.string("store", "data_folder"))
        self.init(dataFolder: data ?? base)
        let rootKey = path(reader.string("store", "root_key_file"))
        if let rootKey { rootKeyFile = rootKey }
        rootPassphraseFile = path(reader.string("store", "root_passphrase_file"))
        if rootKey != nil, rootPassphraseFile != nil {
            reader.add(fault: "store: want root_key_file or root_passphrase_file, have both")
        }

        brokerHost = reader.string("broker", "host")
        brokerPort = reader.integer("broker", "port", in: 1...65_535).map { UInt16($0) }
        if let value = path(reader.string("broker", "own_password_file")) {
            brokerPasswordFile = value
        }
        brokerAccountsFile = path(reader.string("broker", "accounts_file"))
        brokerProcessIDFile = path(reader.string("broker", "pid_file"))

        if let value = path(reader.string("admin", "socket")) { adminSocket = value }
        let identifiers = 0...Int(UInt32.max - 1)
        adminUIDs = (reader.integers("admin", "uids", in: identifiers) ?? []).map { UInt32($0) }
        adminGIDs = (reader.integers("admin", "gids", in: identifiers) ?? []).map { UInt32($0) }
        readLimits(&reader)
        try reader.finish()
    }

    /// The suites on the curve of the fleet's identity; with any other no handshake would succeed.
    private static let allowedSuites = CipherSuite.all.filter { $0.curve == .p256 }
        .map(\.id.rawValue)

    private mutating func readLimits(_ reader: inout SettingsReader) {
        if let value = reader.integers("protocol", "suites", in: 0...255) { suites = value }
        for suite in suites where !Self.allowedSuites.contains(suite) {
            reader.add(
                fault: "protocol.suites: suite \(suite) can't serve; there are "
                    + Self.allowedSuites.map(\.description).joined(separator: ", ")
            )
        }
        if Set(suites).count < suites.count {
            reader.add(fault: "protocol.suites: a suite is named twice")
        }
        if suites.isEmpty { reader.add(fault: "protocol.suites: want at least one") }
        if let value = reader.integer("limits", "sessions", in: 1...1_000_000) {
            limits.sessions = value
        }
        if let value = reader.integer("limits", "session_seconds", in: 2...3600) {
            limits.sessionSeconds = value
        }
        if let value = reader.integer("limits", "starts_per_second", in: 1...1_000_000) {
            limits.startsPerSecond = Double(value)
        }
        if let value = reader.integer("limits", "starts_burst", in: 1...1_000_000) {
            limits.startsBurst = Double(value)
        }
        if let value = reader.string("log", "level") {
            guard let level = Logger.Level(rawValue: value) else {
                let levels = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
                reader.add(fault: "log.level: want one of \(levels), have \"\(value)\"")
                return
            }
            logLevel = level
        }
        if adminSocket.utf8.count > 107 {
            reader.add(fault: "admin.socket: a socket's path has at most 107 bytes")
        }
    }
}

extension ServerConfiguration {
    /// Reads and checks a configuration file; relative paths in it count from its folder.
    public init(file path: String) throws(ConfigurationError) {
        let bytes = try PlainFile.read(path, maximum: 65_536)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ConfigurationError(["\(path): not UTF-8"])
        }
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        do {
            try self.init(toml: text, base: folder.isEmpty ? "/" : folder)
        } catch {
            throw ConfigurationError(error.faults.map { "\(path): \($0)" })
        }
    }

    /// Where the root key comes from.
    func rootKey() throws(ConfigurationError) -> RootKeySource {
        guard let rootPassphraseFile else { return .file(rootKeyFile) }
        return .passphrase(KeyMaterial(try SecretFile.read(rootPassphraseFile, maximum: 1024)))
    }
}
