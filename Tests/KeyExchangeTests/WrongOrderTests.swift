import CBOR
import EDHOC
import Testing

@testable import KeyExchange

/// What the command key has signed, and is no order all the same.
struct WrongOrderTests {
    private static func payload(
        items: Int = 8,
        version: UInt64 = 1,
        fleet: String = "berlin",
        device: String = "lamp-1",
        operation: [UInt8] = eight(1),
        counter: @escaping (inout CBORWriter) -> Void = { $0.unsigned(7) },
        scope: @escaping (inout CBORWriter) -> Void = { $0.null() },
        issued: @escaping (inout CBORWriter) -> Void = { $0.unsigned(100) },
        expires: @escaping (inout CBORWriter) -> Void = { $0.unsigned(200) }
    ) -> (inout CBORWriter) -> Void {
        { writer in
            writer.array(items)
            writer.unsigned(version)
            writer.text(fleet)
            writer.text(device)
            writer.bytes(operation)
            counter(&writer)
            scope(&writer)
            issued(&writer)
            expires(&writer)
        }
    }

    private static func names(_ names: [String]) -> (inout CBORWriter) -> Void {
        { writer in
            writer.array(names.count)
            for name in names { writer.text(name) }
        }
    }

    static let orders: [Wrong] = [
        Wrong("seven items", payload(items: 7)),
        Wrong("nine items", payload(items: 9)),
        Wrong("seventeen items", payload(items: 17)),
        Wrong("no items") { $0.array(0) },
        Wrong("a map") { $0.map(0) },
        Wrong("null") { $0.null() },
        Wrong("a fleet in capitals", payload(fleet: "Berlin")),
        Wrong("a device with a wildcard", payload(device: "lamp/+")),
        Wrong("no device", payload(device: "")),
        Wrong("an operation of 7 bytes", payload(operation: Array(eight(1).dropLast()))),
        Wrong("an operation of 9 bytes", payload(operation: eight(1) + [1])),
        Wrong("counter 0", payload(counter: { $0.unsigned(0) })),
        Wrong("a negative counter", payload(counter: { $0.integer(-1) })),
        Wrong("no counter", payload(counter: { $0.null() })),
        Wrong("no keys", payload(scope: names([]))),
        Wrong("a key twice", payload(scope: names(["data", "data"]))),
        Wrong("17 keys", payload(scope: names((10..<27).map { "k\($0)" }))),
        Wrong("a key with a space", payload(scope: names(["da ta"]))),
        Wrong("a scope that is true", payload(scope: { $0.bool(true) })),
        Wrong("no beginning", payload(issued: { $0.null() })),
        Wrong("a beginning before 1970", payload(issued: { $0.integer(-1) })),
        Wrong("an end at the beginning", payload(expires: { $0.unsigned(100) })),
        Wrong("an end before the beginning", payload(expires: { $0.unsigned(99) })),
        Wrong("an end as text", payload(expires: { $0.text("never") })),
        Wrong("more behind it") { writer in
            payload()(&writer)
            writer.null()
        },
    ]

    @Test(arguments: orders)
    func `an order that is wrong is refused, though the command key has signed it`(
        wrong: Wrong
    ) throws {
        let office = try Office()
        let bytes = try office.signOrder(wrong.bytes)
        #expect(try refusal { try office.obey(bytes) } == .malformed)
    }

    @Test func `the same order without a fault is obeyed`() throws {
        let office = try Office()
        let good = CBORWriter.encode(Self.payload())
        let order = try office.obey(office.signOrder(good))
        #expect(order.counter == 7 && order.scope == .device && order.expiresAt == 200)
    }

    @Test(arguments: [0, 2, UInt64.max])
    func `an order of another version says so`(version: UInt64) throws {
        let office = try Office()
        let bytes = try office.signOrder(CBORWriter.encode(Self.payload(version: version)))
        #expect(try refusal { try office.obey(bytes) } == .wrongVersion)
    }

    @Test(arguments: [
        // {1: -35} ES384, {1: -8} EdDSA, {}, {1: -7, 4: h'01'}, {1: 5} HMAC, an empty string.
        [0xa1, 0x01, 0x38, 0x22], [0xa1, 0x01, 0x27], [0xa0],
        [0xa2, 0x01, 0x26, 0x04, 0x41, 0x01], [0xa1, 0x01, 0x05], [],
    ])
    func `headers with another algorithm, with more or with none are refused`(
        protected: [UInt8]
    ) throws {
        let office = try Office()
        let bytes = try office.sign(
            office.order().payload,
            ["latchkey/1 order", "berlin", "lamp-1"],
            protected: protected
        )
        #expect(try refusal { try office.obey(bytes) } == .malformed)
    }

    @Test func `the algorithm or a key's name outside of the signature is refused`() throws {
        let office = try Office()
        // {1: -7}, {4: h'01'}, null
        for unprotected: [UInt8] in [[0xa1, 0x01, 0x26], [0xa1, 0x04, 0x41, 0x01], [0xf6]] {
            let bytes = try office.sign(
                office.order().payload,
                ["latchkey/1 order", "berlin", "lamp-1"],
                unprotected: unprotected
            )
            #expect(try refusal { try office.obey(bytes) } == .malformed)
        }
    }

    @Test func `a tagged order is refused: there is one encoding of each`() throws {
        let office = try Office()
        let bytes = try office.sign(office.order())
        #expect(try refusal { try office.obey([0xd2] + bytes) } == .malformed)
    }

    @Test func `an order longer than its limit is refused before it is read`() throws {
        let office = try Office()
        let long = [UInt8](repeating: 0, count: Order.maximumLength)
        #expect(try refusal { try office.obey(office.signOrder(long)) } == .malformed)
        #expect(
            try refusal { try office.obey([UInt8](repeating: 0x84, count: 1 << 20)) } == .malformed
        )
    }

    @Test func `a signature of zeros and one of a wrong length are refused`() throws {
        let office = try Office()
        let whole = try office.sign(office.order())
        let zeros = whole.dropLast(64) + [UInt8](repeating: 0, count: 64)
        #expect(try refusal { try office.obey(Array(zeros)) } == .badSignature)
        let short = whole.dropLast(66) + [0x58, 63] + whole.suffix(63)
        #expect(try refusal { try office.obey(Array(short)) } == .malformed)
    }
}
