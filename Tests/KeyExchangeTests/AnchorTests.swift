import CBOR
import EDHOC
import Testing

@testable import KeyExchange

struct AnchorTests {
    @Test(arguments: [1, 2, UInt32.max])
    func `an announcement is read as it was signed`(generation: UInt32) throws {
        let office = try Office()
        let anchor = try office.anchor(generation)
        let read = try office.pin(Anchor.announce(anchor, signedBy: office.key))
        #expect(read == anchor)
        #expect(read.server.id == .kid(eight(0x5f)))
    }

    @Test func `the longest credential that a server has can be announced`() throws {
        let office = try Office()
        let long = KeyName(checked: String(repeating: "f", count: 64)).description
        let key = try office.crypto.generateAgreementKey(.p256)
        let anchor = Anchor(
            generation: .max,
            fleet: FleetID(checked: long),
            server: try Party(long, kid: eight(1), key: key).credential,
            commandKey: office.key.publicKey,
            beside: .max - 1
        )
        let bytes = try Anchor.announce(anchor, signedBy: office.key)
        print("the longest announcement: \(bytes.count) bytes")
        #expect(try office.pin(bytes, of: long) == anchor)
    }

    @Test func `no part of an announcement, and none with more behind it, is one`() throws {
        let office = try Office()
        let whole = try Anchor.announce(office.anchor(), signedBy: office.key)
        for count in whole.indices {
            #expect(try refusal { try office.pin(Array(whole.prefix(count))) } == .malformed)
        }
        #expect(try refusal { try office.pin(whole + [0]) } == .malformed)
    }

    @Test func `an announcement with any one bit changed is refused`() throws {
        let office = try Office()
        let whole = try Anchor.announce(office.anchor(), signedBy: office.key)
        for index in whole.indices {
            for bit in 0..<8 {
                var changed = whole
                changed[index] ^= 1 << UInt8(bit)
                #expect(try refusal { try office.pin(changed) } != nil, "bit \(bit) of \(index)")
            }
        }
    }

    @Test func `an anchor of another fleet is refused by name`() throws {
        let office = try Office()
        let bytes = try Anchor.announce(office.anchor(), signedBy: office.key)
        #expect(try refusal { try office.pin(bytes, of: "hamburg") } == .wrongFleet)
    }

    @Test func `an anchor that was signed for another fleet or purpose is refused`() throws {
        let office = try Office()
        let payload = try office.anchor().payload
        for audience in [
            ["latchkey/1 anchor", "hamburg"], ["latchkey/1 order", "berlin"],
            ["latchkey/1 anchor", "berlin", "lamp-1"], ["latchkey/1 anchor"],
        ] {
            let bytes = try office.sign(payload, audience)
            #expect(try refusal { try office.pin(bytes) } == .badSignature, "\(audience)")
        }
    }

    @Test func `a new command key vouches for itself in vain`() throws {
        let office = try Office()
        let forged = try Anchor.announce(office.anchor(), signedBy: Office(0x78).key)
        #expect(try refusal { try office.pin(forged) } == .badSignature)
    }

    @Test func `a device without a command key takes the one of the server that it talked to`()
        throws
    {
        let office = try Office()
        let anchor = Anchor(
            generation: 1,
            fleet: .berlin,
            server: try office.anchor().server,
            commandKey: office.key.publicKey
        )
        let bytes = try Anchor.announce(anchor, signedBy: office.key)
        let first = try Anchor.verifyFirst(
            bytes,
            server: anchor.server,
            fleet: .berlin,
            crypto: office.crypto
        )
        #expect(first == anchor)
        let other = try Party("hall", kid: eight(0x5f), crypto: office.crypto).credential
        for (server, fleet, code) in [
            (other, "berlin", SignedMessageError.Code.wrongServer),
            (anchor.server, "hamburg", .wrongFleet),
        ] {
            let found = try refusal {
                try Anchor.verifyFirst(
                    bytes,
                    server: server,
                    fleet: FleetID(checked: fleet),
                    crypto: office.crypto
                )
            }
            #expect(found == code)
        }
    }

    @Test func `a first command key that its owner did not sign for is refused`() throws {
        let office = try Office()
        // Generation 2 with its own key, signed by the key of generation 1: good for who has that one.
        let anchor = try office.anchor()
        let bytes = try Anchor.announce(anchor, signedBy: office.key)
        let found = try refusal {
            try Anchor.verifyFirst(
                bytes,
                server: anchor.server,
                fleet: .berlin,
                crypto: office.crypto
            )
        }
        #expect(found == .badSignature)
    }

