import CBOR
import EDHOC
import Secrets
import Testing

@testable import KeyExchange

/// One way in which a message can be wrong.
struct Wrong: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let bytes: [UInt8]

    init(_ description: String, _ write: (inout CBORWriter) -> Void) {
        testDescription = description
        bytes = CBORWriter.encode(write)
    }
}

struct WrongEncodingTests {
    private static let name = "data"
    private static let digest = [UInt8](repeating: 7, count: 32)

    private static func report(
        items: Int = 6,
        type: UInt64 = 1,
        store: UInt64 = 0,
        level: UInt64 = 0,
        _ keys: @escaping (inout CBORWriter) -> Void
    ) -> (inout CBORWriter) -> Void {
        { writer in
            writer.array(items)
            writer.unsigned(type)
            writer.text("1.0")
            writer.unsigned(store)
            writer.unsigned(level)
            writer.unsigned(0)
            keys(&writer)
        }
    }

    private static func held(
        _ writer: inout CBORWriter,
        _ name: String = name,
        epoch: UInt64 = 1,
        state: UInt64 = 1,
        check: [UInt8] = eight(1),
        times: Int = 1
    ) {
        writer.array(2)
        writer.text(name)
        writer.array(times)
        for _ in 0..<times {
            writer.array(3)
            writer.unsigned(epoch)
            writer.unsigned(state)
            writer.bytes(check)
        }
    }

    static let reports: [Wrong] = [
        Wrong("five items", report(items: 5) { _ in }),
        Wrong(
            "seven items",
            report(items: 7) {
                $0.array(0); $0.null()
            }
        ),
        Wrong("type of another message", report(type: 2) { $0.array(0) }),
        Wrong("unknown store", report(store: 9) { $0.array(0) }),
        Wrong("unknown level", report(level: 3) { $0.array(0) }),
        Wrong("keys as a map", report { $0.map(0) }),
        Wrong(
            "17 keys",
            report { writer in
                writer.array(17)
                for index in 10..<27 { held(&writer, "k\(index)") }
            }
        ),
        Wrong(
            "keys out of order",
            report {
                $0.array(2); held(&$0, "b"); held(&$0, "a")
            }
        ),
        Wrong(
            "a key twice",
            report {
                $0.array(2); held(&$0); held(&$0)
            }
        ),
        Wrong(
            "an epoch twice",
            report {
                $0.array(1); held(&$0, times: 2)
            }
        ),
        Wrong(
            "nine epochs",
            report {
                $0.array(1); held(&$0, times: 9)
            }
        ),
        Wrong(
            "epoch 0",
            report {
                $0.array(1); held(&$0, epoch: 0)
            }
        ),
        Wrong(
            "an epoch of 33 bits",
            report {
                $0.array(1); held(&$0, epoch: 1 << 32)
            }
        ),
        Wrong(
            "unknown state",
            report {
                $0.array(1); held(&$0, state: 3)
            }
        ),
        Wrong(
            "a check of 7 bytes",
            report {
                $0.array(1); held(&$0, check: Array(eight(1).dropLast()))
            }
        ),
        Wrong(
            "a name in capitals",
            report {
                $0.array(1); held(&$0, "Data")
            }
        ),
        Wrong(
            "a name with a wildcard",
            report {
                $0.array(1); held(&$0, "da/+")
            }
        ),
        Wrong(
            "an empty name",
            report {
                $0.array(1); held(&$0, "")
            }
        ),
        Wrong(
            "a name of 65 characters",
            report {
                $0.array(1); held(&$0, String(repeating: "a", count: 65))
            }
        ),
        Wrong("a version of 121 bytes") { writer in
            writer.array(6)
            writer.unsigned(1)
            writer.text(String(repeating: "1", count: 121))
            for _ in 0..<3 { writer.unsigned(0) }
            writer.array(0)
        },
    ]

    @Test(arguments: reports)
    func `a report that is wrong is refused`(wrong: Wrong) {
        #expect(throws: MessageError.self) { try Report.parse(wrong.bytes) }
    }

