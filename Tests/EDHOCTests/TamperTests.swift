import EDHOC
import Testing

/// A wire that lies: whatever it changes, nobody ends with a key that the other does not have.
@Suite struct TamperTests {
    static let kinds: [(Method, CipherSuite.ID)] = [
        (.staticDH, 3), (.staticDH, 2), (.signatures, 2), (.initiatorSigns, 3),
        (.responderSigns, 3),
    ]

    @Test(arguments: kinds, Provider.all)
    func `one bit turned in any byte of any message is refused`(
        _ kind: (Method, CipherSuite.ID),
        _ provider: Provider
    ) throws {
        let handshake = try Handshake(kind.0, suite: kind.1, lamp: provider, hall: provider)
        let lengths = try handshake.run().messages.map(\.count)
        for (number, length) in lengths.enumerated() {
            for index in 0..<length {
                #expect(throws: EDHOCError.self, "byte \(index) of message_\(number + 1)") {
                    _ = try handshake.run {
                        $0 == number + 1 ? $1.flipped(at: index, bit: index % 8) : $1
                    }
                }
            }
        }
    }

    @Test(arguments: [Method.staticDH, .signatures])
    func `every truncation, and one byte more, is refused`(_ method: Method) throws {
        let handshake = try Handshake(method)
        let lengths = try handshake.run().messages.map(\.count)
        for (number, length) in lengths.enumerated() {
            for count in 0..<length {
                #expect(throws: EDHOCError.self) {
                    _ = try handshake.run { $0 == number + 1 ? Array($1.prefix(count)) : $1 }
                }
            }
            #expect(throws: EDHOCError.self) {
                _ = try handshake.run { $0 == number + 1 ? $1 + [0] : $1 }
            }
        }
    }

    @Test(arguments: Method.allCases, 2...4)
    func `a message of another session is refused`(_ method: Method, _ number: Int) throws {
        let handshake = try Handshake(method)
        let other = try handshake.run().messages
        #expect(throws: EDHOCError.self) {
            _ = try handshake.run { $0 == number ? other[number - 1] : $1 }
        }
    }

    @Test func `messages in a wrong order are refused`() throws {
        let handshake = try Handshake()
        let other = try handshake.run().messages
        for number in 1...4 {
            for wrong in 1...4 where wrong != number {
                #expect(throws: EDHOCError.self, "message_\(wrong) for message_\(number)") {
                    _ = try handshake.run { $0 == number ? other[wrong - 1] : $1 }
                }
            }
        }
    }

    @Test func `a message_1 sent again starts a session of which the old one knows nothing`()
        throws
    {
        let handshake = try Handshake()
        let initiator = try handshake.initiator()
        let first = try handshake.answer(initiator.message1)
        let second = try handshake.answer(initiator.message1)
        #expect(first.message2 != second.message2)
        let message3 = try handshake.conclude(initiator, first.message2).message3
        #expect(throws: EDHOCError(.notAuthentic, "")) {
            _ = try handshake.answer(handshake.initiator().message1).receive(message3: message3)
        }
        expectRefused(second, message3)
        _ = try first.receive(message3: message3)
    }

    private func expectRefused(_ sent: consuming ResponderSent, _ message3: [UInt8]) {
        do {
            _ = try sent.receive(message3: message3)
            Issue.record("a message_3 of another session was taken")
        } catch {
            #expect(error.code == .notAuthentic)
        }
    }

    @Test(arguments: Method.allCases)
    func `a peer without the private key is refused`(_ method: Method) throws {
        let good = try Handshake(method)
        let stranger = try Handshake(method)
        var badHall = good
        badHall.hall = Party(credential: good.hall.credential, key: stranger.hall.key)
        #expect(throws: EDHOCError(.notAuthentic, "")) { _ = try badHall.run() }
        var badLamp = good
        badLamp.lamp = Party(credential: good.lamp.credential, key: stranger.lamp.key)
        #expect(throws: EDHOCError(.notAuthentic, "")) { _ = try badLamp.run() }
    }

    @Test(arguments: Method.allCases)
    func `a credential that the peer did not name is not tried`(_ method: Method) throws {
        let handshake = try Handshake(method)
        let stranger = try Party(
            "stranger",
            kid: [7],
            suite: handshake.suite,
            usesStaticDH: method.responderUsesStaticDH,
            crypto: handshake.hallCrypto
        )
        #expect(throws: EDHOCError(.unknownCredential, "")) {
            let initiator = try handshake.initiator()
            let message2 = try handshake.answer(initiator.message1).message2
            _ = try initiator.receive(message2: message2).verify(
                peer: stranger.credential,
                own: nil
            )
        }
    }

    @Test(arguments: Method.allCases)
    func `a credential of the same kid with another byte in it is refused`(
        _ method: Method
    ) throws {
        let handshake = try Handshake(method)
        let real = handshake.hall.credential
        // Same key, same kid, and a byte of the subject changed: CRED_R is in the transcript.
        let changed = Credential(
            encoded: real.encoded.flipped(at: 4),
            id: real.id,
            publicKey: real.publicKey
        )
        #expect(throws: EDHOCError(.notAuthentic, "")) {
            let initiator = try handshake.initiator()
            let message2 = try handshake.answer(initiator.message1).message2
            _ = try initiator.receive(message2: message2).verify(peer: changed, own: nil)
        }
    }

    @Test func `an initiator refuses itself as its responder`() throws {
        var handshake = try Handshake()
        handshake.hall = handshake.lamp
        #expect(throws: EDHOCError(.ownIdentity, "")) { _ = try handshake.run() }
        // The same key under another name is the same identity.
        let again = try Handshake()
        var renamed = again
        renamed.hall = Party(
            credential: Credential(
                encoded: hex("4101"),
                id: .kid([9]),
                publicKey: Array(again.lamp.credential.publicKey.prefix(32))
            ),
            key: again.lamp.key
        )
        #expect(throws: EDHOCError(.ownIdentity, "")) { _ = try renamed.run() }
    }

    @Test func `a peer whose long-term key is off the curve is refused`() throws {
        var handshake = try Handshake()
        let real = handshake.hall.credential
        handshake.hall = Party(
            credential: Credential(
                encoded: real.encoded,
                id: real.id,
                publicKey: hex("a04e73601df544a70ba7ea1e57030f7d4b4eb7f673924e58d54ca77a5e7d4d4a")
            ),
            key: handshake.hall.key
        )
        #expect(throws: EDHOCError(.invalidPublicKey, "")) { _ = try handshake.run() }
    }

    @Test func `a method that is not allowed here is refused`() throws {
        let handshake = try Handshake(.signatures)
        let message1 = try handshake.initiator().message1
        #expect(throws: EDHOCError(.unsupportedMethod, "")) {
            _ = try Handshake(.staticDH).responder.receive(message1: message1)
        }
    }
}
