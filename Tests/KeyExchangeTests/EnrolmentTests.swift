import EDHOC
import KeyExchange
import Secrets
import Testing

struct EnrolmentTests {
    @Test func `a stranger with a token leaves with its first key`() throws {
        let scene = try Scene()
        let key = try scene.key()
        scene.hall.desired = [key]
        let lamp = try scene.stranger()
        let payloads = try scene.converse(lamp)
        #expect(payloads.count == 6)
        #expect(lamp.effects == [.installed([.data]), .settled])
        #expect(lamp.pocket.primary(.data) == clear(key.material.secret))
        #expect(scene.hall.tokens[scene.token.id]?.owner == scene.lampParty.credential.encoded)
        let introduction = try #require(scene.hall.introductions.first)
        #expect(introduction.isByValue)
        #expect(introduction.credential.subject == "lamp-1")
        #expect(introduction.report.agentVersion == "1.0.0")
    }

    @Test func `both sides derive the same broker password`() throws {
        let scene = try Scene()
        let lamp = try scene.stranger()
        try scene.converse(lamp)
        let ours = try #require(lamp.password)
        let theirs = try #require(scene.hall.introductions.first?.brokerPassword)
        #expect(clear(ours.secret) == clear(theirs.secret))
        let text = clear(BrokerPassword.text(ours))
        #expect(text.count == 32)
        #expect(text.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != 0x3a })
    }

    @Test func `each session has a broker password of its own`() throws {
        let scene = try Scene()
        for connection: UInt8 in [1, 2] {
            try scene.converse(scene.stranger(connection: connection))
        }
        let passwords = scene.hall.introductions.map { clear($0.brokerPassword.secret) }
        #expect(Set(passwords).count == 2)
    }

    @Test func `a registered public key needs no token`() throws {
        let scene = try Scene()
        scene.hall.desired = [try scene.key()]
        scene.hall.known[eight(0x1a)] = scene.lampParty.credential
        let lamp = try Lamp(
            scene.lampParty.byValue,
            hall: scene.hall.party.credential,
            crypto: scene.crypto
        )
        try scene.converse(lamp)
        #expect(lamp.isSettled)
        #expect(scene.hall.introductions.first?.enrolment == nil)
    }

    @Test func `a kid is enough once the hall knows the lamp`() throws {
        let scene = try Scene()
        scene.hall.desired = [try scene.key()]
        let lamp = try scene.acquaintance()
        try scene.converse(lamp)
        #expect(lamp.isSettled)
        #expect(scene.hall.introductions.first?.isByValue == false)
    }

    @Test func `the same device enrols again and gets the same answer`() throws {
        let scene = try Scene()
        let key = try scene.key()
        scene.hall.desired = [key]
        for connection: UInt8 in [1, 2] {
            let lamp = try scene.stranger(connection: connection)
            try scene.converse(lamp)
            #expect(lamp.pocket.primary(.data) == clear(key.material.secret))
        }
    }

    @Test func `a second device with the same token is refused`() throws {
        let scene = try Scene()
        try scene.converse(scene.stranger())
        let other = try Party("lamp-2", kid: eight(0x2b), crypto: scene.crypto).byValue
        let lamp = try Lamp(
            other,
            hall: scene.hall.party.credential,
            token: scene.token,
            connection: ConnectionID(eight(2)),
            crypto: scene.crypto
        )
        try scene.converse(lamp)
        #expect(lamp.effects == [.refused(.tokenUsedUp)])
    }

    @Test func `a stranger without a token is refused, and told so with authority`() throws {
        let scene = try Scene()
        let lamp = try Lamp(
            scene.lampParty.byValue,
            hall: scene.hall.party.credential,
            crypto: scene.crypto
        )
        let payloads = try scene.converse(lamp)
        #expect(lamp.effects == [.refused(.unknownDevice)])
        #expect(payloads.count == 4)
    }

    @Test func `an unknown kid gets error 3, which is only a hint`() throws {
        let scene = try Scene()
        let lamp = try Lamp(
            scene.lampParty,
            hall: scene.hall.party.credential,
            crypto: scene.crypto
        )
        try scene.converse(lamp)
        #expect(lamp.effects == [.failed(.peerError(.unknownCredential))])
    }

    @Test func `an unknown token is refused`() throws {
        let scene = try Scene()
        scene.hall.tokens = [:]
        let lamp = try scene.stranger()
        try scene.converse(lamp)
        #expect(lamp.effects == [.refused(.tokenUnknown)])
    }

    @Test func `a token with another secret is refused`() throws {
        let scene = try Scene()
        scene.hall.tokens[scene.token.id] = Hall.Token(secret: material(eight(9) + eight(9)))
        let lamp = try scene.stranger()
        try scene.converse(lamp)
        #expect(lamp.effects == [.refused(.tokenProofWrong)])
    }

    @Test(arguments: ProblemCode.allCases)
    func `a refusal arrives with its code and its text`(code: ProblemCode) throws {
        let scene = try Scene()
        scene.hall.refusal = code
        let lamp = try scene.acquaintance()
        try scene.converse(lamp)
        #expect(lamp.effects == [.refused(code)])
        #expect(lamp.lastProblem?.text == "because")
    }

    @Test func `a hall that is not the pinned one gets neither name nor token`() throws {
        let scene = try Scene()
        let impostor = try Party("hall", kid: eight(0x5e), crypto: scene.crypto)
        let lamp = try Lamp(
            scene.lampParty.byValue,
            hall: impostor.credential,
            token: scene.token,
            crypto: scene.crypto
        )
        let payloads = try scene.converse(lamp)
        #expect(payloads.count == 2)
        #expect(
            lamp.effects == [.failed(.handshake(EDHOCError(.notAuthentic, "")))]
        )
    }

    @Test func `a hall with the lamp's own identity is refused`() throws {
        let scene = try Scene()
        let hall = Hall(scene.lampParty, crypto: scene.crypto)
        let lamp = try Lamp(
            scene.lampParty,
            hall: scene.lampParty.credential,
            crypto: scene.crypto
        )
        let answer = try #require(try hall.take(lamp.session.outgoing))
        #expect(try lamp.take(answer) == nil)
        #expect(lamp.effects == [.failed(.handshake(EDHOCError(.ownIdentity, "")))])
    }

    @Test func `a device of another fleet cannot enrol, even with a right token`() throws {
        let scene = try Scene()
        let lamp = try Lamp(
            scene.lampParty.byValue,
            hall: scene.hall.party.credential,
            fleet: FleetID(parsing: "paris"),
            token: scene.token,
            crypto: scene.crypto
        )
        try scene.converse(lamp)
        #expect(scene.hall.introductions.isEmpty)
        #expect(!lamp.hasActed)
    }

    @Test func `an identity key that fails ends the session`() throws {
        let scene = try Scene()
        let lamp = try scene.stranger()
        let other = try Party("lamp-1", kid: eight(0x1a), crypto: scene.crypto)
        let answer = try #require(try scene.hall.take(lamp.session.outgoing))
        guard case .perform(let operation) = lamp.session.receive(answer) else {
            Issue.record("the identity key was not asked")
            return
        }
        // Another key than the credential's: the hall notices.
        let event = try lamp.session.provide(other.key.performNow(operation))
        let message3 = try #require(try lamp.act(event))
        _ = try scene.hall.take(message3)
        #expect(scene.hall.introductions.isEmpty)
    }
}
