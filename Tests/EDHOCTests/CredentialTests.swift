import EDHOC
import Testing

/// CCS credentials: read, written, and the many that are refused.
@Suite struct CredentialTests {
    private static let x = String(repeating: "11", count: 32)
    private static let y = String(repeating: "22", count: 32)

    @Test func `what is written is read`() throws {
        let whole = CCS.encode(
            subject: "lamp",
            kid: [1, 2],
            curve: .p256,
            publicKey: hex(Self.x + Self.y)
        )
        #expect(
            whole
                == hex(
                    "a202646c616d7008a101a5010202420102200121 5820\(Self.x)22 5820\(Self.y)"
                )
        )
        let read = try Credential(ccs: whole, sentByValue: false)
        #expect(read.subject == "lamp")
        #expect(read.id == .kid([1, 2]))
        #expect(read.publicKey == hex(Self.x + Self.y))
        #expect(read.encoded == whole)
        #expect(try Credential(ccs: whole, sentByValue: true).id == .byValue(ccs: whole))
    }

    @Test func `x alone is written with a sign of y`() throws {
        let short = CCS.encode(subject: nil, kid: nil, curve: .p256, publicKey: hex(Self.x))
        #expect(short == hex("a108a101a401022001215820\(Self.x)22f4"))
        #expect(try CCS(parsing: short).publicKey == hex(Self.x))
    }

    @Test func `keys of X25519, Ed25519 and P-384`() throws {
        let x25519 = CCS.encode(subject: nil, kid: [7], curve: .x25519, publicKey: hex(Self.x))
        #expect(x25519 == hex("a108a101a4010102410720042158 20\(Self.x)"))
        let ed25519 = CCS.encode(subject: nil, kid: nil, signature: .edDSA, publicKey: hex(Self.x))
        #expect(ed25519 == hex("a108a101a3010120062158 20\(Self.x)"))
        let long = [UInt8](repeating: 3, count: 96)
        let p384 = CCS.encode(subject: nil, kid: nil, signature: .es384, publicKey: long)
        #expect(try CCS(parsing: p384).publicKey == long)
        for encoded in [x25519, ed25519] {
            #expect(try CCS(parsing: encoded).publicKey == hex(Self.x))
        }
    }

    @Test func `claims and members that are not needed are passed over`() throws {
        let encoded = hex(
            "a4 01 6161 02 6162 08 a101 a60102 03 26 2001 215820\(Self.x) 22f5 6161 00 0a 4101"
        )
        let ccs = try CCS(parsing: encoded)
        #expect(ccs.subject == "b")
        #expect(ccs.kid == nil)
    }

    static let bad: [(String, String)] = [
        ("empty", ""), ("not a map", "80"), ("an empty map", "a0"), ("no key", "a102616c"),
        ("an empty cnf", "a108a0"), ("cnf of another kind", "a108a1034101"),
        ("a key that is no map", "a108a10140"), ("an empty key", "a108a101a0"),
        ("subject of a wrong type", "a202410108a101a401022001215820\(x)22f4"),
        ("no y", "a108a101a301022001215820\(x)"),
        ("y of 31 bytes", "a108a101a401022001215820\(x)22581f\(y.dropLast(2))"),
        ("x of 31 bytes", "a108a101a40102200121581f\(x.dropLast(2))22f4"),
        ("no x", "a108a101a30102200122f4"), ("no curve", "a108a101a30102215820\(x)22f4"),
        ("an unknown curve", "a108a101a401022003215820\(x)22f4"),
        ("OKP on P-256", "a108a101a301012001215820\(x)"),
        ("EC2 on X25519", "a108a101a401022004215820\(x)22f4"),
        ("OKP with y", "a108a101a401012004215820\(x)22f4"),
        ("symmetric", "a108a101a20104204101"),
        ("a private key in it", "a108a101a501022001215820\(x)22f4235820\(y)"),
        ("key members out of order", "a108a101a42001010221 5820\(x)22f4"),
        ("claims out of order", "a208a101a401022001215820\(x)22f402616c"),
        ("a member twice", "a108a101a5010201022001215820\(x)22f4"),
        ("kid of 33 bytes", "a108a101a50102025821\(x)112001215820\(x)22f4"),
        ("a byte more", "a108a101a401022001215820\(x)22f400"),
        ("an indefinite map", "bf08a101a401022001215820\(x)22f4ff"),
        ("a tag", "d9d9f7a108a101a401022001215820\(x)22f4"),
    ]

    @Test(arguments: bad)
    func `a bad CCS is refused`(_ why: String, _ encoded: String) {
        #expect(throws: EDHOCError.self, "\(why)") { _ = try CCS(parsing: hex(encoded)) }
    }

    @Test func `every truncation and a long one are refused`() throws {
        let good = CCS.encode(subject: "lamp", kid: [1], curve: .p256, publicKey: hex(Self.x))
        for count in 0..<good.count {
            #expect(throws: EDHOCError.self) { _ = try CCS(parsing: Array(good[..<count])) }
        }
        let long = hex("a1 02 79 0400") + [UInt8](repeating: 0x61, count: 1024)
        #expect(throws: EDHOCError(.tooLong, "")) { _ = try CCS(parsing: long) }
    }

    @Test func `a CCS without a kid cannot be referred to`() {
        let nameless = CCS.encode(subject: nil, kid: nil, curve: .p256, publicKey: hex(Self.x))
        #expect(throws: EDHOCError(.invalidCredential, "")) {
            _ = try Credential(ccs: nameless, sentByValue: false)
        }
    }

    @Test func `a CCS that came whole stands for the one that is stored`() throws {
        var handshake = try Handshake()
        let stored = handshake.lamp.credential
        handshake.lamp = try handshake.lamp.sentByValue()
        let initiator = try handshake.initiator()
        let sent = try handshake.answer(initiator.message1)
        let message3 = try handshake.conclude(initiator, sent.message2).message3
        let identified = try sent.receive(message3: message3)
        #expect(identified.peerID.credentialByValue == stored.encoded)
        #expect(try identified.verify(peer: stored).peer == stored)
    }
}
