import CBOR
import EDHOC
import Secrets
import Testing

@testable import KeyExchange

struct WrongReportTests {
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

    private static func newer(
        instance: [UInt8] = eight(1),
        anchor: UInt64 = 1
    ) -> (inout CBORWriter) -> Void {
        report(items: 8) {
            $0.array(0); $0.bytes(instance); $0.unsigned(anchor)
        }
    }

    private static func retiring(
        _ word: @escaping (inout CBORWriter) -> Void
    ) -> (inout CBORWriter) -> Void {
        report(items: 9) {
            $0.array(0); $0.bytes(eight(1)); $0.unsigned(1); word(&$0)
        }
    }

    private static func held(
        _ writer: inout CBORWriter,
        _ name: String = Wrong.name,
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
                $0.array(1); held(&$0, state: 4)
            }
        ),
        Wrong(
            "suspension at an older agent",
            report {
                $0.array(1); held(&$0, state: 3)
            }
        ),
        Wrong("an instance of 7 bytes", newer(instance: Array(eight(1).dropLast()))),
        Wrong("an instance of 9 bytes", newer(instance: eight(1) + [1])),
        Wrong("an anchor of 33 bits", newer(anchor: 1 << 32)),
        Wrong("a device that says that it is not retiring", retiring { $0.bool(false) }),
        Wrong("a device that is retiring by a number", retiring { $0.unsigned(1) }),
        Wrong("ten items", report(items: 10) { $0.array(0) }),
        Wrong(
            "no instance, in a report that has one",
            report(items: 8) {
                $0.array(0); $0.null(); $0.unsigned(1)
            }
        ),
        Wrong(
            "nine items",
            report(items: 9) {
                $0.array(0); $0.bytes(eight(1)); $0.unsigned(1); $0.null()
            }
        ),
        Wrong("a report that ends too early", report(items: 8) { $0.array(0) }),
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
}
