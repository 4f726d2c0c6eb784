internal import CBOR
internal import Secrets

enum CBORFuzz {
    static let seeds: [[UInt8]] = [
        [0xf5, 0x03, 0x02, 0x58, 0x02, 0x01, 0x02],
        [0x82, 0x18, 0x18, 0x19, 0x01, 0x00],
        [0x83, 0x1a, 0x00, 0x01, 0x00, 0x00, 0x1b, 0, 0, 0, 1, 0, 0, 0, 0, 0x38, 0xff],
        [0xa3, 0x01, 0x04, 0x03, 0x61, 0x61, 0x20, 0x44, 1, 2, 3, 4],
        [0x81, 0x82, 0x83, 0xf4, 0xf5, 0xf6, 0x80, 0xa0],
        [0x62, 0xc3, 0xa9, 0x40, 0x60],
    ]

    static func run(_ input: [UInt8]) {
        for limits in [CBORReader.Limits(), CBORReader.Limits(length: 8, count: 2, depth: 2)] {
            guard let items = items(input, limits) else { continue }
            precondition(Array(items.joined()) == input, "slices are not what was received")
            var reader = CBORReader(input.rawSpan, limits: limits)
            var writer = CBORWriter()
            do {
                while !reader.isAtEnd { try copy(&reader, &writer) }
            } catch {
                // `skip` passes over negative numbers that `integer` has no room for.
                precondition(error.code == .limit, "one reading accepts what another refuses")
                continue
            }
            let written = writer.finish()
            precondition(written == input, "two encodings of one value")
        }
    }

    /// The sequence's items as they came; nil when `skip` refuses one.
    private static func items(_ input: [UInt8], _ limits: CBORReader.Limits) -> [[UInt8]]? {
        var reader = CBORReader(input.rawSpan, limits: limits)
        var items: [[UInt8]] = []
        while !reader.isAtEnd {
            guard let item = try? reader.item() else { return nil }
            items.append(item)
        }
        return items
    }

    @_lifetime(reader: copy reader)
    private static func copy(
        _ reader: inout CBORReader,
        _ writer: inout CBORWriter
    ) throws(CBORError) {
        switch try reader.peek() {
        case .unsigned: writer.unsigned(try reader.unsigned())
        case .negative: writer.integer(try reader.integer())
        case .bytes: writer.bytes(try reader.bytes())
        case .text: writer.text(try reader.text(maximum: 4096))
        case .array:
            let count = try reader.array()
            writer.array(count)
            for _ in 0..<count { try copy(&reader, &writer) }
        case .map:
            let count = try reader.map()
            writer.map(count)
            for _ in 0..<(2 * count) { try copy(&reader, &writer) }
        case .simple where reader.nextByte == 0xf6:
            try reader.skip()
            writer.null()
        case .simple: writer.bool(try reader.bool())
        case .tag: preconditionFailure("a tag was passed over")
        }
    }
}
