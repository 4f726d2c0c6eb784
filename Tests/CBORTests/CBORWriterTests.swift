import CBOR
import Secrets
import Testing

/// The writer has one encoding for each value: the shortest.
@Suite struct CBORWriterTests {
    // RFC 8949 appendix A, where deterministic encoding has them.
    static let integers: [(Int, String)] = [
        (0, "00"), (1, "01"), (10, "0a"), (23, "17"), (24, "1818"), (25, "1819"), (100, "1864"),
        (255, "18ff"), (256, "190100"), (1000, "1903e8"), (65535, "19ffff"),
        (65536, "1a00010000"), (1_000_000, "1a000f4240"), (0xffff_ffff, "1affffffff"),
        (0x1_0000_0000, "1b0000000100000000"), (1_000_000_000_000, "1b000000e8d4a51000"),
        (Int.max, "1b7fffffffffffffff"), (-1, "20"), (-10, "29"), (-24, "37"), (-25, "3818"),
        (-100, "3863"), (-256, "38ff"), (-257, "390100"), (-1000, "3903e7"),
        (Int.min, "3b7fffffffffffffff"),
    ]

    @Test(arguments: integers)
    func `an integer has the shortest head`(_ value: Int, _ text: String) throws {
        let encoded = CBORWriter.encode { $0.integer(value) }
        #expect(encoded == hex(text))
        var reader = CBORReader(encoded.rawSpan)
        #expect(try reader.integer() == value)
        try reader.end()
    }

    @Test func `unsigned integers to the last`() throws {
        let encoded = CBORWriter.encode { $0.unsigned(.max) }
        #expect(encoded == hex("1bffffffffffffffff"))
        var reader = CBORReader(encoded.rawSpan)
        #expect(try reader.unsigned() == .max)
    }

    @Test func `the other kinds`() {
        #expect(CBORWriter.encode { $0.bytes([]) } == hex("40"))
        #expect(CBORWriter.encode { $0.bytes([1, 2, 3, 4]) } == hex("4401020304"))
        #expect(CBORWriter.encode { $0.text("") } == hex("60"))
        #expect(CBORWriter.encode { $0.text("ü水") } == hex("65c3bce6b0b4"))
        #expect(CBORWriter.encode { $0.bool(false) } == hex("f4"))
        #expect(CBORWriter.encode { $0.bool(true) } == hex("f5"))
        #expect(CBORWriter.encode { $0.null() } == hex("f6"))
        #expect(CBORWriter.encode { $0.array(25) } == hex("9819"))
        #expect(CBORWriter.encode { $0.map(2) } == hex("a2"))
        #expect(CBORWriter.encode { $0.encoded(hex("8101")) } == hex("8101"))
        #expect(CBORWriter.encode { _ in } == [])
    }

    @Test(arguments: [0, 1, 15, 16, 17, 23, 24, 255, 256, 257, 65535, 65536])
    func `a byte string of any length survives the writer's growth`(_ count: Int) throws {
        let value = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
        var writer = CBORWriter(capacity: 0)
        writer.array(2)
        writer.bytes(value)
        writer.bytes(value)
        let encoded = writer.finish()
        var reader = CBORReader(encoded.rawSpan, limits: .init(length: 65536))
        try reader.array(2)
        #expect(try reader.bytes() == value)
        #expect(try reader.bytes() == value)
        try reader.end()
    }

    @Test func `key material goes through as a secret`() throws {
        let key = Secret(copying: hex("00112233").rawSpan)
        var writer = CBORWriter()
        key.withBytes { writer.bytes($0) }
        let whole = writer.finishSecret()
        let count = whole.count
        #expect(count == 5)
        let read = try whole.withBytes { span throws in
            var reader = CBORReader(span)
            return try reader.secret(count: 4...4)
        }
        let isEqual = read.isEqual(to: key)
        #expect(isEqual)
    }
}