    private static func offer(
        operation: [UInt8] = eight(1),
        count: Int = 1,
        _ keys: @escaping (inout CBORWriter) -> Void
    ) -> (inout CBORWriter) -> Void {
        { writer in
            writer.array(3)
            writer.unsigned(2)
            writer.bytes(operation)
            writer.array(count)
            keys(&writer)
        }
    }

    private static func offered(
        _ writer: inout CBORWriter,
        _ name: String = name,
        epoch: UInt64 = 1,
        type: Int = 4,
        algorithm: Int = 3,
        length: Int = 32,
        use: UInt64 = 0,
        grace: UInt64 = 0
    ) {
        writer.array(6)
        writer.text(name)
        writer.unsigned(epoch)
        writer.map(3)
        writer.integer(1)
        writer.integer(type)
        writer.integer(3)
        writer.integer(algorithm)
        writer.integer(-1)
        writer.bytes([UInt8](repeating: 9, count: length))
        writer.unsigned(use)
        writer.unsigned(grace)
        writer.unsigned(0)
    }

    static let offers: [Wrong] = [
        Wrong("no keys", offer(count: 0) { _ in }),
        Wrong(
            "an operation of 7 bytes",
            offer(operation: Array(eight(1).dropLast())) { offered(&$0) }
        ),
        Wrong("an operation of 9 bytes", offer(operation: eight(1) + [0]) { offered(&$0) }),
        Wrong(
            "a key twice",
            offer(count: 2) {
                offered(&$0); offered(&$0)
            }
        ),
        Wrong(
            "keys out of order",
            offer(count: 2) {
                offered(&$0, "b"); offered(&$0, "a")
            }
        ),
        Wrong(
            "17 keys",
            offer(count: 17) { writer in
                for index in 10..<27 { offered(&writer, "k\(index)") }
            }
        ),
        Wrong("fewer keys than said", offer(count: 2) { offered(&$0) }),
        Wrong("epoch 0", offer { offered(&$0, epoch: 0) }),
        Wrong("a public key", offer { offered(&$0, type: 2) }),
        Wrong("unknown algorithm", offer { offered(&$0, algorithm: 10) }),
        Wrong("a key of 16 bytes for AES-256", offer { offered(&$0, length: 16) }),
        Wrong("a key of 32 bytes for AES-128", offer { offered(&$0, algorithm: 1) }),
        Wrong("an empty key", offer { offered(&$0, length: 0) }),
        Wrong("unknown use", offer { offered(&$0, use: 3) }),
        Wrong("a grace of 33 bits", offer { offered(&$0, grace: 1 << 32) }),
        Wrong("a name that ends with a dash", offer { offered(&$0, "data-") }),
        Wrong("the key as a byte string") { writer in
            writer.array(3)
            writer.unsigned(2)
            writer.bytes(eight(1))
            writer.array(1)
            writer.array(6)
            writer.text(name)
            writer.unsigned(1)
            writer.bytes(digest)
            for _ in 0..<3 { writer.unsigned(0) }
        },
    ]

    @Test(arguments: offers)
    func `an offer that is wrong is refused`(wrong: Wrong) {
        #expect(throws: MessageError.self) { try Offer.parse(wrong.bytes) }
    }

    private static func confirm(
        count: Int = 1,
        _ results: @escaping (inout CBORWriter) -> Void
    ) -> (inout CBORWriter) -> Void {
        { writer in
            writer.array(3)
            writer.unsigned(3)
            writer.bytes(eight(1))
            writer.array(count)
            results(&writer)
        }
    }

    private static func result(
        _ writer: inout CBORWriter,
        items: Int = 3,
        _ value: (inout CBORWriter) -> Void
    ) {
        writer.array(items)
        writer.text(name)
        writer.unsigned(1)
        value(&writer)
    }

