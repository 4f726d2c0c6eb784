import EDHOC
import Testing

@testable import KeyExchange

struct OrderTests {
    private static let scopes: [RetireScope] = [
        .device, .keys([.data]), .keys([.sign, .data]),
        .keys((10..<26).map { KeyName(checked: String(repeating: "n", count: 62) + "\($0)") }),
    ]

    @Test(arguments: scopes)
    func `an order is read as it was signed`(scope: RetireScope) throws {
        let office = try Office()
        for expiresAt in [nil, UInt64.max] {
            for counter in [1, UInt64.max] {
                let order = try office.order(scope, counter: counter, expiresAt: expiresAt)
                let bytes = try office.sign(order)
                #expect(bytes.count <= Order.maximumLength)
                #expect(try office.obey(bytes) == order)
            }
        }
    }

    @Test func `no part of an order, and no order with more behind it, is an order`() throws {
        let office = try Office()
        let whole = try office.sign(office.order(.keys([.data])))
        for count in whole.indices {
            #expect(try refusal { try office.obey(Array(whole.prefix(count))) } == .malformed)
        }
        #expect(try refusal { try office.obey(whole + [0]) } == .malformed)
        #expect(try refusal { try office.obey(whole + whole) } == .malformed)
    }

    @Test func `an order with any one bit changed is refused`() throws {
        let office = try Office()
        let whole = try office.sign(office.order(.keys([.data])))
        for index in whole.indices {
            for bit in 0..<8 {
                var changed = whole
                changed[index] ^= 1 << UInt8(bit)
                #expect(try refusal { try office.obey(changed) } != nil, "bit \(bit) of \(index)")
            }
        }
    }

    @Test func `an order for another device or fleet is refused by name`() throws {
        let office = try Office()
        let bytes = try office.sign(office.order())
        #expect(try refusal { try office.obey(bytes, as: "lamp-2") } == .wrongDevice)
        #expect(try refusal { try office.obey(bytes, of: "hamburg") } == .wrongFleet)
    }

    @Test
    func `an order whose payload names this device but that was signed for another is refused`()
        throws
    {
        let office = try Office()
        let payload = try office.order().payload
        for audience in [
            ["latchkey/1 order", "berlin", "lamp-2"], ["latchkey/1 order", "hamburg", "lamp-1"],
            ["latchkey/1 order", "berlin"], ["latchkey/1 anchor", "berlin", "lamp-1"],
            ["latchkey/2 order", "berlin", "lamp-1"], [],
        ] {
            let bytes = try office.sign(payload, audience)
            #expect(try refusal { try office.obey(bytes) } == .badSignature, "\(audience)")
        }
        let right = try office.sign(payload, ["latchkey/1 order", "berlin", "lamp-1"])
        #expect(try office.obey(right) == office.order())
    }

    @Test func `an order that another key signed is forged`() throws {
        let office = try Office()
        let forged = try Office(0x66).sign(office.order())
        #expect(try refusal { try office.obey(forged) } == .badSignature)
    }

    @Test(arguments: [0, 31, 32, 63, 65])
    func `a pinned key of any wrong length verifies nothing, or only what it half names`(
        count: Int
    ) throws {
        let office = try Office()
        let bytes = try office.sign(office.order())
        let key = Array((office.key.publicKey + [0]).prefix(count))
        let found = try refusal {
            try Order.verify(
                bytes,
                commandKey: key,
                fleet: .berlin,
                device: office.device,
                crypto: office.crypto
            )
        }
        // x alone names the key and its mirror image, which has the same owner.
        #expect(found == (count == 32 ? nil : .badSignature))
    }

    @Test func `an announcement is no order, and an order is no announcement`() throws {
        let office = try Office()
        let order = try office.sign(office.order())
        let announcement = try Anchor.announce(office.anchor(), signedBy: office.key)
        #expect(try refusal { try office.obey(announcement) } == .malformed)
        #expect(try refusal { try office.pin(order) } == .malformed)
        // Not even with the other's payload under the right purpose, or the right one under the other's.
        let payloads = (order: try office.order().payload, anchor: try office.anchor().payload)
        let crossed = try (
            order: office.signAnchor(payloads.order), anchor: office.signOrder(payloads.anchor)
        )
        #expect(try refusal { try office.obey(crossed.order) } == .badSignature)
        #expect(try refusal { try office.pin(crossed.anchor) } == .badSignature)
    }

    @Test func `an order counts once`() throws {
        let order = try Office().order(counter: 7)
        #expect(order.refusal(lastObeyed: 6, serverTimeFloor: nil) == nil)
        #expect(order.refusal(lastObeyed: 0, serverTimeFloor: nil) == nil)
        #expect(order.refusal(lastObeyed: 7, serverTimeFloor: nil) == .replayed)
        #expect(order.refusal(lastObeyed: .max, serverTimeFloor: nil) == .replayed)
    }

    @Test func `a counter given out twice is two orders, and each counts once`() throws {
        let order = try Office().order(counter: 7)
        let other = try #require(OperationID(bytes: [UInt8](repeating: 0xee, count: 8)))
        func refusal(_ last: UInt64, _ obeyed: [OperationID]) -> Order.Refusal? {
            order.refusal(lastObeyed: last, obeyedUnderIt: obeyed, serverTimeFloor: nil)
        }
        #expect(refusal(7, [other]) == nil)
        #expect(refusal(7, [order.operation]) == .replayed)
        #expect(refusal(7, [order.operation, other]) == .replayed)
        #expect(refusal(8, [other]) == .replayed)
        #expect(refusal(6, [order.operation]) == nil)
    }

    @Test func `an order expires by the server's time alone`() throws {
        let order = try Office().order(expiresAt: 1_800_604_800)
        #expect(order.refusal(lastObeyed: 0, serverTimeFloor: nil) == nil)
        #expect(order.refusal(lastObeyed: 0, serverTimeFloor: 0) == nil)
        #expect(order.refusal(lastObeyed: 0, serverTimeFloor: 1_800_604_799) == nil)
        #expect(order.refusal(lastObeyed: 0, serverTimeFloor: 1_800_604_800) == .expired)
        #expect(order.refusal(lastObeyed: 0, serverTimeFloor: .max) == .expired)
    }

    @Test func `an order without an end never expires, and a replay is told before an end`() throws
    {
        let endless = try Office().order(expiresAt: nil)
        #expect(endless.refusal(lastObeyed: 0, serverTimeFloor: .max) == nil)
        let order = try Office().order()
        #expect(order.refusal(lastObeyed: 7, serverTimeFloor: .max) == .replayed)
    }
}
