import EDHOC
import KeyExchange
import Testing

struct FrameTests {
    static let good: [Frame] = [
        .start([3, 2, 0x40, 0x0e]), .start([]),
        .next(ConnectionID(eight(1)), handshake: [0x41, 9], sealed: nil),
        .next(ConnectionID([]), handshake: nil, sealed: [0x83, 0x40, 0xa0, 0x40]),
        .next(ConnectionID([0x0e]), handshake: [0x40], sealed: [0x80]),
        .next(ConnectionID([0x37]), handshake: [0x40], sealed: nil),
        .error(ConnectionID(eight(1)), .unspecified("no")),
        .error(ConnectionID([0x18]), .wrongSuite([2, 3])),
        .error(ConnectionID(eight(1)), .unknownCredential),
    ]

    @Test(arguments: good)
    func `a frame is read as it was written`(frame: Frame) throws {
        #expect(try Frame(parsing: frame.encoded) == frame)
    }

    static let wrong: [String] = [
        "",  // nothing
        "f6",  // null
        "f4",  // false
        "0e",  // an identifier alone
        "410e40",  // an integer that is written as a byte string
        "180e40",  // an integer that is not in its shortest form
        "5821" + String(repeating: "00", count: 33) + "40",  // an identifier of 33 bytes
        "0e4040",  // two handshake messages
        "0e8080",  // two sealed ones
        "0e8040",  // in the wrong order
        "0e408040",  // and one more
        "0ea0",  // a map
        "0e6161",  // text
        "0ef5",  // true
        "0e42aa",  // cut
        "0e5f4100ff",  // indefinite length
        "0e9f00ff",
        "0e815f4100ff",
        "0e81c000",  // a tag
        "0e81f90000",  // a float
        "0e81818181818100",  // nested too deep
        "0e01",  // an error without its text
        "0e0140",  // text as bytes
        "0e0102",
        "0e04f5",  // an unknown error
        "0e03f4",  // error 3 with false
        "0e0281" + "02",  // one suite as an array
        "0e02820202",  // a suite twice
        "0e03f500",  // an error and one byte
        "0e20f5",  // a negative code
    ]

    @Test(arguments: wrong)
    func `a payload of another shape is refused`(hex: String) throws {
        let payload = try #require(bytes(hexadecimal: hex))
        #expect(throws: MessageError.self) { try Frame(parsing: payload) }
    }

    @Test func `a payload of 4096 bytes is parsed, one of 4097 is not`() throws {
        let head: [UInt8] = [0x0e, 0x59, 0x0f, 0xfc]
        let payload = head + [UInt8](repeating: 0, count: 4092)
        #expect(payload.count == MessageLimits.payload)
        #expect(throws: Never.self) { try Frame(parsing: payload) }
        let start = [0xf5] + [UInt8](repeating: 0, count: 4096)
        #expect(throws: MessageError.self) { try Frame(parsing: start) }
    }
}
