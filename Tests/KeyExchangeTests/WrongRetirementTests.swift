import CBOR
import EDHOC
import Secrets
import Testing

@testable import KeyExchange

struct WrongRetirementTests {
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
                $0.array(2); $0.text(Wrong.name); $0.text(Wrong.name)
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
        Wrong("one name without its array", retire { $0.text(Wrong.name) }),
        Wrong("type of another message", retire(type: 4) { $0.null() }),
    ]

    @Test(arguments: retirements)
    func `a retirement that is wrong is refused`(wrong: Wrong) {
        #expect(throws: MessageError.self) { try Retire.parse(wrong.bytes) }
    }

    private static func destroyed(
        _ writer: inout CBORWriter,
        epoch: UInt64 = 1,
        thumbprint: [UInt8] = Wrong.digest
    ) {
        writer.array(3)
        writer.text(Wrong.name)
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
                destroyed(&writer, thumbprint: Array(Wrong.digest.dropLast()))
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
}
