import EDHOC
import Testing

/// External authorization data: what is handed on, what is ignored, what aborts.
@Suite struct EADTests {
    @Test(arguments: Method.allCases)
    func `each message carries its items, in their order`(_ method: Method) throws {
        var handshake = try Handshake(method)
        handshake.ead = [
            [EADItem(65000, isCritical: true, value: [1, 2, 3])],
            [EADItem(1), EADItem(24, value: [])],
            [
                .padding(7),
                EADItem(65001, isCritical: true, value: Array(repeating: 9, count: 300)),
            ],
            [EADItem(65535, value: [4])],
        ]
        handshake.understood = [65000, 65001]
        let outcome = try handshake.run()
        #expect(outcome.agrees)
        #expect(outcome.ead == handshake.ead)
    }

    @Test(arguments: 0..<4)
    func `a critical item that is not understood aborts`(_ message: Int) throws {
        var handshake = try Handshake()
        handshake.ead[message] = [.padding(1), EADItem(65000, isCritical: true)]
        handshake.understood = [65001]
        #expect(throws: EDHOCError(.criticalEAD, "")) { _ = try handshake.run() }
        handshake.understood = [65000]
        #expect(try handshake.run().agrees)
    }

    @Test(arguments: 0..<4)
    func `an unknown item that is not critical is handed on and ignored`(_ message: Int) throws {
        var handshake = try Handshake()
        handshake.ead[message] = [EADItem(4711, value: [1])]
        let outcome = try handshake.run()
        #expect(outcome.agrees)
        #expect(outcome.ead[message] == [EADItem(4711, value: [1])])
    }

    @Test func `eight items pass`() throws {
        var handshake = try Handshake()
        handshake.ead[2] = (1...8).map { EADItem($0) }
        #expect(try handshake.run().ead[2].count == 8)
    }

    @Test func `padding makes a message longer and nothing else`() throws {
        var handshake = try Handshake()
        let plain = try handshake.run().messages.map(\.count)
        handshake.ead = [[.padding(4)], [.padding(4)], [.padding(4)], [.padding(4)]]
        let padded = try handshake.run().messages.map(\.count)
        #expect(zip(plain, padded).allSatisfy { $1 >= $0 + 6 })
    }

    @Test func `a change in any byte of EAD_1 is noticed`() throws {
        var handshake = try Handshake()
        handshake.ead[0] = [EADItem(4711, value: [1, 2, 3])]
        let length = try handshake.run().messages[0].count
        for index in length - 6..<length {
            #expect(throws: EDHOCError.self) {
                _ = try handshake.run { $0 == 1 ? $1.flipped(at: index, bit: 3) : $1 }
            }
        }
    }

    static let wellFormed: [(String, [EADItem])] = [
        ("", []), ("00", [EADItem(0)]), ("004100", [.padding(1)]),
        ("0102", [EADItem(1), EADItem(2)]), ("20", [EADItem(1, isCritical: true)]),
        ("0141ff", [EADItem(1, value: [0xff])]),
        ("37 40", [EADItem(24, isCritical: true, value: [])]),
        ("39fde7", [EADItem(65000, isCritical: true)]),
    ]

    @Test(arguments: wellFormed)
    func `encodes and reads back`(_ text: String, _ items: [EADItem]) throws {
        #expect(try EADItem.parse(hex(text)) == items)
        #expect(EADItem.encode(items) == hex(text))
    }

    @Test(arguments: [
        "41 01", "01 41 01 41 02", "01 42 01", "01 5f4101ff", "1801", "01 6161", "f5", "01 80",
        "010203040506070809", "1b0000000100000000", "3b7fffffffffffffff", "a0", "01 5801ff", "c101",
    ])
    func `what is not a list of items is refused`(_ text: String) {
        #expect(throws: EDHOCError.self) { _ = try EADItem.parse(hex(text)) }
    }
}
