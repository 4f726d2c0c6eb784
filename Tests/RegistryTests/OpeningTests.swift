import EDHOC
import Fleet
import Foundation
import Glibc
import KeyExchange
import Secrets
import Testing

@testable import Registry

@Suite struct OpeningTests {
    private let home: Home

    init() throws { home = try Home() }

    private func code(_ body: () throws -> Void) -> RegistryError.Code? {
        do {
            try body()
            return nil
        } catch {
            return (error as? RegistryError)?.code
        }
    }

    private func passphrase(_ text: String) -> RootKeySource {
        var bytes = Array(text.utf8)
        return .passphrase(KeyMaterial(Secret(taking: &bytes)))
    }

    @Test func `a fleet is the same when it is opened again`() async throws {
        let registry = try await home.lights()
        var lamp = try FakeDevice("lamp-1")
        _ = try await lamp.enrol(with: registry.bundle(), at: registry)
        let before = try await registry.status(now: Home.now)
        await registry.close()
        let again = try home.open()
        #expect(again.fleet.description == "house")
        #expect(again.serverCredential == registry.serverCredential)
        #expect(again.serverKey.publicKey == registry.serverKey.publicKey)
        #expect(again.serverCredential.id.kid?.count == 8)
        #expect(again.broker == registry.broker)
        #expect(again.enrolPassword.secret.isEqual(to: registry.enrolPassword.secret) == true)
        let after = try await again.status(now: Home.now)
        #expect(after.audit == before.audit && after.devices == before.devices)
        #expect(try await lamp.talk(to: again).settle?.verdicts == [])
        #expect(try await again.auditVerify().fault == nil)
    }

    @Test func `a folder without a fleet, or with one already, is refused`() throws {
        #expect(code { _ = try home.open() } == .missing)
        try FileManager.default.createDirectory(
            atPath: home.data,
            withIntermediateDirectories: true
        )
        #expect(code { _ = try home.open() } == .missing)
        do { _ = try home.create() }
        #expect(code { _ = try home.create() } == .exists)
        try FileManager.default.removeItem(atPath: home.keyFile)
        #expect(code { _ = try home.create() } == .exists)
        #expect(!FileManager.default.fileExists(atPath: home.keyFile))
    }

    @Test func `a second server on the folder is refused, and told who has it`() async throws {
        let first = try home.create()
        do {
            _ = try home.open()
            Issue.record("two servers on one folder")
        } catch let error as RegistryError {
            #expect(error.code == .locked)
            #expect(error.detail.contains("process \(getpid())"))
        }
        await first.close()
        withExtendedLifetime(first) {}
    }

    @Test(arguments: [Schema.version + 1, 99, Int(Int32.max)])
    func `a database of a newer version is refused and left alone`(version: Int) throws {
        do { _ = try home.create() }
        try home.tamper("PRAGMA user_version = \(version)")
        #expect(code { _ = try home.open() } == .newerVersion)
        #expect(try home.number("PRAGMA user_version") == version)
    }

    @Test func `a new database has the layout of this program`() throws {
        do { _ = try home.create() }
        #expect(try home.number("PRAGMA user_version") == Schema.version)
        #expect(try home.open().fleet.description == "house")
    }

    @Test func `a file that is no database is refused`() throws {
        do { _ = try home.create() }
        for suffix in ["-wal", "-shm"] {
            try? FileManager.default.removeItem(atPath: home.database + suffix)
        }
        try Data("this is no database, but long enough".utf8).write(
            to: URL(fileURLWithPath: home.database)
        )
        #expect(code { _ = try home.open() } == .damaged)
    }

    // MARK: The root key

    @Test func `the key file and the data are for their owner alone`() throws {
        _ = try home.create()
        for (path, mode) in [(home.keyFile, 0o600), (home.data, 0o700)] {
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == mode)
        }
    }

    @Test func `a missing root key is refused`() throws {
        do { _ = try home.create() }
        try FileManager.default.removeItem(atPath: home.keyFile)
        #expect(code { _ = try home.open() } == .rootKeyMissing)
    }

    @Test(arguments: [0o640, 0o604, 0o644, 0o660, 0o620, 0o601])
    func `a root key that others may touch is refused`(mode: Int) throws {
        do { _ = try home.create() }
        #expect(unsafe chmod(home.keyFile, mode_t(mode)) == 0)
        #expect(code { _ = try home.open() } == .rootKeyExposed)
    }

    @Test(arguments: [0, 31, 33, 64])
    func `a root key of a wrong length is refused`(length: Int) throws {
        do { _ = try home.create() }
        try write([UInt8](repeating: 7, count: length))
        #expect(code { _ = try home.open() } == .rootKeyWrong)
    }

    @Test func `the root key of another fleet is refused`() throws {
        do { _ = try home.create() }
        try write([UInt8](repeating: 7, count: 32))
        #expect(code { _ = try home.open() } == .rootKeyWrong)
    }

    @Test func `a link in place of the root key is refused`() throws {
        do { _ = try home.create() }
        let real = home.folder + "/real.key"
        try FileManager.default.moveItem(atPath: home.keyFile, toPath: real)
        try FileManager.default.createSymbolicLink(
            atPath: home.keyFile,
            withDestinationPath: real
        )
        #expect(code { _ = try home.open() } == .failed)
    }

    @Test func `a passphrase opens the fleet that it made, and no other does`() throws {
        do { _ = try home.create(passphrase("correct horse battery")) }
        #expect(try home.open(passphrase("correct horse battery")).fleet.description == "house")
        #expect(
            code { _ = try home.open(passphrase("correct horse batter")) } == .rootKeyWrong
        )
        #expect(code { _ = try home.open() } == .rootKeyMissing)
        #expect(!FileManager.default.fileExists(atPath: home.keyFile))
    }

    @Test func `a short passphrase is refused, and a passphrase for a fleet with a key file`()
        throws
    {
        #expect(code { _ = try home.create(passphrase("short")) } == .invalid)
        do { _ = try home.create() }
        #expect(code { _ = try home.open(passphrase("long enough, wrong")) } == .rootKeyMissing)
    }

    @Test func `PBKDF2 meets a published vector`() {
        // RFC 7914 § 11, P "passwd", S "salt": the first 32 of its 64 bytes.
        let short = PassphraseKey(salt: Array("salt".utf8), iterations: 1)
        #expect(
            hexadecimal(short.stretch(material("passwd"), crypto: home.crypto))
                == "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"
        )
    }

    private func material(_ text: String) -> KeyMaterial {
        var bytes = Array(text.utf8)
        return KeyMaterial(Secret(taking: &bytes))
    }

    private func write(_ bytes: [UInt8]) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: home.keyFile))
        #expect(unsafe chmod(home.keyFile, 0o600) == 0)
    }
}
