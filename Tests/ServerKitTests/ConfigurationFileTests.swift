import BrokerHarness
import Glibc
import KeyExchange
import Secrets
import Testing

@testable import ServerKit

@Suite struct ConfigurationFileTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func path(_ bytes: [UInt8], mode: mode_t = 0o600) throws -> String {
        let path = "\(folder.path)/\(UInt32.random(in: 0 ... .max))"
        try PlainFile.create(path, bytes)
        try #require(unsafe chmod(path, mode) == 0)
        return path
    }

    private func fault(_ body: () throws(ConfigurationError) -> Void) -> String {
        do throws(ConfigurationError) {
            try body()
            return ""
        } catch {
            return error.description
        }
    }

    @Test func `a configuration file's paths count from where it is`() throws {
        let path = try path(Array("store.data_folder = \"data\"".utf8))
        let settings = try ServerConfiguration(file: path)
        #expect(settings.dataFolder == "\(folder.path)/data")
    }

    @Test func `a fault names the file`() throws {
        let path = try path(Array("[x]\n[y]".utf8))
        let text = fault { () throws(ConfigurationError) in _ = try ServerConfiguration(file: path)
        }
        #expect(text.split(separator: "\n").allSatisfy { $0.hasPrefix("\(path): ") })
        #expect(text.split(separator: "\n").count == 2)
    }

    @Test(arguments: [
        ([0xff, 0xfe, 0x41], "not UTF-8"),
        (Array("a = \"".utf8) + [0xc3, 0x28, 0x22], "not UTF-8"),
        ([UInt8](repeating: 0x23, count: 65_537), "at most 65536 bytes"), ([0x5b], "not TOML"),
    ])
    func `a file that is no configuration is refused`(bytes: [UInt8], want: String) throws {
        let path = try path(bytes)
        let text = fault { () throws(ConfigurationError) in _ = try ServerConfiguration(file: path)
        }
        #expect(text.contains(want), "\(text)")
    }

    @Test func `a file that is not there, or a folder, is refused`() {
        for path in ["\(folder.path)/none", folder.path] {
            let text = fault { () throws(ConfigurationError) in
                _ = try ServerConfiguration(file: path)
            }
            #expect(text.hasPrefix("\(path): "))
        }
    }

    @Test(arguments: [
        ("secret", "secret"), ("secret\n", "secret"), ("first\nsecond", "first"), ("  x ", "  x "),
        (String(repeating: "x", count: 64), String(repeating: "x", count: 64)),
    ])
    func `a secret is a file's first line`(text: String, line: String) throws {
        let secret = try SecretFile.read(path(Array(text.utf8)), maximum: 64)
        #expect(secret.withBytes { [UInt8](copying: $0) } == Array(line.utf8))
    }

    @Test(arguments: [
        ("", "want 1 to 64 bytes, have none"), ("\n", "its first line is empty"),
        ("\nsecret", "its first line is empty"),
        (String(repeating: "x", count: 65), "want 1 to 64 bytes, have more"),
    ])
    func `a secret that is empty or too long is refused, and not shown`(
        text: String,
        want: String
    ) throws {
        let path = try path(Array(text.utf8))
        let fault = fault { () throws(ConfigurationError) in
            _ = try SecretFile.read(path, maximum: 64)
        }
        #expect(fault == "\(path): \(want)")
    }

    @Test(arguments: [0o640, 0o604, 0o660, 0o606, 0o644, 0o610, 0o601] as [mode_t])
    func `a secret that others may use is refused`(mode: mode_t) throws {
        let path = try path(Array("secret".utf8), mode: mode)
        let fault = fault { () throws(ConfigurationError) in
            _ = try SecretFile.read(path, maximum: 64)
        }
        #expect(fault.contains("chmod 600"))
        #expect(!fault.contains("secret"))
    }

    @Test func `a secret that is not a plain file is refused at once`() throws {
        let pipe = "\(folder.path)/pipe"
        try #require(unsafe mkfifo(pipe, 0o600) == 0)
        for path in [pipe, folder.path, "\(folder.path)/none"] {
            let fault = fault { () throws(ConfigurationError) in
                _ = try SecretFile.read(path, maximum: 64)
            }
            #expect(fault.hasPrefix("\(path): "))
        }
    }

    @Test func `a new secret is its owner's, and never takes another one's place`() throws {
        let path = "\(folder.path)/new"
        var bytes = Array("secret".utf8)
        let secret = Secret(taking: &bytes)
        try SecretFile.create(path, secret)
        var status = stat()
        try #require(unsafe stat(path, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
        #expect(throws: ConfigurationError.self) { try SecretFile.create(path, secret) }
        #expect(try PlainFile.read(path, maximum: 64) == Array("secret".utf8))
    }

    @Test func `lines are read one by one, whatever the length of the file`() throws {
        let lines = (0..<20_000).map { "line \($0)" }
        let path = try path(Array(lines.joined(separator: "\n").utf8))
        var read: [String] = []
        try PlainFile.readLines(path, maximum: 20) {
            read.append(String(decoding: $0, as: UTF8.self))
        }
        #expect(read == lines)
        #expect(throws: ConfigurationError.self) {
            try PlainFile.readLines(path, maximum: 9) { _ in }
        }
    }
}
