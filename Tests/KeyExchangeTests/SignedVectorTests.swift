import EDHOC
import Testing

@testable import KeyExchange

/// Orders and announcements that other code has written.
struct SignedVectorTests {
    private let vectors: Vectors
    private let office: Office

    init() throws {
        vectors = try Vectors()
        office = try Office()
    }

    @Test func `the command key of the vectors is the office's`() {
        #expect(vectors["command_public"] == office.key.publicKey)
    }

    @Test func `orders are what other code makes of them, byte for byte`() throws {
        let orders = [
            ("order_device", try office.order()),
            ("order_keys", try office.order(.keys([.data, .sign]), expiresAt: nil)),
        ]
        for (name, order) in orders {
            #expect(vectors["\(name)_payload"] == order.payload)
            // Signatures of this library are deterministic, too (RFC 6979).
            #expect(vectors[name] == (try office.sign(order)))
            #expect(try office.obey(vectors[name]) == order)
        }
    }

    @Test func `an announcement is what other code makes of it, byte for byte`() throws {
        let anchor = try office.anchor()
        #expect(vectors["next_CRED_R"] == anchor.server.encoded)
        #expect(vectors["next_command_public"] == anchor.commandKey)
        #expect(vectors["announcement_payload"] == anchor.payload)
        let announced = try Anchor.announce(anchor, signedBy: office.key)
        #expect(vectors["announcement"] == announced)
        #expect(try office.pin(announced) == anchor)
    }
}
