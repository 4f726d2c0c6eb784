import EDHOC
import Testing

/// Error messages: what is sent, what is read, and how little they tell.
@Suite struct ErrorMessageTests {
    static let wellFormed: [(String, EDHOCErrorMessage)] = [
        ("0160", .unspecified("")), ("01626e6f", .unspecified("no")), ("0202", .wrongSuite([2])),
        ("02820302", .wrongSuite([3, 2])), ("021818", .wrongSuite([24])),
        ("02821819 20", .wrongSuite([25, -1])), ("03f5", .unknownCredential),
    ]

    @Test(arguments: wellFormed)
    func `encodes and reads back`(_ text: String, _ message: EDHOCErrorMessage) throws {
        #expect(message.encoded == hex(text))
        #expect(try EDHOCErrorMessage(encoded: hex(text)) == message)
    }

    @Test(arguments: [
        "", "01", "02", "03", "00", "0060", "0402", "20", "0141", "0161", "0161ff", "0102", "0260",
        "0280", "028102", "02820202", "028203", "02821802 03", "0282f5f5", "029f0203ff", "03f4",
        "0301", "03f6", "01606060", "020202", "03f5f5", "180160", "5f", "f5", "8201 60",
        "0291000102030405060708090a0b0c0d0e0f10",
    ])
    func `a bad error message is refused`(_ text: String) {
        #expect(throws: EDHOCError.self) { _ = try EDHOCErrorMessage(encoded: hex(text)) }
    }

    @Test func `text is cut to 128 bytes at a character's end, and a longer one is refused`() throws
    {
        let long = EDHOCErrorMessage.unspecified(String(repeating: "ü", count: 65))
        #expect(
            try EDHOCErrorMessage(encoded: long.encoded)
                == .unspecified(String(repeating: "ü", count: 64))
        )
        let tooLong = [0x01, 0x78, 129] + [UInt8](repeating: 0x61, count: 129)
        #expect(throws: EDHOCError(.tooLong, "")) {
            _ = try EDHOCErrorMessage(encoded: tooLong)
        }
    }

    @Test func `a peer learns the code and not the detail`() {
        for code in [EDHOCError.Code.malformed, .notAuthentic, .ownIdentity, .criticalEAD] {
            #expect(
                EDHOCError(code, "kid 17 of shelf 4").errorMessage
                    == .unspecified("handshake failed")
            )
        }
        #expect(EDHOCError(.unknownCredential, "who").errorMessage == .unknownCredential)
    }

    @Test func `an error message is not taken for a message_2`() throws {
        for text in ["0160", "0202", "03f5"] {
            #expect(throws: EDHOCError(.malformed, "")) {
                _ = try Handshake().run { $0 == 2 ? hex(text) : $1 }
            }
        }
    }
}
