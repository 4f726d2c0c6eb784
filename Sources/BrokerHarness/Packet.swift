/// One MQTT control packet as bytes, with as much of it understood as a proxy needs.
struct Packet {
    var bytes: [UInt8]
    /// Where what comes after the fixed header begins.
    private var body: Int

    /// A larger packet would be a fault of the test.
    static let limit = 1 << 20

    /// Cuts the first whole packet off the front, or returns nil while some of it is missing.
    static func take(from buffer: inout [UInt8]) throws(HarnessError) -> Packet? {
        var length = 0
        for index in 1..<5 {
            guard index < buffer.count else { return nil }
            length |= Int(buffer[index] & 0x7F) << (7 * (index - 1))
            guard buffer[index] & 0x80 == 0 else { continue }
            guard length <= limit else { break }
            let end = index + 1 + length
            guard buffer.count >= end else { return nil }
            defer { buffer.removeFirst(end) }
            return Packet(bytes: Array(buffer[..<end]), body: index + 1)
        }
        throw HarnessError("not an MQTT packet, or one above \(limit) bytes")
    }

    /// A PUBLISH of MQTT 5 with QoS 0 and no properties.
    static func publish(topic: String, payload: [UInt8], isRetained: Bool) -> Packet {
        let name = Array(topic.utf8)
        let rest = [UInt8(name.count >> 8), UInt8(name.count & 0xFF)] + name + [0] + payload
        return Packet(kind: 0x30 | (isRetained ? 1 : 0), rest: rest)
    }

    private init(bytes: [UInt8], body: Int) {
        self.bytes = bytes
        self.body = body
    }

    private init(kind: UInt8, rest: [UInt8]) {
        var header = [kind]
        var length = rest.count
        repeat {
            header.append(UInt8(length & 0x7F) | (length > 0x7F ? 0x80 : 0))
            length >>= 7
        } while length > 0
        self.init(bytes: header + rest, body: header.count)
    }

    var isPublish: Bool { bytes[0] >> 4 == 3 && bytes.count >= body + 2 }

    /// The acknowledgement that its sender waits for, if it does.
    var acknowledgement: [UInt8]? {
        guard let index = identifierIndex else { return nil }
        return [0x40, 2, bytes[index], bytes[index + 1]]
    }

    /// The same message with QoS 0, so that a copy needs no acknowledgement.
    var unacknowledged: Packet {
        guard let index = identifierIndex else { return self }
        let rest = bytes[body..<index] + bytes[(index + 2)...]
        return Packet(kind: bytes[0] & 0xF1, rest: Array(rest))
    }

    private var identifierIndex: Int? {
        guard isPublish, bytes[0] >> 1 & 3 == 1 else { return nil }
        let index = body + 2 + Int(bytes[body]) << 8 + Int(bytes[body + 1])
        return index + 2 <= bytes.count ? index : nil
    }
}
