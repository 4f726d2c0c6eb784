import Foundation

/// A lakers process on the other end of the wire.
final class LakersPeer {
    enum Role: String { case initiator, responder }

    struct Config: Encodable {
        var key: String
        var cred: String
        var peer: String
        var transfer: String
        var cid: String
        var message4: Bool
        var ead: [[LakersEAD]]
    }

    struct Result: Decodable {
        var prk_out: String?
        var exporter0: String?
        var updated: String?
        var ead: [String: [LakersEAD]]?
        var error: String?
    }

    struct Missing: Error, CustomStringConvertible {
        let path: String
        var description: String {
            "no Python with lakers at \(path): run `make venv`, or name one in "
                + "LATCHKEY_LAKERS_PYTHON (pip install lakers-python==0.6.2)"
        }
    }
    struct Silent: Error {}

    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    private var pending: [UInt8] = []

    init(_ role: Role, _ config: Config) throws {
        // Lakers may die of what it reads; a write to it must not take the tests along.
        signal(SIGPIPE, SIG_IGN)
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
        let root = folder.deletingLastPathComponent().deletingLastPathComponent()
        let python =
            ProcessInfo.processInfo.environment["LATCHKEY_LAKERS_PYTHON"]
            ?? root.appending(path: ".venv/bin/python").path()
        guard FileManager.default.isExecutableFile(atPath: python) else {
            throw Missing(path: python)
        }
        process.executableURL = URL(filePath: python)
        process.arguments = [
            folder.appending(path: "lakers_peer.py").path(), role.rawValue,
            String(decoding: try JSONEncoder().encode(config), as: UTF8.self),
        ]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
    }

    func send(_ message: [UInt8]) throws {
        try input.fileHandleForWriting.write(contentsOf: Data("\(hexText(message))\n".utf8))
    }

    func receive() throws -> [UInt8] {
        let line = try line()
        guard !line.hasPrefix("{") else { throw Refused(description: line) }
        return hex(line)
    }

    func result() throws -> Result {
        defer { process.waitUntilExit() }
        return try JSONDecoder().decode(Result.self, from: Data(try line().utf8))
    }

    struct Refused: Error, CustomStringConvertible {
        let description: String
    }

    private func line() throws -> String {
        while true {
            if let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
                defer { pending.removeFirst(end + 1) }
                return String(decoding: pending[..<end], as: UTF8.self)
            }
            let more = output.fileHandleForReading.availableData
            guard !more.isEmpty else { throw Silent() }
            pending += more
        }
    }

    deinit {
        try? input.fileHandleForWriting.close()
        if process.isRunning { process.terminate() }
    }
}

/// An EAD item as the script speaks of it: `[label, critical, hex or null]`.
struct LakersEAD: Codable, Hashable, Sendable {
    let label: Int
    let isCritical: Bool
    let value: String?

    init(_ label: Int, isCritical: Bool, value: String?) {
        self.label = label
        self.isCritical = isCritical
        self.value = value
    }

    init(from decoder: any Decoder) throws {
        var list = try decoder.unkeyedContainer()
        label = try list.decode(Int.self)
        isCritical = try list.decode(Bool.self)
        value = try list.decodeNil() ? nil : list.decode(String.self)
    }

    func encode(to encoder: any Encoder) throws {
        var list = encoder.unkeyedContainer()
        try list.encode(label)
        try list.encode(isCritical)
        if let value { try list.encode(value) } else { try list.encodeNil() }
    }
}

/// Bytes written in hexadecimal; anything else traps.
func hex(_ text: String) -> [UInt8] {
    let digits = text.map { digit in
        guard let value = digit.hexDigitValue else { preconditionFailure("not hex: \(text)") }
        return UInt8(value)
    }
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}

/// Bytes as hexadecimal text.
func hexText(_ bytes: [UInt8]) -> String {
    bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
}
