import CBOR
import EDHOC
import Secrets
import Testing

@testable import KeyExchange

struct WrongOfferTests {
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
        _ name: String = Wrong.name,
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
            writer.text(Wrong.name)
            writer.unsigned(1)
            writer.bytes(Wrong.digest)
            for _ in 0..<3 { writer.unsigned(0) }
        },
    ]

    @Test(arguments: offers)
    func `an offer that is wrong is refused`(wrong: Wrong) {
        #expect(throws: MessageError.self) { try Offer.parse(wrong.bytes) }
    }
}
