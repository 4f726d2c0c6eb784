internal import ArgumentParser
internal import KeyExchange
internal import Logging
internal import ServerKit

/// Makes a fleet.
struct Init: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make a fleet: its store, its identity, its root key and a configuration file.",
        discussion: """
            The root key opens the store. It is written outside of the data folder, so that a copy of \
            the folder is of no use by itself. Back both up, and keep them apart.

            Example:
              latchkeyd init --data /var/lib/latchkey/data --fleet acme \\
                --broker mqtt.example.org:8883 --broker-ca broker/tls/ca.crt \\
                --broker-accounts broker/passwords --broker-pid broker/mosquitto.pid

            \(exitCodes)
            """
    )

    @Option(help: "The folder of the store; it must not hold a fleet yet.")
    var data: String

    @Option(help: "The fleet's name: 1 to 64 of a-z, 0-9 and '-'. It can't be changed later.")
    var fleet: String

    @Option(help: "The broker as devices reach it, HOST or HOST:PORT.")
    var broker: String = "localhost:8883"

    @Option(help: "The certificate (PEM) of the authority behind the broker's certificate.")
    var brokerCa: String

    @Option(help: "mosquitto's password_file, for the server to write each device's account into.")
    var brokerAccounts: String?

    @Option(help: "mosquitto's pid_file, for the server to tell it of new accounts (SIGHUP).")
    var brokerPid: String?

    @Option(help: "Where to write the root key (default: DATA-root.key, beside the data folder).")
    var rootKey: String?

    @Option(help: "Use the passphrase in the first line of this file (mode 0600), not a root key.")
    var rootPassphraseFile: String?

    func validate() throws {
        guard rootKey == nil || rootPassphraseFile == nil else {
            throw ValidationError("give --root-key or --root-passphrase-file, not both")
        }
        try checkGiven(data, "--data")
        try checkGiven(brokerCa, "--broker-ca")
        try checkGiven(brokerAccounts, "--broker-accounts")
        try checkGiven(brokerPid, "--broker-pid")
        try checkGiven(rootKey, "--root-key")
        try checkGiven(rootPassphraseFile, "--root-passphrase-file")
        _ = try endpoint()
        _ = try name()
    }

    func run() async throws {
        let (host, port) = try endpoint()
        let name = try name()
        var creation = FleetCreation(
            dataFolder: absolute(data),
            fleet: name,
            brokerHost: host,
            brokerPort: port,
            brokerAuthorityFile: absolute(brokerCa)
        )
        creation.brokerAccountsFile = brokerAccounts.map(absolute)
        creation.brokerProcessIDFile = brokerPid.map(absolute)
        creation.rootKeyFile = rootKey.map(absolute)
        creation.rootPassphraseFile = rootPassphraseFile.map(absolute)
        closeNewFiles()
        // The broker is not there yet: that it can't be told of accounts is no news.
        LoggingSystem.bootstrap { _ in SwiftLogNoOpLogHandler() }
        let path = try await reportingFaults { try await creation.perform() }
        print("fleet \(name) is made; its settings are in \(path)")
        if rootPassphraseFile == nil {
            let key =
                creation.rootKeyFile
                ?? ServerConfiguration.rootKeyFile(beside: creation.dataFolder)
            print("the root key is in \(key): back it up, apart from the data folder")
        }
        print("next: start the broker, then  latchkeyd run --config \(path)")
    }

    private func name() throws -> FleetID {
        do {
            return try FleetID(parsing: fleet)
        } catch {
            throw ValidationError("--fleet: \(error)")
        }
    }

    private func endpoint() throws -> (String, UInt16) {
        let parts = broker.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count <= 2, let host = parts.first, !host.isEmpty else {
            throw ValidationError("--broker: want HOST or HOST:PORT, have \"\(broker)\"")
        }
        guard parts.count == 2 else { return (String(host), 8883) }
        guard let port = UInt16(parts[1]), port > 0 else {
            throw ValidationError("--broker: want a port from 1 to 65535, have \"\(parts[1])\"")
        }
        return (String(host), port)
    }
}
