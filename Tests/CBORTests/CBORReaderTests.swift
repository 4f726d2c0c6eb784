import CBOR
import Secrets
import Testing

/// The reader takes the one deterministic encoding, within its limits, and nothing else.
@Suite struct CBORReaderTests {
    private func skipped(_ text: String, limits: CBORReader.Limits = .init()) throws(CBORError) {
        let bytes = hex(text)
        var reader = CBORReader(bytes.rawSpan, limits: limits)
        try reader.skip()
        try reader.end()
    }

    private func code(of text: String, limits: CBORReader.Limits = .init()) -> CBORError.Code? {
        do throws(CBORError) {
            try skipped(text, limits: limits)
            return nil
        } catch {
            return error.code
        }
    }

    @Test(arguments: [
        "00", "17", "1818", "18ff", "190100", "1a00010000", "1b0000000100000000", "20", "3818",
        "40", "4101", "60", "6161", "80", "8101", "820102", "a0", "a10102", "a201020304", "f4",
        "f5", "f6", "a2614101614202", "a218200120 02", "a1a001",
        "a30100 8001 f501",
    ])
    func `a deterministic item is read`(_ text: String) throws {
        try skipped(text)
    }

    @Test(arguments: [
        "1800", "1817", "190000", "1900ff", "1a00000000", "1a0000ffff", "1b0000000000000000",
        "1b00000000ffffffff", "3800", "3817", "3900ff", "3a0000ffff", "3b00000000ffffffff", "5800",
        "580101", "59000101", "7800", "780161", "980101", "9800", "99000101", "b8010101", "b800",
    ])
    func `a head longer than it must be is refused`(_ text: String) {
        #expect(code(of: text) == .notDeterministic)
    }

    @Test(arguments: [
        "a202000100", "a201000100", "a2200001 00", "a2614200614100", "a2626161006162 00",
        "a2f5 00 01 00", "81a202000100", "a101a202000100", "a1a20200010000", "a2800001 00",
    ])
    func `a map out of order, or with a key twice, is refused`(_ text: String) {
        #expect(code(of: text) == .notDeterministic)
    }

    @Test(arguments: [
        "5fff", "5f4101ff", "7fff", "9fff", "9f01ff", "bfff", "bf0101ff", "ff", "1f", "3f", "df",
        "c001", "c11a514b67b0", "d9d9f7 00", "d81840", "f97e00", "f90000", "fa47c35000",
        "fb3ff199999999999a", "f0", "f7", "f820", "f818", "f8ff", "e0", "1c", "1d", "1e", "5c",
        "fc", "fe", "81f7", "a1f700", "a100c000",
    ])
    func `indefinite lengths, tags, floats and other simple values are refused`(_ text: String) {
        #expect(code(of: text) == .unsupported)
    }

    @Test(arguments: ["61ff", "62c328", "63eda080", "64f4908080", "61 80", "62c080", "81 61ff"])
    func `text that is not UTF-8 is refused`(_ text: String) {
        #expect(code(of: text) == .notText)
    }

    @Test func `every truncation of an item is refused as such`() {
        let items = [
            "1818", "190100", "1a00010000", "1b0000000100000000", "3818", "4401020304",
            "6461626364", "83010203", "8381018201024103", "a201020304", "a10181a10243616263",
            "5818" + String(repeating: "aa", count: 24),
        ]
        for item in items {
            let bytes = hex(item)
            #expect(code(of: item) == nil)
            for count in 0..<bytes.count {
                let start = bytes[..<count].map { byte in
                    String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
                }
                #expect(code(of: start.joined()) == .truncated, "\(count) bytes of \(item)")
            }
        }
    }

    @Test func `what follows is refused`() {
        #expect(code(of: "0000") == .trailing)
        #expect(code(of: "8000") == .trailing)
    }

    @Test func `nesting ends at its limit`() {
        let limits = CBORReader.Limits(depth: 3)
        #expect(code(of: "818100", limits: limits) == nil)
        #expect(code(of: "81818100", limits: limits) == .limit)
        #expect(code(of: "a100a100a100", limits: limits) == .limit)
        #expect(code(of: "a1a1a100000000", limits: limits) == .limit)
        let deep = String(repeating: "81", count: 100_000) + "00"
        #expect(code(of: deep) == .limit)
    }

