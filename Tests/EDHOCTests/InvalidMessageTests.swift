import Testing

@testable import EDHOC

/// Messages that no peer may send: those of RFC 9529 § 4, and more of their kind.
@Suite struct InvalidMessageTests {
    private func responder(_ provider: Provider, _ suites: [CipherSuite.ID]) throws -> Responder {
        let hall = try Handshake(suite: 2).hall
        return Responder(
            credential: hall.credential,
            methods: Set(Method.allCases),
            suites: suites,
            crypto: provider.crypto
        )
    }

    /// Whether a responder goes as far as an answer to this message_1.
    private func isAnswered(
        _ message: [UInt8],
        _ provider: Provider,
        suites: [CipherSuite.ID] = [0, 2, 24]
    ) throws -> Bool {
        do {
            _ = try responder(provider, suites).receive(message1: message)
                .prepare(connectionID: ConnectionID([1]))
            return true
        } catch let error as EDHOCError {
            switch error.code {
            case .malformed, .invalidPublicKey, .tooLong, .unsupportedMethod,
                .unsupportedSuite, .suiteNotPreferred, .criticalEAD:
                return false
            default: throw error
            }
        }
    }

    @Test(arguments: Provider.all)
    func `all 15 of RFC 9529 are refused`(_ provider: Provider) throws {
        let invalid = try RFC9529.load().invalid
        #expect(invalid.count == 15)
        for example in invalid {
            let bytes = hex(example.hex)
            switch example.kind {
            case "message_1":
                #expect(try !isAnswered(bytes, provider), "\(example.name)")
            case "message_2":
                #expect(throws: EDHOCError(.malformed, ""), "\(example.name)") {
                    _ = try Handshake(suite: 2).run { $0 == 2 ? bytes : $1 }
                }
            case "PLAINTEXT_2":
                #expect(throws: EDHOCError.self, "\(example.name)") {
                    _ = try Plaintext(parsing: bytes, hasConnectionID: true, proofLength: 8)
                }
            default: Issue.record("an example of a kind that is not known: \(example.kind)")
            }
        }
    }

    @Test func `the message that the others differ from is answered`() throws {
        let good = hex(
            "03025820 8af6f430ebe18d34184017a9a11bf511c8dff8f834730b96c1b7c8dbca2fc3b6 0e"
        )
        #expect(try isAnswered(good, .mbedTLS))
    }

    static let wrongEnds: [(String, String)] = [
        ("0302", ""), ("03025820", "37"), ("1803025820", "0e"), ("0318025820", "0e"),
        ("038202025820", "0e"), ("0381025820", "0e"), ("038281060258 20", "0e"),
        ("03805820", "0e"), ("039f0602ff5820", "0e"), ("03c1025820", "0e"),
        ("03f90000 5820", "0e"), ("f6025820", "0e"), ("04025820", "0e"), ("20025820", "0e"),
        ("03025f5820", "ff0e"), ("03025820", "1818"), ("03025820", "38 18"),
        ("03025820", "f5"), ("03025820", "6161"), ("03025820", "80"), ("03025820", "4100"),
        ("03025820", "4137"), ("03025820", "5801ff"), ("03025820", "0e4101"),
        ("03025820", "0e0141014102"), ("03025820", "0e014201"), ("03025820", "0e20"),
        ("03025820", "0e f5"), ("03025820", "0e8101"), ("03025820", "0ea0"),
        ("03025820", "0e1801"), ("03025820", "0e01 5f4101ff"),
        ("03025820", "0e 01 02 03 04 05 06 07 08 09"), ("03025820", "0e1b0000000100000000"),
        ("03025820", "5821" + String(repeating: "ff", count: 33)),
        (
            "0391" + (0...16).map { _ in "02" }.joined() + "5820", "0e"
        ),
    ]

    @Test(arguments: wrongEnds)
    func `a message_1 with one thing wrong is refused`(_ start: String, _ end: String) throws {
        let x = "8af6f430ebe18d34184017a9a11bf511c8dff8f834730b96c1b7c8dbca2fc3b6"
        let isWhole = end != "37" && end != ""
        let message = hex(start) + (isWhole ? hex(x) : Array(hex(x).dropLast())) + hex(end)
        #expect(try !isAnswered(message, .mbedTLS))
    }

    @Test func `every truncation of a good message_1 is refused`() throws {
        var handshake = try Handshake(suite: 2)
        handshake.lampID = ConnectionID([9, 8, 7])
        let good = try handshake.initiator().message1
        for count in 0..<good.count {
            #expect(try !isAnswered(Array(good[..<count]), .mbedTLS))
        }
    }

    @Test(arguments: Provider.all)
    func `points of low order and off the curve are refused`(_ provider: Provider) throws {
        let lowOrder = [
            String(repeating: "00", count: 32),
            "01" + String(repeating: "00", count: 31),
            "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
            "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        ]
        for point in lowOrder {
            let message = hex("03005820") + hex(point) + hex("0e")
            #expect(try !isAnswered(message, provider), "\(point)")
        }
        // 31 and 33 bytes, 48 bytes, nothing at all, p itself.
        for point in [
            "581f" + String(repeating: "11", count: 31),
            "5821" + String(repeating: "11", count: 33),
            "5830" + String(repeating: "11", count: 48), "40",
            "5820ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
        ] {
            #expect(try !isAnswered(hex("0302") + hex(point) + hex("0e"), provider), "\(point)")
        }
    }

    @Test(arguments: [(1, 513), (2, 4097), (3, 4097), (4, 1025)])
    func `an oversized message is refused before it is read`(
        _ number: Int,
        _ count: Int
    ) throws {
        #expect(throws: EDHOCError(.tooLong, "")) {
            _ = try Handshake().run {
                $0 == number ? [UInt8](repeating: 0, count: count) : $1
            }
        }
    }

    @Test(arguments: [
        "", "27", "2732", "2732480943305c899f5c", "27325820", "27324709 43305c899f5c",
        "2732490943305c899f5c5454", "27a0480943305c899f5c54", "27a1044132480943305c899f5c54",
        "27413248 0943305c899f5c54", "41273248 0943305c899f5c54", "27a20e01 0e02480943305c899f5c54",
        "27a10e02480943305c899f5c54", "2732480943305c899f5c5441", "2732480943305c899f5c544101",
        "27f6480943305c899f5c54", "2781324809 43305c899f5c54",
    ])
    func `a plaintext with one thing wrong is refused`(_ text: String) throws {
        #expect(throws: EDHOCError.self) {
            _ = try Plaintext(parsing: hex(text), hasConnectionID: true, proofLength: 8)
        }
    }

    @Test func `the plaintext that the others differ from is read`() throws {
        let good = try Plaintext(
            parsing: hex("2732480943305c899f5c54"),
            hasConnectionID: true,
            proofLength: 8
        )
        #expect(good.id.kid == [0x32])
    }
}
