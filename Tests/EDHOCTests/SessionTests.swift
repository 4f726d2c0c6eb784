import EDHOC
import Secrets
import Testing

/// What a finished handshake gives: keys by label and context, and their update.
@Suite struct SessionTests {
    private struct Pair: ~Copyable {
        var lamp: InitiatorDone
        var hall: ResponderDone
    }

    private func sessions(_ handshake: Handshake) throws -> Pair {
        let initiator = try handshake.initiator()
        let sent = try handshake.answer(initiator.message1)
        let finished = try handshake.conclude(initiator, sent.message2)
        let hall = try sent.receive(message3: finished.message3)
            .verify(peer: handshake.lamp.credential).finish()
        let lamp = try finished.receive(message4: hall.message4 ?? [])
        return Pair(lamp: lamp, hall: hall)
    }

    @Test func `label, context and length each make another key`() throws {
        let pair = try sessions(Handshake())
        let session = pair.lamp.session
        let base = clear(session.exporter(label: 33000, context: [1], count: 32))
        #expect(base == clear(session.exporter(label: 33000, context: [1], count: 32)))
        #expect(base != clear(session.exporter(label: 33001, context: [1], count: 32)))
        #expect(base != clear(session.exporter(label: 33000, context: [2], count: 32)))
        let short = clear(session.exporter(label: 33000, context: [1], count: 16))
        #expect(!base.starts(with: short))
    }

    @Test func `lengths, contexts and labels past one byte are encoded right on both sides`() throws
    {
        let pair = try sessions(Handshake())
        let context = [UInt8](repeating: 7, count: 300)
        for count in [1, 23, 24, 255, 256, 8160] {
            let lamp = clear(
                pair.lamp.session.exporter(label: 65535, context: context, count: count)
            )
            let hall = clear(
                pair.hall.session.exporter(label: 65535, context: context, count: count)
            )
            #expect(lamp == hall)
            #expect(lamp.count == count)
        }
    }

    @Test func `an update changes every key, alike on both sides`() throws {
        var pair = try sessions(Handshake(suite: 24))
        let before = clear(pair.lamp.session.exporter(label: 1, context: [], count: 32))
        pair.lamp.session.keyUpdate(context: [1])
        pair.hall.session.keyUpdate(context: [1])
        let lamp = clear(pair.lamp.session.exporter(label: 1, context: [], count: 32))
        let hall = clear(pair.hall.session.exporter(label: 1, context: [], count: 32))
        #expect(lamp == hall)
        #expect(lamp != before)
        pair.hall.session.keyUpdate(context: [2])
        #expect(lamp != clear(pair.hall.session.exporter(label: 1, context: [], count: 32)))
    }

    @Test func `the session knows both names and the suite`() throws {
        let handshake = try Handshake(suite: 5)
        let pair = try sessions(handshake)
        #expect(pair.lamp.session.initiatorConnectionID == handshake.lampID)
        #expect(pair.lamp.session.responderConnectionID == handshake.hallID)
        #expect(pair.hall.session.initiatorConnectionID == handshake.lampID)
        #expect(pair.hall.session.responderConnectionID == handshake.hallID)
        #expect(pair.hall.session.suite.id == 5)
    }

    @Test func `what an enrolment proof binds is equal on both sides`() throws {
        let handshake = try Handshake()
        let initiator = try handshake.initiator()
        let digest = initiator.messageOneDigest
        let sent = try handshake.answer(initiator.message1)
        let verified = try initiator.receive(message2: sent.message2)
            .verify(peer: handshake.hall.credential, own: nil)
        #expect(verified.messageOneDigest == digest)
        let ephemeral = verified.ephemeralY
        let waiting = try verified.prepare(as: handshake.lamp.credential)
        let result = try handshake.lamp.key.performNow(waiting.operation)
        let hall = try sent.receive(message3: waiting.finish(result).message3)
            .verify(peer: handshake.lamp.credential)
        #expect(hall.messageOneDigest == digest)
        #expect(hall.ephemeralY == ephemeral)
    }

    @Test func `keys are there with message_3, before message_4`() throws {
        let handshake = try Handshake()
        let initiator = try handshake.initiator()
        let sent = try handshake.answer(initiator.message1)
        let finished = try handshake.conclude(initiator, sent.message2)
        let early = clear(finished.exporter(label: 2, context: [], count: 16))
        let verified = try sent.receive(message3: finished.message3)
            .verify(peer: handshake.lamp.credential)
        #expect(early == clear(verified.exporter(label: 2, context: [], count: 16)))
        let done = finished.completeWithoutMessage4()
        #expect(early == clear(done.session.exporter(label: 2, context: [], count: 16)))
    }

    @Test func `an ephemeral key made ahead of time is used`() throws {
        let handshake = try Handshake()
        let ready = try handshake.hallCrypto.generateAgreementKey(.p256)
        let waiting = try handshake.responder.receive(message1: handshake.initiator().message1)
            .prepare(connectionID: handshake.hallID, ephemeral: ready)
        let result = try handshake.hall.key.performNow(waiting.operation)
        let message2 = try waiting.finish(result).message2
        #expect(Array(message2[2..<34]) == ready.publicKey)
    }

    @Test func `a handshake does not start without randomness`() throws {
        #expect(throws: EDHOCError(.crypto(.noRandomness), "")) {
            _ = try Initiator(
                method: .staticDH,
                suites: [3],
                connectionID: ConnectionID([1]),
                crypto: Deaf(base: Provider.mbedTLS.crypto)
            )
        }
        let handshake = try Handshake()
        let deaf = Responder(
            credential: handshake.hall.credential,
            methods: [.staticDH],
            suites: [3],
            crypto: Deaf(base: Provider.mbedTLS.crypto)
        )
        #expect(throws: EDHOCError(.crypto(.noRandomness), "")) {
            _ = try deaf.receive(message1: handshake.initiator().message1)
                .prepare(connectionID: handshake.hallID)
        }
    }
}
