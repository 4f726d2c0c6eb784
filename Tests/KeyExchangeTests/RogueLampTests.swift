import EDHOC
import Testing

@testable import KeyExchange

/// A device that is authentic and does not follow the protocol.
struct RogueLampTests {
    private static let report = Report(
        agentVersion: "1",
        store: .file,
        level: .software,
        lastOrder: 0,
        keys: []
    )

    /// A rogue that has been offered `data` and `sign`, and the offer.
    private func offered() throws -> (RogueLamp, Offer) {
        let scene = try Scene()
        scene.hall.desired = [try scene.key(.data), try scene.key(.sign)]
        let rogue = try RogueLamp(scene, report: Self.report.encoded)
        let plaintext = try #require(try rogue.greet())
        return (rogue, try Offer.parse(plaintext))
    }

    private func problem(_ answer: [UInt8]?) throws -> ProblemCode {
        try Problem.parse(try #require(answer)).code
    }

    private func failures(_ names: [KeyName], _ operation: OperationID) -> [UInt8] {
        Confirm(
            operation: operation,
            results: names.map {
                Confirmation(name: $0, epoch: .first, result: .failure(.rejected))
            }
        ).encoded
    }

    @Test func `an honest confirmation of failures is settled`() throws {
        let (rogue, offer) = try offered()
        let answer = try rogue.say(failures([.data, .sign], offer.operation))
        #expect(try Settle.parse(try #require(answer)).verdicts.count == 2)
    }

    @Test func `a confirmation of another operation is refused`() throws {
        let (rogue, _) = try offered()
        let other = try #require(OperationID(bytes: eight(0)))
        #expect(try problem(rogue.say(failures([.data, .sign], other))) == .malformed)
        #expect(rogue.scene.hall.progress == 1)
    }

    @Test(arguments: [
        [KeyName.data], [.sign], [.sign, .data], [.data, .data], [.data, .sign, .sign],
        [.data, KeyName(checked: "other")],
    ])
    func `a confirmation of other keys than the offered ones is refused`(names: [KeyName]) throws {
        let (rogue, offer) = try offered()
        #expect(try problem(rogue.say(failures(names, offer.operation))) == .malformed)
        #expect(rogue.scene.hall.progress == 1)
    }

    @Test func `a confirmation of another epoch is refused`() throws {
        let (rogue, offer) = try offered()
        let confirm = Confirm(
            operation: offer.operation,
            results: try [KeyName.data, .sign].map {
                Confirmation(
                    name: $0,
                    epoch: try #require(Epoch(2)),
                    result: .failure(.rejected)
                )
            }
        )
        #expect(try problem(rogue.say(confirm.encoded)) == .malformed)
    }

    @Test func `messages that a device never sends, and no messages, are refused`() throws {
        let wrong: [[UInt8]] = [
            [], [0], [0x80], [0x81, 3], try Sample.offer().encoded, try Sample.settle().encoded,
            try Sample.retire().encoded, try Sample.report().encoded,
            try Sample.receipt().encoded,
        ]
        for plaintext in wrong {
            let (rogue, _) = try offered()
            #expect(try problem(rogue.say(plaintext)) == .malformed)
            #expect(rogue.scene.hall.progress == 1)
        }
    }

    @Test func `a device that reports a problem ends its session`() throws {
        let (rogue, _) = try offered()
        let answer = try rogue.say(Problem(.serverFailed).encoded)
        #expect(answer == nil)
        #expect(rogue.scene.hall.progress == 1)
    }

    @Test func `a report that is none is refused with authority`() throws {
        for report: [UInt8] in [[], [0x80], [0x86, 1], try Sample.confirm().encoded] {
            let rogue = try RogueLamp(try Scene(), report: report)
            #expect(try problem(rogue.greet()) == .malformed)
            #expect(rogue.scene.hall.introductions.isEmpty)
        }
    }

    @Test func `an enrolment proof of a wrong shape is refused with authority`() throws {
        for value: [UInt8] in [[], eight(1), [0x48] + eight(1), [0x40, 0x40]] {
            let rogue = try RogueLamp(
                try Scene(),
                report: Self.report.encoded,
                ead3: [EADItem(65_001, isCritical: true, value: value)]
            )
            #expect(try problem(rogue.greet()) == .malformed)
            #expect(rogue.scene.hall.introductions.isEmpty)
        }
    }

    @Test func `an unknown critical item in EAD_3 ends the handshake`() throws {
        let rogue = try RogueLamp(
            try Scene(),
            report: Self.report.encoded,
            ead3: [EADItem(65_002, isCritical: true)]
        )
        let answer = try rogue.greet()
        #expect(answer == nil)
        #expect(
            rogue.scene.hall.effects
                == [.failed(.handshake(EDHOCError(.criticalEAD, "")))]
        )
    }

    @Test func `an unknown item and padding that are not critical are passed over`() throws {
        let rogue = try RogueLamp(
            try Scene(),
            report: Self.report.encoded,
            ead3: [.padding(5), EADItem(7, value: [1])]
        )
        let answer = try rogue.greet()
        #expect(try Settle.parse(try #require(answer)).verdicts == [])
    }

    @Test(arguments: [(0xee, 8), (0xed, 7)])
    func `a receipt for another retirement is refused`(byte: Int, counter: Int) throws {
        let scene = try Scene()
        scene.hall.retirement = Retire(
            operation: try #require(OperationID(bytes: eight(0xee))),
            counter: 7,
            scope: .device
        )
        let rogue = try RogueLamp(scene, report: Self.report.encoded)
        let order = try #require(try rogue.greet())
        #expect(try Retire.parse(order).counter == 7)
        let receipt = Receipt(
            operation: try #require(OperationID(bytes: eight(UInt8(byte)))),
            counter: UInt64(counter),
            destroyed: []
        )
        #expect(try problem(rogue.say(receipt.encoded)) == .malformed)
        #expect(scene.hall.progress == 1)
    }

    @Test func `a message whose number is not the next one is ignored`() throws {
        let (rogue, offer) = try offered()
        let good = failures([.data, .sign], offer.operation)
        // Number 1 goes astray, so number 2 comes when 1 is due.
        rogue.skip()
        let answer = try rogue.say(good)
        #expect(answer == nil)
        #expect(rogue.scene.hall.progress == 1)
    }
}
