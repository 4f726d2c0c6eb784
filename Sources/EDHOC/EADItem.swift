internal import CBOR
internal import Secrets

/// One item of external authorization data (RFC 9528 § 3.8).
public struct EADItem: Hashable, Sendable {
    /// The most items in one message.
    public static let maximumCount = 8
    /// The largest label that is accepted.
    public static let maximumLabel = 0xffff_ffff

    /// What the item is; 0 is padding.
    public let label: Int
    /// Whether a receiver that does not understand the item must abort.
    public let isCritical: Bool
    /// What it carries, if anything.
    public let value: [UInt8]?

    /// Makes an item; padding cannot be critical, and a label out of range traps.
    public init(_ label: Int, isCritical: Bool = false, value: [UInt8]? = nil) {
        precondition((0...Self.maximumLabel).contains(label), "an EAD label is out of range")
        precondition(label > 0 || !isCritical, "padding cannot be critical")
        self.label = label
        self.isCritical = isCritical
        self.value = value
    }

    /// Padding, which every receiver ignores: `count` zero bytes and their head.
    public static func padding(_ count: Int) -> EADItem {
        EADItem(0, value: [UInt8](repeating: 0, count: count))
    }

    /// Encodes items in their order, as they stand in a message.
    public static func encode(_ items: [EADItem]) -> [UInt8] {
        guard !items.isEmpty else { return [] }
        precondition(items.count <= maximumCount, "too many EAD items")
        return CBORWriter.encode { writer in
            for item in items {
                // RFC 9528 § 3.8: a critical item has its label's sign turned.
                writer.integer(item.isCritical ? -item.label : item.label)
                if let value = item.value { writer.bytes(value) }
            }
        }
    }

    /// Reads encoded items to the end.
    public static func parse(_ encoded: [UInt8]) throws(EDHOCError) -> [EADItem] {
        do throws(CBORError) {
            var reader = CBORReader(encoded.rawSpan)
            return try reader.eadItems().items
        } catch {
            throw EDHOCError(malformed: "EAD", error)
        }
    }
}

/// Items as they came, and their very bytes, which the MACs cover.
struct ReceivedEAD {
    let items: [EADItem]
    let encoded: [UInt8]

    /// Aborts on a critical item that the caller does not understand (RFC 9528 § 3.8).
    func check(understood: Set<Int>) throws(EDHOCError) {
        for item in items where item.isCritical && !understood.contains(item.label) {
            throw EDHOCError(.criticalEAD, "no one here understands critical EAD \(item.label)")
        }
    }
}

extension CBORReader {
    /// Reads EAD items up to the end of the input.
    @_lifetime(self: copy self)
    mutating func eadItems() throws(CBORError) -> ReceivedEAD {
        guard !isAtEnd else { return ReceivedEAD(items: [], encoded: []) }
        let start = position
        var items: [EADItem] = []
        while !isAtEnd {
            guard items.count < EADItem.maximumCount else {
                throw CBORError(.limit, "want at most \(EADItem.maximumCount) EAD items")
            }
            let label = try integer()
            guard label.magnitude <= UInt(EADItem.maximumLabel) else {
                throw CBORError(.limit, "an EAD label is out of range")
            }
            let hasValue = isAtEnd ? false : try peek() == .bytes
            let value = hasValue ? try bytes() : nil
            items.append(EADItem(Int(label.magnitude), isCritical: label < 0, value: value))
        }
        return ReceivedEAD(items: items, encoded: bytes(from: start))
    }
}

extension ReceivedEAD {
    /// Reads a plaintext that is EAD items and nothing else.
    init(parsing plaintext: [UInt8], of what: String) throws(EDHOCError) {
        do throws(CBORError) {
            var reader = CBORReader(plaintext.rawSpan)
            self = try reader.eadItems()
        } catch {
            throw EDHOCError(malformed: what, error)
        }
    }
}