    private static func payload(
        items: Int = 6,
        version: UInt64 = 1,
        generation: @escaping (inout CBORWriter) -> Void = { $0.unsigned(2) },
        server: (inout [UInt8]) -> Void = { _ in },
        commandKey: (inout [UInt8]) -> Void = { _ in },
        beside: @escaping (inout CBORWriter) -> Void = { $0.unsigned(1) }
    ) throws -> (inout CBORWriter) -> Void {
        let anchor = try Office().anchor()
        var ccs = anchor.server.encoded
        var key = anchor.commandKey
        server(&ccs)
        commandKey(&key)
        return { [ccs, key] writer in
            writer.array(items)
            writer.unsigned(version)
            writer.text("berlin")
            generation(&writer)
            writer.bytes(ccs)
            writer.bytes(key)
            beside(&writer)
        }
    }

    static let anchors: [(Wrong, SignedMessageError.Code)] = {
        do {
            return [
                (Wrong("five items", try payload(items: 5, beside: { _ in })), .malformed),
                (Wrong("seven items", try payload(items: 7)), .malformed),
                (Wrong("0 beside", try payload(beside: { $0.unsigned(0) })), .malformed),
                (Wrong("a younger beside", try payload(beside: { $0.unsigned(3) })), .malformed),
                (
                    Wrong("33 bits beside", try payload(beside: { $0.unsigned(1 << 32) })),
                    .malformed
                ),
                (Wrong("words beside", try payload(beside: { $0.text("1") })), .malformed),
                (Wrong("version 0", try payload(version: 0)), .wrongVersion),
                (Wrong("version 2", try payload(version: 2)), .wrongVersion),
                (
                    Wrong("generation 0", try payload(generation: { $0.unsigned(0) })), .malformed
                ),
                (
                    Wrong("33 bits", try payload(generation: { $0.unsigned(1 << 32) })),
                    .malformed
                ),
                (Wrong("no generation", try payload(generation: { $0.null() })), .malformed),
                (Wrong("no credential", try payload(server: { $0 = [] })), .malformed),
                (Wrong("half a credential", try payload(server: { $0.removeLast() })), .malformed),
                (
                    Wrong(
                        "a credential without a kid",
                        try payload(server: {
                            $0 = CCS.encode(
                                subject: "hall",
                                kid: nil,
                                curve: .p256,
                                publicKey: Wrong.digest
                            )
                        })
                    ), .malformed
                ),
                (
                    Wrong(
                        "a credential of another curve",
                        try payload(server: {
                            $0 = CCS.encode(
                                subject: "hall",
                                kid: eight(1),
                                curve: .p384,
                                publicKey: [UInt8](repeating: 1, count: 48)
                            )
                        })
                    ), .badKey
                ),
                (
                    Wrong(
                        "a server key that is no point",
                        try payload(server: {
                            $0 = CCS.encode(
                                subject: "hall",
                                kid: eight(1),
                                curve: .p256,
                                publicKey: [UInt8](repeating: 0xff, count: 32)
                            )
                        })
                    ), .badKey
                ),
                (Wrong("a short key", try payload(commandKey: { $0.removeLast() })), .malformed),
                (Wrong("a long key", try payload(commandKey: { $0.append(0) })), .malformed),
                (Wrong("no point", try payload(commandKey: { $0[63] ^= 1 })), .badKey),
                (
                    Wrong(
                        "the point 0",
                        try payload(commandKey: { $0 = [UInt8](repeating: 0, count: 64) })
                    ),
                    .badKey
                ),
            ]
        } catch {
            preconditionFailure("our own keys are wrong: \(error)")
        }
    }()

    @Test(arguments: anchors)
    func `an anchor that is wrong is refused, though the command key has signed it`(
        wrong: Wrong,
        code: SignedMessageError.Code
    ) throws {
        let office = try Office()
        let bytes = try office.signAnchor(wrong.bytes)
        #expect(try refusal { try office.pin(bytes) } == code)
    }

    @Test func `an announcement longer than its limit is refused before it is read`() throws {
        let office = try Office()
        let bytes = try office.signAnchor([UInt8](repeating: 0, count: Anchor.maximumLength))
        #expect(try refusal { try office.pin(bytes) } == .malformed)
    }
}
