import CBOR
import EDHOC
import Secrets
import Testing

@testable import KeyExchange

struct WrongAnswerTests {
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
        writer.text(Wrong.name)
        writer.unsigned(1)
        value(&writer)
    }

    static let confirmations: [Wrong] = [
        Wrong("no results", confirm(count: 0) { _ in }),
        Wrong(
            "a proof of 15 bytes",
            confirm { result(&$0) { $0.bytes(Array(Wrong.digest.prefix(15))) } }
        ),
        Wrong(
            "a proof of 17 bytes",
            confirm { result(&$0) { $0.bytes(Array(Wrong.digest.prefix(17))) } }
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
        items: Int = 3,
        count: Int = 1,
        _ verdicts: @escaping (inout CBORWriter) -> Void
    ) -> (inout CBORWriter) -> Void {
        { writer in
            writer.array(items)
            writer.unsigned(4)
            writer.bytes(eight(1))
            writer.array(count)
            verdicts(&writer)
        }
    }

    private static func newer(
        time: @escaping (inout CBORWriter) -> Void = { $0.unsigned(1) },
        anchor: @escaping (inout CBORWriter) -> Void = { $0.null() },
        _ verdict: ((inout CBORWriter) -> Void)? = nil
    ) -> (inout CBORWriter) -> Void {
        settle(items: 5, count: verdict == nil ? 0 : 1) { writer in
            verdict?(&writer)
            time(&writer)
            anchor(&writer)
        }
    }

    private static func verdict(_ writer: inout CBORWriter, _ numbers: [UInt64]) {
        writer.array(numbers.count + 1)
        writer.text(Wrong.name)
        for number in numbers { writer.unsigned(number) }
    }

    static let settlements: [Wrong] = [
        Wrong("unknown verdict", settle { verdict(&$0, [5]) }),
        Wrong("unknown verdict with an epoch", settle { verdict(&$0, [5, 1]) }),
        Wrong("a suspension for an older agent", settle { verdict(&$0, [3, 1]) }),
        Wrong("a resumption for an older agent", settle { verdict(&$0, [4, 1]) }),
        Wrong("a suspension without an epoch", newer { verdict(&$0, [3]) }),
        Wrong("a resumption with surplus", newer { verdict(&$0, [4, 1, 1]) }),
        Wrong("a suspension of epoch 0", newer { verdict(&$0, [3, 0]) }),
        Wrong("no time", newer(time: { $0.null() })),
        Wrong("a time before 1970", newer(time: { $0.integer(-1) })),
        Wrong("an anchor as a number", newer(anchor: { $0.unsigned(1) })),
        Wrong(
            "an anchor of 513 bytes",
            newer(anchor: { $0.bytes([UInt8](repeating: 1, count: 513)) })
        ),
        Wrong("four items", settle(items: 4, count: 0) { $0.unsigned(1) }),
        Wrong(
            "six items",
            settle(items: 6, count: 0) {
                $0.unsigned(1); $0.null(); $0.null()
            }
        ),
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
}
