internal import CBOR
internal import KeyExchange
internal import Secrets

/// The bytes of an event that the chain covers.
///
///     event = [1, time: int, kind: tstr, actor: tstr, device: tstr / null, key: tstr / null,
///              epoch: uint / null, {* tstr => tstr}]
extension AuditEvent {
    /// The most bytes of a detail, and the most details.
    static let limits = (bytes: 4096, count: 64)

    /// The deterministic encoding of all of it.
    public func encoded() -> [UInt8] { encoded(details: encodedDetails()) }

    /// The deterministic encoding around details that are encoded already, as they are stored.
    public func encoded(details: [UInt8]) -> [UInt8] {
        CBORWriter.encode { writer in
            writer.array(8)
            writer.unsigned(1)
            writer.integer(Int(time))
            writer.text(kind.rawValue)
            writer.text(actor)
            if let device { writer.text(device) } else { writer.null() }
            if let key { writer.text(key.description) } else { writer.null() }
            if let epoch { writer.unsigned(UInt64(epoch.number)) } else { writer.null() }
            writer.encoded(details)
        }
    }

    /// The details alone, as one map.
    public func encodedDetails() -> [UInt8] {
        if details.isEmpty { return [0xa0] }
        return CBORWriter.encode { writer in
            writer.map(details.count)
            for (name, value) in details.sorted(by: { Self.precedes($0.key, $1.key) }) {
                writer.text(name)
                writer.text(value)
            }
        }
    }

    /// Reads what `encodedDetails` wrote; nil for anything else.
    public static func details(parsing encoded: [UInt8]) -> [String: String]? {
        do throws(CBORError) {
            var details: [String: String] = [:]
            var reader = CBORReader(encoded.rawSpan)
            let count = try reader.map()
            guard count <= limits.count else { return nil }
            for _ in 0..<count {
                let name = try reader.text(maximum: limits.bytes)
                details[name] = try reader.text(maximum: limits.bytes)
            }
            try reader.end()
            return details
        } catch {
            return nil
        }
    }

    // RFC 8949 § 4.2.1 orders keys by their encodings: a shorter text comes first.
    private static func precedes(_ left: String, _ right: String) -> Bool {
        let (left, right) = (Array(left.utf8), Array(right.utf8))
        return left.count == right.count
            ? left.lexicographicallyPrecedes(right) : left.count < right.count
    }
}
