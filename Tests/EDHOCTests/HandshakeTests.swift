import EDHOC
import Testing

/// Every way through a handshake, on every crypto library and between them.
@Suite struct HandshakeTests {
    struct Combination: Sendable, CustomTestStringConvertible {
        let method: Method
        let suite: CipherSuite
        let lamp: Provider
        let hall: Provider
        var testDescription: String { "\(method) suite \(suite.id) \(lamp.name)–\(hall.name)" }

        static let available: [Combination] = Method.allCases.flatMap { method in
            CipherSuite.all.flatMap { suite in
                Provider.all.flatMap { lamp in
                    Provider.all.filter { hall in
                        suite.isAvailable(with: lamp.crypto, method: method)
                            && suite.isAvailable(with: hall.crypto, method: method)
                    }.map { Combination(method: method, suite: suite, lamp: lamp, hall: $0) }
                }
            }
        }
    }

    @Test(arguments: Combination.available)
    func `both sides end with the same keys`(_ combination: Combination) throws {
        let handshake = try Handshake(
            combination.method,
            suite: combination.suite.id,
            lamp: combination.lamp,
            hall: combination.hall
        )
        let outcome = try handshake.run()
        #expect(outcome.agrees)
        #expect(outcome.messages.count == 4)
    }

    @Test func `method 3 has every suite on every library`() {
        for provider in Provider.all {
            for suite in CipherSuite.all {
                #expect(suite.isAvailable(with: provider.crypto, method: .staticDH))
            }
        }
    }

    @Test func `a suite whose signature is lacking is absent where a side signs`() throws {
        for suite in CipherSuite.all where suite.signature == .edDSA {
            for method in [Method.signatures, .initiatorSigns, .responderSigns] {
                #expect(!suite.isAvailable(with: Provider.mbedTLS.crypto, method: method))
                #expect(throws: EDHOCError(.unsupportedSuite([]), "")) {
                    _ = try Initiator(
                        method: method,
                        suites: [suite.id],
                        connectionID: ConnectionID([]),
                        crypto: Provider.mbedTLS.crypto
                    )
                }
            }
        }
    }

    @Test func `suite 25 is known and absent, with the reason`() {
        #expect(CipherSuite.named(25) == nil)
        #expect(CipherSuite.absent[25]?.contains("X448") == true)
        #expect(CipherSuite.named(7) == nil)
    }

    @Test func `session messages never have a short tag`() {
        for suite in CipherSuite.all { #expect(suite.sessionAEAD.tagLength == 16) }
    }

    static let sizes: [(CipherSuite.ID, [Int])] = [
        (2, [37, 45, 19, 9]), (3, [37, 53, 36, 17]), (24, [54, 69, 36, 17]),
    ]

    @Test(arguments: sizes)
    func `no message has a byte to spare`(_ id: CipherSuite.ID, _ sizes: [Int]) throws {
        var handshake = try Handshake(suite: id)
        handshake.hall = try Party(
            "hall",
            kid: [0x32],
            suite: handshake.suite,
            usesStaticDH: true,
            crypto: handshake.hallCrypto
        )
        #expect(try handshake.run().messages.map(\.count) == sizes)
    }

    @Test(arguments: [0, 1, 8, 23, 24, 32], [true, false])
    func `identifiers of every length, by reference and by value`(
        length: Int,
        byValue: Bool
    ) throws {
        var handshake = try Handshake()
        handshake.lampID = ConnectionID([UInt8](repeating: 0x37, count: length))
        handshake.hallID = ConnectionID([UInt8](repeating: 0x38, count: length))
        if byValue {
            handshake.lamp = try handshake.lamp.sentByValue()
            handshake.hall = try handshake.hall.sentByValue()
        }
        #expect(try handshake.run().agrees)
    }

    @Test(arguments: Method.allCases)
    func `message_4 may be left out`(_ method: Method) throws {
        var handshake = try Handshake(method)
        handshake.usesMessage4 = false
        let outcome = try handshake.run()
        #expect(outcome.agrees)
        #expect(outcome.messages.count == 3)
    }

    @Test(arguments: Method.allCases)
    func `two handshakes of the same parties share no key`(_ method: Method) throws {
        let handshake = try Handshake(method)
        let first = try handshake.run()
        let second = try handshake.run()
        #expect(first.lampOut != second.lampOut)
        #expect(Set(first.messages).isDisjoint(with: second.messages))
    }

    @Test(arguments: Method.allCases)
    func `opaque credentials with a key beside them`(_ method: Method) throws {
        var handshake = try Handshake(method)
        // An X.509 certificate by x5t: bytes that this module never looks into.
        func opaque(_ party: Party, _ last: UInt8) throws -> Party {
            let id = try CredentialID(encoded: hex("a11822822e48c24ab2fd7643c7") + [last])
            let certificate = hex("590130") + [UInt8](repeating: last, count: 0x130)
            return Party(
                credential: Credential(
                    encoded: certificate,
                    id: id,
                    publicKey: party.credential.publicKey
                ),
                key: party.key
            )
        }
        handshake.lamp = try opaque(handshake.lamp, 1)
        handshake.hall = try opaque(handshake.hall, 2)
        #expect(try handshake.run().agrees)
    }

    @Test func `a public key of x alone is enough for static Diffie-Hellman and for a signature`()
        throws
    {
        for method in Method.allCases {
            var handshake = try Handshake(method)
            func short(_ party: Party) -> Party {
                Party(
                    credential: Credential(
                        encoded: party.credential.encoded,
                        id: party.credential.id,
                        publicKey: Array(party.credential.publicKey.prefix(32))
                    ),
                    key: party.key
                )
            }
            handshake.lamp = short(handshake.lamp)
            handshake.hall = short(handshake.hall)
            #expect(try handshake.run().agrees)
        }
    }
}
