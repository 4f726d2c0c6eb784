import BoringCrypto
import BrokerHarness
import Fleet
import Glibc
import KeyExchange
import Logging
import MQTTLink
import Registry
import Secrets
import Testing

@testable import ServerKit

@Suite struct BrokerAccountTests {
    private func secret(_ text: String) -> Secret {
        var bytes = Array(text.utf8)
        return Secret(taking: &bytes)
    }

    private func accounts(of scene: Scene, process: String? = nil) -> BrokerAccountFile {
        BrokerAccountFile(
            path: "\(scene.folder.path)/passwords",
            processIDFile: process.map { _ in "\(scene.folder.path)/pid" },
            registry: scene.registry,
            crypto: scene.crypto,
            serverPassword: KeyMaterial(secret("of-the-server")),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    private func lines(_ file: BrokerAccountFile) throws -> [Substring] {
        let bytes = try PlainFile.read(file.path, maximum: 1 << 20)
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    }

    private func names(_ file: BrokerAccountFile) throws -> [Substring] {
        try lines(file).map { $0.prefix { $0 != ":" } }
    }

    @Test func `a line is name, scheme, salt and digest`() throws {
        let crypto = BoringCrypto()
        let one = try BrokerAccountLine.hash(text: secret("password"), crypto: crypto)
        let parts = one.split(separator: "$", omittingEmptySubsequences: false)
        #expect(parts.map(\.count) == [0, 1, 16, 88])
        #expect(parts[1] == "6")
        let two = try BrokerAccountLine.hash(text: secret("password"), crypto: crypto)
        #expect(one != two)
    }

    @Test func `a broker lets in who has the password, and nobody else`() async throws {
        let folder = try TemporaryFolder()
        let broker = try await Broker.start(in: folder.path, transport: .plain)
        let material = KeyMaterial(try BoringCrypto().randomSecret(BrokerPassword.length))
        let derived = try BrokerAccountLine.hash(material, BoringCrypto())
        let given = try BrokerAccountLine.hash(text: secret("of-lamp-2"), crypto: BoringCrypto())
        try broker.setPasswordLines(["lamp-1:\(derived)", "lamp-2:\(given)"])
        try await broker.reload()
        #expect(await isLetIn("lamp-1", BrokerPassword.text(material), broker))
        #expect(await isLetIn("lamp-2", secret("of-lamp-2"), broker))
        #expect(await !isLetIn("lamp-2", BrokerPassword.text(material), broker))
        #expect(await !isLetIn("lamp-1", secret("of-lamp-2"), broker))
        #expect(await !isLetIn("lamp-3", secret("of-lamp-2"), broker))
        await broker.stop()
    }

    private func isLetIn(
        _ name: String,
        _ password: consuming Secret,
        _ broker: Broker
    ) async -> Bool {
        var settings = MQTTConfiguration(
            host: "127.0.0.1",
            port: broker.port,
            clientID: "\(name)-\(UInt32.random(in: 0 ... .max))",
            authorityFile: nil
        )
        settings.username = name
        settings.password = MQTTPassword(password)
        do {
            let connection = try MQTTConnection(settings)
            try connection.start()
            do {
                try await connection.waitUntilConnected(within: .seconds(30))
                await connection.close()
                return true
            } catch {
                await connection.close()
                return false
            }
        } catch {
            return false
        }
    }

    @Test func `the file holds the server, who enrols and every device`() async throws {
        let scene = try await Scene()
        let token = try await scene.token()
        for name in ["lamp-1", "lamp-2"] {
            try await Lamp(name, at: scene, token: token).enrol()
        }
        let file = accounts(of: scene)
        try await file.write()
        #expect(try names(file) == ["@server", "@enrol", "lamp-1", "lamp-2"])
        let stored = try await scene.registry.brokerAccounts()
        #expect(try lines(file)[2] == "lamp-1:\(stored[0].passwordHash)")
        #expect(unsafe access("\(file.path).new", F_OK) != 0)
    }

    @Test(arguments: ["\n", "\r\n"])
    func `accounts that an admin has added are kept, and stale ones go`(end: String) async throws {
        let scene = try await Scene()
        let file = accounts(of: scene)
        let before = [
            "@server:$6$old$old", "@watch:$7$101$salt$digest", "gone:$6$a$b", "@enrol:x", "",
            "# a remark", "@meter:$6$c$d",
        ]
        try PlainFile.create(file.path, Array(before.joined(separator: end).utf8))
        try await file.write()
        #expect(try names(file) == ["@server", "@enrol", "@watch", "@meter"])
        #expect(try lines(file)[0] != "@server:$6$old$old")
        try await file.write()
        #expect(try names(file) == ["@server", "@enrol", "@watch", "@meter"])
    }

    @Test func `a file that cannot be read is not written over`() async throws {
        let scene = try await Scene()
        let file = accounts(of: scene)
        try #require(unsafe mkdir(file.path, 0o700) == 0)
        await #expect(throws: RegistryError.self) { try await file.write() }
        try #require(unsafe rmdir(file.path) == 0)
        let long = "@watch:" + String(repeating: "x", count: 2000)
        try PlainFile.create(file.path, Array(long.utf8))
        await #expect(throws: RegistryError.self) { try await file.write() }
        #expect(try lines(file) == [long[...]])
    }

    @Test func `a folder that cannot be written leaves the old file whole`() async throws {
        let scene = try await Scene()
        let file = accounts(of: scene)
        try await file.write()
        let before = try lines(file)
        // Something that cannot be removed stands where the new file is written.
        try #require(unsafe mkdir("\(file.path).new", 0o700) == 0)
        await #expect(throws: RegistryError.self) { try await file.write() }
        #expect(try lines(file) == before)
    }

    @Test func `a link left in the new file's place leads nowhere`() async throws {
        let scene = try await Scene()
        let file = accounts(of: scene)
        let victim = "\(scene.folder.path)/victim"
        try PlainFile.create(victim, [1, 2, 3])
        try #require(unsafe symlink(victim, "\(file.path).new") == 0)
        try await file.write()
        #expect(try PlainFile.read(victim, maximum: 16) == [1, 2, 3])
        #expect(try names(file) == ["@server", "@enrol"])
    }

    @Test(arguments: [0o600, 0o640, 0o644] as [mode_t])
    func `the file keeps its mode`(mode: mode_t) async throws {
        let scene = try await Scene()
        let file = accounts(of: scene)
        try PlainFile.create(file.path, [])
        try #require(unsafe chmod(file.path, mode) == 0)
        try await file.write()
        var status = stat()
        try #require(unsafe stat(file.path, &status) == 0)
        #expect(status.st_mode & 0o777 == mode)
    }

    @Test func `a new file is for its owner and group`() async throws {
        let scene = try await Scene()
        let file = accounts(of: scene)
        try await file.write()
        var status = stat()
        try #require(unsafe stat(file.path, &status) == 0)
        #expect(status.st_mode & 0o037 == 0)
    }

    @Test(arguments: ["12345", "12345\n", "2", "2147483647"])
    func `a process is a number on a line`(text: String) {
        #expect(BrokerProcess.number(in: Array(text.utf8)) == pid_t(text.prefix { $0 != "\n" }))
    }

    @Test(arguments: [
        "", "\n", "0", "0\n", "1", "-1", "-5", "+5", " 5", "5 6", "5x", "0x10", "mosquitto", "5\n6",
        "2147483648", "99999999999999", "\u{0}", "٥",
    ])
    func `anything else is no process, and nobody is signalled`(text: String) {
        #expect(BrokerProcess.number(in: Array(text.utf8)) == nil)
    }

    @Test func `a process that is no broker is left alone`() throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/pid"
        #expect(BrokerProcess.read(path) == nil)
        // SIGHUP would end this one.
        try PlainFile.create(path, Array("\(getpid())\n".utf8))
        #expect(BrokerProcess.read(path) == nil)
        #expect(BrokerProcess.read(folder.path) == nil)
    }

    @Test func `a broker hears of a new account`() async throws {
        let scene = try await Scene()
        let broker = try await Broker.start(in: scene.folder.path, transport: .plain)
        let file = BrokerAccountFile(
            path: "\(broker.folder)/passwords",
            processIDFile: "\(broker.folder)/mosquitto.pid",
            registry: scene.registry,
            crypto: scene.crypto,
            serverPassword: KeyMaterial(secret("of-the-server")),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        #expect(await !isLetIn("@server", secret("of-the-server"), broker))
        try await file.write()
        #expect(await becomes { await isLetIn("@server", secret("of-the-server"), broker) })
        #expect(BrokerProcess.read("\(broker.folder)/mosquitto.pid") == broker.processID)
        // It may have been busy with another change, and have forgotten this one.
        let before = broker.reloads
        let service = Task { try await file.run() }
        #expect(await becomes { broker.reloads >= before + 2 })
        service.cancel()
        await broker.stop()
    }
}
