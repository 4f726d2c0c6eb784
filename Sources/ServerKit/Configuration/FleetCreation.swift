internal import BoringCrypto
internal import EDHOC
internal import Glibc
public import KeyExchange
internal import Logging
internal import Registry
internal import Secrets

/// Makes a fleet: its registry, root key, passwords and a configuration file to start from.
public struct FleetCreation: Sendable {
    /// The new folder.
    public var dataFolder: String
    /// The trust domain's name, for good.
    public var fleet: FleetID
    /// The broker's name as devices reach it.
    public var brokerHost: String
    /// The broker's port.
    public var brokerPort: UInt16
    /// The file of the authority that signed the broker's certificate.
    public var brokerAuthorityFile: String
    /// mosquitto's `password_file`, if the server shall write it.
    public var brokerAccountsFile: String?
    /// mosquitto's `pid_file`.
    public var brokerProcessIDFile: String?
    /// The root key's file; beside the data folder where nil.
    public var rootKeyFile: String?
    /// A file with a passphrase, instead of a root key.
    public var rootPassphraseFile: String?

    /// States what has no default.
    public init(
        dataFolder: String,
        fleet: FleetID,
        brokerHost: String,
        brokerPort: UInt16,
        brokerAuthorityFile: String
    ) {
        self.dataFolder = dataFolder
        self.fleet = fleet
        self.brokerHost = brokerHost
        self.brokerPort = brokerPort
        self.brokerAuthorityFile = brokerAuthorityFile
    }

    /// Makes everything; returns the path of the configuration file.
    public func perform() async throws -> String {
        guard !brokerHost.isEmpty, brokerHost.utf8.count <= 253,
            brokerHost.utf8.allSatisfy({ $0 > 32 && $0 < 127 })
        else { throw ConfigurationError(["broker host: want a name or an address"]) }
        let authority = try readAuthority()
        var configuration = ServerConfiguration(dataFolder: dataFolder)
        if let rootKeyFile { configuration.rootKeyFile = rootKeyFile }
        configuration.rootPassphraseFile = rootPassphraseFile
        let crypto = BoringCrypto()
        let registry = try Registry.create(
            folder: dataFolder,
            fleet: fleet,
            broker: BrokerSettings(host: brokerHost, port: brokerPort, authority: authority),
            rootKey: try configuration.rootKey(),
            crypto: crypto,
            actor: actor(),
            now: wallClock()
        )
        do {
            let password = BrokerPassword.text(
                KeyMaterial(try crypto.randomSecret(BrokerPassword.length))
            )
            try SecretFile.create(configuration.brokerPasswordFile, password)
            try PlainFile.create("\(dataFolder)/broker-authority.pem", authority)
            let path = "\(dataFolder)/latchkeyd.toml"
            try PlainFile.create(path, Array(template(configuration).utf8))
            // Last: what fails here is mended by the server later.
            if let brokerAccountsFile {
                do {
                    try await BrokerAccountFile(
                        path: brokerAccountsFile,
                        processIDFile: brokerProcessIDFile,
                        registry: registry,
                        crypto: crypto,
                        serverPassword: KeyMaterial(password),
                        logger: Logger(label: "init")
                    ).write()
                } catch {
                    throw ConfigurationError([
                        "\(error)",
                        "the fleet is made, its settings are in \(path); the broker's accounts are "
                            + "not: `latchkeyd run` writes them once it can",
                    ])
                }
            }
            await registry.close()
            return path
        } catch {
            await registry.close()
            throw error
        }
    }

    private func actor() -> String {
        guard let entry = unsafe getpwuid(getuid()) else { return "uid:\(getuid())" }
        return unsafe "uid:\(String(cString: entry.pointee.pw_name))"
    }

    private func readAuthority() throws(ConfigurationError) -> [UInt8] {
        let bytes = try PlainFile.read(brokerAuthorityFile, maximum: 16_384)
        let text = String(decoding: bytes, as: UTF8.self)
        guard text.contains("-----BEGIN CERTIFICATE-----") else {
            throw ConfigurationError([
                "\(brokerAuthorityFile): want a certificate in PEM, have something else"
            ])
        }
        // The file goes into every bundle.
        guard !text.contains("PRIVATE KEY-----") else {
            throw ConfigurationError([
                "\(brokerAuthorityFile): want a certificate alone, have a private key beside it"
            ])
        }
        return bytes
    }

    private func template(_ configuration: ServerConfiguration) -> String {
        let rootKey =
            rootPassphraseFile.map { "root_passphrase_file = \(quoted($0))" }
            ?? "root_key_file = \(quoted(configuration.rootKeyFile))"
        let accounts =
            brokerAccountsFile.map { "accounts_file = \(quoted($0))" }
            ?? "# accounts_file = \"/etc/mosquitto/latchkey/passwords\""
        let process =
            brokerProcessIDFile.map { "pid_file = \(quoted($0))" }
            ?? "# pid_file = \"/run/mosquitto/mosquitto.pid\""
        return """
            # Settings of latchkeyd for the fleet "\(fleet)". What is commented out shows its default.
            # `latchkeyd check-config` reads this file and says what is wrong with it.

            [store]
            data_folder = \(quoted(dataFolder))
            \(rootKey)

            [broker]
            # Where the server reaches the broker, if not where devices do.
            # host = "\(brokerHost)"
            # port = \(brokerPort)
            own_password_file = \(quoted(configuration.brokerPasswordFile))
            # mosquitto's password_file and pid_file: the server writes the one and signals by the other.
            \(accounts)
            \(process)

            [admin]
            socket = \(quoted(configuration.adminSocket))
            # Who may administer besides root and the server's own account.
            # uids = []
            # gids = []

            [protocol]
            # Cipher suites that devices may choose, the preferred one first.
            # suites = [3, 2]

            [limits]
            # sessions = \(configuration.limits.sessions)
            # session_seconds = \(configuration.limits.sessionSeconds)
            # starts_per_second = \(Int(configuration.limits.startsPerSecond))
            # starts_burst = \(Int(configuration.limits.startsBurst))

            [log]
            # level = "info"

            """
    }

    /// A TOML basic string.
    private func quoted(_ text: String) -> String {
        let escaped = text.unicodeScalars.map { scalar in
            switch scalar {
            case "\\": "\\\\"
            case "\"": "\\\""
            case _ where scalar.value < 32 || scalar.value == 127:
                // Written with 256 in front for the sake of the zeros.
                "\\u00" + String(scalar.value + 256, radix: 16).dropFirst()
            default: String(scalar)
            }
        }
        return "\"\(escaped.joined())\""
    }
}
