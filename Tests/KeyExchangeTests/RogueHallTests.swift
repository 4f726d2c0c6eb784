import EDHOC
import Testing

@testable import KeyExchange

/// A server that is authentic and does not follow the protocol: the device ends the session and keeps
/// what it has.
struct RogueHallTests {
    private func expectFailure(_ hall: RogueHall, _ note: Comment? = nil) {
        guard case .failed(.message)? = hall.lamp.effects.last else {
            Issue.record("want a failure, have \(hall.lamp.effects)")
            return
        }
        #expect(!hall.lamp.isSettled, note)
    }

    @Test func `messages that answer no report, and no messages, end the session`() throws {
        let wrong: [[UInt8]] = [
            [], [0], [0x80], [0x81, 9], [0x83, 2], [0xf6], try Sample.report().encoded,
            try Sample.confirm().encoded, try Sample.receipt().encoded,
            try Sample.settle().encoded + [0], Array(try Sample.offer().encoded.dropLast()),
        ]
        for plaintext in wrong {
            let hall = try RogueHall()
            #expect(try hall.answer(plaintext) == nil)
            expectFailure(hall, "\(plaintext)")
            #expect(!hall.lamp.hasActed)
        }
    }

    @Test func `an offer of no keys is not installed`() throws {
        let hall = try RogueHall()
        #expect(try hall.answer([0x83, 2, 0x48] + eight(1) + [0x80]) == nil)
        expectFailure(hall)
    }

    @Test func `a second offer in a session is not installed`() throws {
        let hall = try RogueHall()
        let offer = try Sample.offer().encoded
        #expect(try hall.answer(offer) != nil)
        #expect(try hall.say(offer) == nil)
        expectFailure(hall)
        #expect(hall.lamp.effects.count == 2)
    }

    @Test func `a retirement after an offer is not obeyed`() throws {
        let hall = try RogueHall()
        #expect(try hall.answer(Sample.offer().encoded) != nil)
        #expect(try hall.say(Sample.retire().encoded) == nil)
        expectFailure(hall)
        #expect(!hall.lamp.effects.contains(.retired))
    }

    @Test func `a problem after CONFIRM is heard`() throws {
        let hall = try RogueHall()
        #expect(try hall.answer(Sample.offer().encoded) != nil)
        #expect(try hall.say(Problem(.serverFailed).encoded) == nil)
        #expect(hall.lamp.effects.last == .refused(.serverFailed))
        #expect(hall.lamp.pocket.states(.data) == [.pending])
    }

    @Test func `an answer without message_4 is ignored`() throws {
        let hall = try RogueHall()
        #expect(try hall.say(Sample.settle().encoded) == nil)
        #expect(hall.lamp.effects == [])
    }

    @Test func `an unknown critical item in EAD_4 ends the handshake`() throws {
        let hall = try RogueHall(ead4: [EADItem(65_002, isCritical: true)])
        #expect(try hall.answer(Sample.settle().encoded) == nil)
        #expect(
            hall.lamp.effects == [.failed(.handshake(EDHOCError(.criticalEAD, "")))]
        )
    }

    @Test func `after the end nothing is taken`() throws {
        let hall = try RogueHall()
        #expect(try hall.answer(Sample.settle().encoded) == nil)
        #expect(hall.lamp.isSettled)
        #expect(try hall.say(Sample.retire().encoded) == nil)
        #expect(try hall.answer(Sample.offer().encoded) == nil)
        #expect(hall.lamp.effects == [.settled])
    }
}