    @Test func `counts and lengths end at their limits, before anything is allocated`() {
        let limits = CBORReader.Limits(length: 4, count: 2)
        #expect(code(of: "4401020304", limits: limits) == nil)
        #expect(code(of: "450102030405", limits: limits) == .limit)
        #expect(code(of: "656162636465", limits: limits) == .limit)
        #expect(code(of: "820101", limits: limits) == nil)
        #expect(code(of: "83010101", limits: limits) == .limit)
        #expect(code(of: "a3010102010301", limits: limits) == .limit)
        for huge in ["5b", "7b", "9b", "bb"] {
            #expect(code(of: huge + "ffffffffffffffff") == .limit)
            #expect(code(of: huge + "8000000000000000") == .limit)
            #expect(code(of: huge + "7fffffffffffffff") == .limit)
        }
    }

    @Test func `an integer that does not fit is refused`() {
        for text in ["1bffffffffffffffff", "3b8000000000000000", "3bffffffffffffffff"] {
            #expect(throws: CBORError(.limit, "")) {
                var reader = CBORReader(hex(text).rawSpan)
                _ = try reader.integer()
            }
        }
    }

    @Test func `an item of another type is refused and not passed over`() throws {
        let bytes = hex("01 4101 6161 80 a0 f5")
        var reader = CBORReader(bytes.rawSpan)
        var refusals = 0
        do throws(CBORError) { _ = try reader.bytes() } catch { refusals += 1 }
        #expect(reader.position == 0)
        _ = try reader.unsigned()
        do throws(CBORError) { _ = try reader.unsigned() } catch { refusals += 1 }
        do throws(CBORError) { _ = try reader.text(maximum: 9) } catch { refusals += 1 }
        _ = try reader.bytes()
        do throws(CBORError) { _ = try reader.bytes() } catch { refusals += 1 }
        _ = try reader.text(maximum: 1)
        do throws(CBORError) { _ = try reader.map() } catch { refusals += 1 }
        try reader.array(0)
        do throws(CBORError) { _ = try reader.array() } catch { refusals += 1 }
        #expect(try reader.map() == 0)
        do throws(CBORError) { _ = try reader.integer() } catch { refusals += 1 }
        #expect(refusals == 7)
    }

    @Test func `ranges are kept`() {
        #expect(throws: CBORError(.limit, "")) {
            var reader = CBORReader(hex("05").rawSpan)
            _ = try reader.unsigned(in: 0...4)
        }
        #expect(throws: CBORError(.limit, "")) {
            var reader = CBORReader(hex("420102").rawSpan)
            _ = try reader.bytes(count: 3)
        }
        #expect(throws: CBORError(.limit, "")) {
            var reader = CBORReader(hex("63616263").rawSpan)
            _ = try reader.text(maximum: 2)
        }
        #expect(throws: CBORError(.limit, "")) {
            var reader = CBORReader(hex("820101").rawSpan)
            try reader.array(3)
        }
        #expect(throws: CBORError(.wrongType, "")) {
            var reader = CBORReader(hex("f6").rawSpan)
            _ = try reader.bool()
        }
    }

    @Test func `slices are the very bytes that came`() throws {
        let bytes = hex("01 a2 01 43aabbcc 02 8102 4105")
        var reader = CBORReader(bytes.rawSpan)
        _ = try reader.unsigned()
        let start = reader.position
        #expect(try reader.item() == hex("a20143aabbcc028102"))
        #expect(reader.bytes(from: start) == hex("a20143aabbcc028102"))
        #expect(reader.nextByte == 0x41)
        #expect(try reader.item() == hex("4105"))
        try reader.end()
        #expect(reader.nextByte == nil)
        #expect(throws: CBORError(.truncated, "")) {
            let empty = CBORReader([UInt8]().rawSpan)
            _ = try empty.peek()
        }
    }

    @Test func `random bytes never trap`() throws {
        var state: UInt64 = 0x9e37_79b9_7f4a_7c15
        func next() -> UInt8 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 33)
        }
        for _ in 0..<20_000 {
            let bytes = (0..<Int(next() % 24)).map { _ in next() }
            var reader = CBORReader(bytes.rawSpan)
            while !reader.isAtEnd {
                do { _ = try reader.item() } catch { break }
            }
        }
    }
}