    static let confirmations: [Wrong] = [
        Wrong("no results", confirm(count: 0) { _ in }),
        Wrong(
            "a proof of 15 bytes",
            confirm { result(&$0) { $0.bytes(Array(digest.prefix(15))) } }
        ),
        Wrong(
            "a proof of 17 bytes",
            confirm { result(&$0) { $0.bytes(Array(digest.prefix(17))) } }
        ),
        Wrong("a proof as text", confirm { result(&$0) { $0.text("0123456789abcdef") } }),
        Wrong("failure 0", confirm { result(&$0) { $0.unsigned(0) } }),
        Wrong("unknown failure", confirm { result(&$0) { $0.unsigned(10) } }),
        Wrong("a negative failure", confirm { result(&$0) { $0.integer(-1) } }),
        Wrong("no failure", confirm { result(&$0) { $0.null() } }),
        Wrong("two items", confirm { result(&$0, items: 2) { $0.unsigned(1) } }),
        Wrong(
            "17 results",
            confirm(count: 17) { writer in
                for _ in 0..<17 { result(&writer) { $0.unsigned(1) } }
            }
        ),
    ]

    @Test(arguments: confirmations)
    func `a confirmation that is wrong is refused`(wrong: Wrong) {
        #expect(throws: MessageError.self) { try Confirm.parse(wrong.bytes) }
    }

    private static func settle(
        count: Int = 1,
        _ verdicts: @escaping (inout CBORWriter) -> Void
    ) -> (inout CBORWriter) -> Void {
        { writer in
            writer.array(3)
            writer.unsigned(4)
            writer.bytes(eight(1))
            writer.array(count)
            verdicts(&writer)
        }
    }

    private static func verdict(_ writer: inout CBORWriter, _ numbers: [UInt64]) {
        writer.array(numbers.count + 1)
        writer.text(name)
        for number in numbers { writer.unsigned(number) }
    }

    static let settlements: [Wrong] = [
        Wrong("unknown verdict", settle { verdict(&$0, [3]) }),
        Wrong("a verdict without a kind", settle { verdict(&$0, []) }),
        Wrong("activate without grace", settle { verdict(&$0, [0, 1]) }),
        Wrong("activate epoch 0", settle { verdict(&$0, [0, 0, 60]) }),
        Wrong("activate with surplus", settle { verdict(&$0, [0, 1, 60, 1]) }),
        Wrong("discard without epoch", settle { verdict(&$0, [1]) }),
        Wrong("discard epoch 0", settle { verdict(&$0, [1, 0]) }),
        Wrong("remove with an epoch", settle { verdict(&$0, [2, 1]) }),
        Wrong("a grace of 33 bits", settle { verdict(&$0, [0, 1, 1 << 32]) }),
        Wrong(
            "33 verdicts",
            settle(count: 33) { writer in
                for _ in 0..<33 { verdict(&writer, [2]) }
            }
        ),
    ]

    @Test(arguments: settlements)
    func `a settlement that is wrong is refused`(wrong: Wrong) {
        #expect(throws: MessageError.self) { try Settle.parse(wrong.bytes) }
    }

    private static func retire(
        type: UInt64 = 5,
        _ scope: @escaping (inout CBORWriter) -> Void
    ) -> (inout CBORWriter) -> Void {
        { writer in
            writer.array(4)
            writer.unsigned(type)
            writer.bytes(eight(1))
            writer.unsigned(1)
            scope(&writer)
        }
    }

    static let retirements: [Wrong] = [
        Wrong("no keys", retire { $0.array(0) }),
        Wrong(
            "a key twice",
            retire {
                $0.array(2); $0.text(name); $0.text(name)
            }
        ),
        Wrong(
            "a bad name",
            retire {
                $0.array(1); $0.text("-")
            }
        ),
        Wrong(
            "17 keys",
            retire { writer in
                writer.array(17)
                for index in 10..<27 { writer.text("k\(index)") }
            }
        ),
        Wrong("false", retire { $0.bool(false) }),
        Wrong("one name without its array", retire { $0.text(name) }),
        Wrong("type of another message", retire(type: 4) { $0.null() }),
    ]

