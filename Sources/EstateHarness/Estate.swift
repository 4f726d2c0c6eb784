package import BrokerHarness
internal import Foundation
internal import GRDB
internal import Glibc
internal import Synchronization

/// A broker, a server and a fleet of lamps, each a real process, on loopback.
package final class Estate: Sendable {
    package let folder: TemporaryFolder
    package let broker: Broker
    /// Between the devices and the broker, if that was asked for; the server is at the broker itself.
    package let proxy: MisbehavingProxy?
    package let fleet: String
    private let server = Mutex<Program?>(nil)

    package var path: String { folder.path }
    /// A small disk that the server's folder is on, if that was asked for.
    package let disk: SmallDisk?
    package var data: String { "\(disk?.path ?? path)/data" }
    package var configuration: String { "\(data)/latchkeyd.toml" }
    package var database: String { "\(data)/latchkey.db" }
    package var rootKey: String { "\(data)-root.key" }
    package var serverLog: String { contents("\(path)/server.log") }
    package var running: Program? { server.withLock { $0 } }

    /// An account that may do all that a broker could: read and write everywhere.
    package static let mallory = Broker.Account("@mallory", password: "of-the-attacker")

    /// Makes the fleet and starts its broker; the server is started by `start`.
    ///
    /// With a proxy everything goes in the clear, so that messages can be told apart on their way.
    package init(
        fleet: String = "acme",
        isProxied: Bool = false,
        seed: UInt64 = 1,
        diskMegabytes: Int? = nil,
        beside neighbour: Estate? = nil
    ) async throws {
        self.fleet = fleet
        folder = try TemporaryFolder()
        if let diskMegabytes {
            disk = try await SmallDisk(over: "\(folder.path)/disk", megabytes: diskMegabytes)
        } else {
            disk = nil
        }
        if let neighbour {
            broker = neighbour.broker
        } else {
            try FileManager.default.createDirectory(
                atPath: "\(folder.path)/broker",
                withIntermediateDirectories: true
            )
            broker = try await Broker.start(
                in: "\(folder.path)/broker",
                transport: isProxied ? .plain : .tls,
                accounts: [Self.mallory]
            )
            let rules = "\(broker.folder)/mosquitto.acl"
            try write(contents(rules) + "\nuser @mallory\ntopic readwrite latchkey/#\n", to: rules)
        }
        proxy = isProxied ? try MisbehavingProxy(to: broker.port, seed: seed) : nil
        try await makeFleet(beside: neighbour)
    }

    deinit {
        server.withLock { $0 }?.stop(SIGKILL)
        proxy?.stop()
    }

    private func makeFleet(beside neighbour: Estate?) async throws {
        let authority = broker.authorityFile ?? "\(path)/no-authority.pem"
        if broker.authorityFile == nil {
            try write("-----BEGIN CERTIFICATE-----\n", to: authority)
        }
        var words = [
            "init", "--data", data, "--fleet", fleet, "--broker-ca", authority, "--broker",
            proxy.map { "127.0.0.1:\($0.port)" } ?? "localhost:\(broker.port)",
        ]
        if neighbour == nil {
            words += ["--broker-accounts", "\(broker.folder)/passwords"]
            words += ["--broker-pid", "\(broker.folder)/mosquitto.pid"]
        }
        let made = try await run("latchkeyd", words)
        guard made.code == 0 else { throw Trouble(made.text) }
        if broker.authorityFile == nil {
            // `init` makes no fleet without TLS; tests that look into messages need one.
            try await change("UPDATE fleet SET broker_authority = X''")
        }
        if proxy != nil {
            try configure { $0.replacing("[broker]\n", with: "[broker]\nport = \(broker.port)\n") }
        }
        if let neighbour {
            let own = try String(
                contentsOfFile: "\(neighbour.data)/broker-password",
                encoding: .utf8
            )
            try write(own, to: "\(data)/broker-password")
        }
        try await broker.reload()
    }

    /// Changes the configuration file.
    package func configure(_ change: (String) -> String) throws {
        try write(change(contents(configuration)), to: configuration)
    }

    /// Changes the database behind the server's back.
    package func change(_ statement: String) async throws {
        let queue = try DatabaseQueue(path: database)
        try await queue.write { db in try db.execute(sql: statement) }
        try queue.close()
    }

    /// One number of the database.
    package func number(_ query: String) async throws -> Int {
        var settings = GRDB.Configuration()
        settings.readonly = true
        let queue = try DatabaseQueue(path: database, configuration: settings)
        let number = try await queue.read { db in try Int.fetchOne(db, sql: query) }
        try queue.close()
        return number ?? 0
    }

    /// One value of the database that is bytes.
    package func bytes(_ query: String) async throws -> [UInt8] {
        var settings = GRDB.Configuration()
        settings.readonly = true
        let queue = try DatabaseQueue(path: database, configuration: settings)
        let value = try await queue.read { db in try Data.fetchOne(db, sql: query) }
        try queue.close()
        return Array(value ?? Data())
    }

    // MARK: The server

    /// Starts the server and waits until it answers and has its broker; one that `mayDie` need not.
    package func start(
        awaitingBroker: Bool = true,
        under wrapper: [String] = [],
        environment: [String: String] = [:],
        mayDie: Bool = false
    ) async throws {
        let program = try Program(
            "latchkeyd",
            ["run", "--config", configuration],
            in: path,
            log: "\(path)/server.log",
            environment: environment,
            under: (disk?.inside ?? []) + wrapper
        )
        server.withLock { $0 = program }
        try await eventually("the server answers: \(serverLog)", every: .milliseconds(10)) {
            if let code = program.code {
                if mayDie { return true }
                throw Trouble("server ended, \(code): \(serverLog)")
            }
            guard let status = try? await status() else { return false }
            return !awaitingBroker || status.broker == "connected"
        }
    }

    /// Ends the server by SIGKILL.
    package func killServer() {
        server.withLock { program in
            program?.stop(SIGKILL)
            program = nil
        }
    }

    /// Ends the server in good order; its exit code.
    package func stopServer() async throws -> Int32 {
        guard let program = running else { throw Trouble("no server runs") }
        program.send(SIGTERM)
        let code = try await program.end()
        server.withLock { $0 = nil }
        return code
    }

    // MARK: Commands

    /// Runs a program to its end.
    package func run(
        _ program: String,
        _ arguments: [String],
        within limit: Duration = .seconds(90),
        environment: [String: String] = [:],
        on disk: SmallDisk? = nil
    ) async throws -> Outcome {
        let child = try Program(
            program,
            arguments,
            in: path,
            environment: environment,
            under: (disk ?? self.disk)?.inside ?? []
        )
        let code = try await child.end(within: limit)
        let outcome = Outcome(
            code: code,
            output: contents(child.output),
            errors: contents(child.errors)
        )
        for file in [child.output, child.errors] {
            try? FileManager.default.removeItem(atPath: file)
        }
        return outcome
    }

    /// Runs `latchkey`.
    package func latchkey(_ arguments: String...) async throws -> Outcome {
        try await run("latchkey", arguments + ["--socket", "\(data)/admin.sock"])
    }

    /// Runs `latchkey`, which must succeed.
    @discardableResult
    package func admin(_ arguments: String...) async throws -> Outcome {
        let outcome = try await run("latchkey", arguments + ["--socket", "\(data)/admin.sock"])
        guard outcome.code == 0 else { throw Trouble("latchkey \(arguments): \(outcome.text)") }
        return outcome
    }

    /// A group of lamps with a key each, and a bundle for so many of them; the bundle's file.
    package func makeLamps(
        keys: [String] = ["seal"],
        grace: String = "1h",
        uses: Int = 5
    ) async throws -> String {
        try await admin("group", "create", "lamps")
        for key in keys {
            try await admin(
                "key-spec",
                "create",
                key,
                "--group",
                "lamps",
                "--algorithm",
                "aes-256",
                "--grace",
                grace
            )
        }
        return try await makeBundle(uses: uses)
    }

    /// A new bundle for the lamps.
    package func makeBundle(
        _ name: String = "lamps",
        group: String = "lamps",
        uses: Int = 5,
        expires: String = "1h"
    ) async throws -> String {
        let file = "\(path)/\(name).bundle"
        try await admin(
            "bundle",
            "create",
            "--group",
            group,
            "--uses",
            "\(uses)",
            "--expires",
            expires,
            "--output",
            file
        )
        return file
    }
}

/// Writes a file anew, for its owner alone.
package func write(_ text: String, to path: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    guard unsafe chmod(path, 0o600) == 0 else { throw Trouble("chmod \(path)") }
}
