import BoringCrypto
import BrokerHarness
import Glibc
import KeyExchange
import Registry
import Testing

@testable import ServerKit

@Suite struct FleetCreationTests {
    private let folder: TemporaryFolder
    private static let certificate =
        "-----BEGIN CERTIFICATE-----\nMII=\n-----END CERTIFICATE-----\n"

    init() throws {
        folder = try TemporaryFolder()
        try PlainFile.create("\(folder.path)/ca.crt", Array(Self.certificate.utf8))
    }

    private func creation(
        _ name: String = "data",
        host: String = "mqtt.example.org"
    ) throws
        -> FleetCreation
    {
        FleetCreation(
            dataFolder: "\(folder.path)/\(name)",
            fleet: try FleetID(parsing: "house"),
            brokerHost: host,
            brokerPort: 8883,
            brokerAuthorityFile: "\(folder.path)/ca.crt"
        )
    }

    private func mode(_ path: String) throws -> mode_t {
        var status = stat()
        try #require(unsafe stat(path, &status) == 0)
        return status.st_mode & 0o777
    }

    @Test func `a new fleet has all it needs, and a configuration that opens it`() async throws {
        var creation = try creation()
        creation.brokerAccountsFile = "\(folder.path)/passwords"
        creation.brokerProcessIDFile = "\(folder.path)/pid"
        let path = try await creation.perform()
        let settings = try ServerConfiguration(file: path)
        #expect(settings.dataFolder == creation.dataFolder)
        #expect(settings.brokerAccountsFile == creation.brokerAccountsFile)
        #expect(settings.brokerProcessIDFile == creation.brokerProcessIDFile)
        #expect(settings.suites == [3, 2])
        #expect(try mode(settings.rootKeyFile) == 0o600)
        #expect(try mode(settings.brokerPasswordFile) == 0o600)
        let registry = try Registry.open(
            folder: settings.dataFolder,
            rootKey: settings.rootKey(),
            crypto: BoringCrypto()
        )
        #expect(registry.fleet == creation.fleet)
        #expect(registry.broker.host == "mqtt.example.org")
        #expect(registry.broker.authority == Array(Self.certificate.utf8))
        await registry.close()
        let accounts = try PlainFile.read("\(folder.path)/passwords", maximum: 4096)
        let lines = String(decoding: accounts, as: UTF8.self).split(separator: "\n")
        #expect(lines.map { $0.prefix { $0 != "$" } } == ["@server:", "@enrol:"])
        #expect(
            try PlainFile.read("\(creation.dataFolder)/broker-authority.pem", maximum: 4096)
                == Array(Self.certificate.utf8)
        )
    }

    @Test func `a passphrase may take the root key's place`() async throws {
        var creation = try creation()
        let phrase = "\(folder.path)/phrase"
        try PlainFile.create(phrase, Array("correct horse battery staple\n".utf8))
        try #require(unsafe chmod(phrase, 0o600) == 0)
        creation.rootPassphraseFile = phrase
        let settings = try ServerConfiguration(file: try await creation.perform())
        #expect(settings.rootPassphraseFile == phrase)
        #expect(unsafe access(settings.rootKeyFile, F_OK) != 0)
    }

    @Test func `an odd folder's name comes through the configuration unchanged`() async throws {
        let creation = try creation("o\"dd\\ \t#ü\nname")
        let settings = try ServerConfiguration(file: try await creation.perform())
        #expect(settings.dataFolder == creation.dataFolder)
    }

    @Test(arguments: [
        "", " ", "a b", "host\n", "h\u{e4}user", "host\u{7f}", String(repeating: "h", count: 254),
    ])
    func `a bad broker's name is refused before anything is made`(host: String) async throws {
        let creation = try creation(host: host)
        await #expect(throws: ConfigurationError.self) { try await creation.perform() }
        #expect(unsafe access(creation.dataFolder, F_OK) != 0)
    }

    @Test(arguments: [
        "", "certificate", "-----BEGIN PRIVATE KEY-----\n",
        certificate + "-----BEGIN PRIVATE KEY-----\nMII=\n-----END PRIVATE KEY-----\n",
        certificate + "-----BEGIN EC PRIVATE KEY-----\n",
        String(repeating: "-", count: 16_385) + certificate,
    ])
    func `an authority that is no certificate alone is refused before anything is made`(
        text: String
    ) async throws {
        var creation = try creation()
        creation.brokerAuthorityFile = "\(folder.path)/bad.crt"
        try PlainFile.create(creation.brokerAuthorityFile, Array(text.utf8))
        let made = creation
        await #expect(throws: ConfigurationError.self) { try await made.perform() }
        #expect(unsafe access(creation.dataFolder, F_OK) != 0)
    }

    @Test func `a folder that holds a fleet is left as it is`() async throws {
        let creation = try creation()
        let path = try await creation.perform()
        let before = try PlainFile.read(path, maximum: 65_536)
        let password = try PlainFile.read("\(creation.dataFolder)/broker-password", maximum: 256)
        await #expect(throws: RegistryError.self) { try await creation.perform() }
        #expect(try PlainFile.read(path, maximum: 65_536) == before)
        #expect(
            try PlainFile.read("\(creation.dataFolder)/broker-password", maximum: 256) == password
        )
    }

    @Test func `accounts that cannot be written now leave a fleet that can be run`() async throws {
        var creation = try creation()
        creation.brokerAccountsFile = "\(folder.path)/none/passwords"
        let made = creation
        await #expect(throws: ConfigurationError.self) { try await made.perform() }
        let settings = try ServerConfiguration(file: "\(creation.dataFolder)/latchkeyd.toml")
        #expect(settings.brokerAccountsFile == creation.brokerAccountsFile)
    }
}