    @Test(arguments: retirements)
    func `a retirement that is wrong is refused`(wrong: Wrong) {
        #expect(throws: MessageError.self) { try Retire.parse(wrong.bytes) }
    }

    private static func destroyed(
        _ writer: inout CBORWriter,
        epoch: UInt64 = 1,
        thumbprint: [UInt8] = digest
    ) {
        writer.array(3)
        writer.text(name)
        writer.unsigned(epoch)
        writer.bytes(thumbprint)
    }

    static let receipts: [Wrong] = [
        Wrong(
            "a key twice",
            retire(type: 6) {
                $0.array(2); destroyed(&$0); destroyed(&$0)
            }
        ),
        Wrong(
            "epoch 0",
            retire(type: 6) {
                $0.array(1); destroyed(&$0, epoch: 0)
            }
        ),
        Wrong(
            "a thumbprint of 31 bytes",
            retire(type: 6) { writer in
                writer.array(1)
                destroyed(&writer, thumbprint: Array(digest.dropLast()))
            }
        ),
        Wrong(
            "one more than the limit",
            retire(type: 6) { writer in
                writer.array(Receipt.limit + 1)
                for index in 0...Receipt.limit { destroyed(&writer, epoch: UInt64(index) + 1) }
            }
        ),
        Wrong("null", retire(type: 6) { $0.null() }),
    ]

    @Test(arguments: receipts)
    func `a receipt that is wrong is refused`(wrong: Wrong) {
        #expect(throws: MessageError.self) { try Receipt.parse(wrong.bytes) }
    }

    static let problems: [Wrong] = [
        Wrong("an operation of 7 bytes") { writer in
            writer.array(4)
            writer.unsigned(7)
            writer.unsigned(1)
            writer.bytes(Array(eight(1).dropLast()))
            writer.text("")
        },
        Wrong("a text of 121 bytes") { writer in
            writer.array(4)
            writer.unsigned(7)
            writer.unsigned(1)
            writer.null()
            writer.text(String(repeating: "x", count: 121))
        },
        Wrong("a text of bytes") { writer in
            writer.array(4)
            writer.unsigned(7)
            writer.unsigned(1)
            writer.null()
            writer.bytes([])
        },
        Wrong("a code of 33 bits") { writer in
            writer.array(4)
            writer.unsigned(7)
            writer.unsigned(1 << 32)
            writer.null()
            writer.text("")
        },
        Wrong("three items") { writer in
            writer.array(3)
            writer.unsigned(7)
            writer.unsigned(1)
            writer.null()
        },
    ]

    @Test(arguments: problems)
    func `a problem that is wrong is refused`(wrong: Wrong) {
        #expect(throws: MessageError.self) { try Problem.parse(wrong.bytes) }
    }

    @Test func `no part of a message, and no message with more behind it, is a message`() throws {
        try expectWhole(Report.self, try Sample.report().encoded)
        try expectWhole(Offer.self, try Sample.offer().encoded)
        try expectWhole(Confirm.self, try Sample.confirm().encoded)
        try expectWhole(Settle.self, try Sample.settle().encoded)
        try expectWhole(Retire.self, try Sample.retire().encoded)
        try expectWhole(Receipt.self, try Sample.receipt().encoded)
        try expectWhole(Problem.self, try Sample.problem().encoded)
    }

    private func expectWhole<Message: SessionMessage>(
        _ type: Message.Type,
        _ encoded: [UInt8]
    ) throws {
        for count in encoded.indices {
            #expect(throws: MessageError.self) { try type.parse(Array(encoded.prefix(count))) }
        }
        #expect(throws: MessageError.self) { try type.parse(encoded + [0]) }
        // An array of indefinite length is legal CBOR, and is not ours.
        #expect(throws: MessageError.self) { try type.parse([0x9f] + encoded.dropFirst() + [0xff]) }
    }
}
