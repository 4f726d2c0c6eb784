import CBOR
import EDHOC
import Secrets
import Testing

@testable import KeyExchange

struct MessageTests {
    @Test func `a report is read as it was written`() throws {
        let report = try Sample.report()
        #expect(try Report.parse(report.encoded) == report)
    }

    @Test func `an older agent's report is read as it was written, and without what it lacks`()
        throws
    {
        let report = try Sample.oldReport()
        let read = try Report.parse(report.encoded)
        #expect(read == report)
        #expect(read.instance == nil && read.anchor == 0)
        #expect(report.encoded.first == 0x86)
    }

    @Test func `a report of an empty device is read as it was written`() throws {
        var report = try Sample.report()
        report.keys = []
        #expect(try Report.parse(report.encoded) == report)
    }

    @Test func `a report of a device that is retiring is read as it was written`() throws {
        var report = try Sample.report()
        report.keys = []
        report.isRetiring = true
        #expect(report.encoded.first == 0x89)
        #expect(try Report.parse(report.encoded) == report)
    }

    @Test func `an offer is read as it was written`() throws {
        let offer = try Sample.offer()
        let read = try Offer.parse(offer.encoded)
        #expect(read.encoded == offer.encoded)
        #expect(read.keys.map(\.name) == [.data, .sign])
        #expect(read.keys.map(\.leaseSeconds) == [.max, 0])
        #expect(clear(read.keys[0].material.secret) == [UInt8](repeating: 9, count: 32))
    }

    @Test func `a confirmation is read as it was written`() throws {
        let confirm = try Sample.confirm()
        #expect(try Confirm.parse(confirm.encoded) == confirm)
    }

    @Test func `a settlement is read as it was written`() throws {
        let settle = try Sample.settle()
        #expect(try Settle.parse(settle.encoded) == settle)
    }

    @Test func `a settlement without an announcement, and one without a time, are read as written`()
        throws
    {
        var settle = try Sample.settle()
        settle.anchor = nil
        settle.time = .max
        #expect(try Settle.parse(settle.encoded) == settle)
        let old = try Sample.oldSettle()
        #expect(try Settle.parse(old.encoded) == old)
        #expect(old.encoded.first == 0x83)
    }

    @Test func `retirements of keys and of the device are read as they were written`() throws {
        for scope in [RetireScope.device, .keys([.data])] {
            let retire = try Sample.retire(scope)
            #expect(try Retire.parse(retire.encoded) == retire)
        }
    }

    @Test func `a receipt is read as it was written`() throws {
        let receipt = try Sample.receipt()
        #expect(try Receipt.parse(receipt.encoded) == receipt)
    }

    @Test(arguments: ProblemCode.allCases)
    func `a problem is read as it was written`(code: ProblemCode) throws {
        for problem in [Problem(code), Problem(code, operation: Sample.operation, text: "é")] {
            #expect(try Problem.parse(problem.encoded) == problem)
        }
    }

    @Test func `a problem of a newer peer is still a problem`() throws {
        #expect(try Problem.parse([0x84, 7, 0x19, 0x03, 0xe7, 0xf6, 0x60]).code == .unexpected)
    }

    @Test func `a text that is too long is cut at a whole character, not refused by the reader`()
        throws
    {
        let problem = Problem(.busy, text: String(repeating: "é", count: 100) + "x")
        let read = try Problem.parse(problem.encoded)
        #expect(read.text == String(repeating: "é", count: 60))
        var report = try Sample.report()
        report.agentVersion = String(repeating: "1", count: 500)
        #expect(try Report.parse(report.encoded).agentVersion.utf8.count == 120)
    }

    @Test func `the type of each message is its first item`() throws {
        let messages: [(MessageType, [UInt8])] = [
            (.report, try Sample.report().encoded), (.offer, try Sample.offer().encoded),
            (.confirm, try Sample.confirm().encoded), (.settle, try Sample.settle().encoded),
            (.retire, try Sample.retire().encoded), (.receipt, try Sample.receipt().encoded),
            (.problem, try Sample.problem().encoded),
        ]
        for (type, bytes) in messages {
            #expect(try MessageType(of: secret(bytes)) == type)
        }
    }

    @Test(arguments: [
        [], [0x01], [0x80], [0x81, 0x00], [0x81, 0x08], [0x81, 0x61, 0x31], [0xf6],
    ])
    func `bytes that are no message have no type`(bytes: [UInt8]) {
        #expect(throws: MessageError.self) { try MessageType(of: secret(bytes)) }
    }

    @Test func `the largest messages fit into one payload with the longest names`() throws {
        let names = (10..<26).map { KeyName(checked: String(repeating: "n", count: 62) + "\($0)") }
        let epochs = try (1...8).map {
            Report.HeldEpoch(
                epoch: try #require(Epoch(.max - 8 + $0)),
                state: .grace,
                check: eight(1)
            )
        }
        let operation = try #require(Sample.operation)
        let thumbprint = try #require(Sample.thumbprint)
        // Around them: C_x, a by-value message_3 with its proof, and COSE_Encrypt0.
        let room = MessageLimits.payload - 9 - 400 - 32
        let report = Report(
            agentVersion: String(repeating: "v", count: 120),
            store: .tpm,
            level: .hardware,
            lastOrder: .max,
            keys: names.map { Report.HeldKey(name: $0, epochs: epochs) },
            instance: eight(0xff),
            anchor: .max
        )
        #expect(report.encoded.count <= room)
        #expect(try Report.parse(report.encoded) == report)
        let offer = Offer(
            operation: operation,
            keys: try names.map { name in
                OfferedKey(
                    name: name,
                    epoch: try #require(Epoch(.max)),
                    algorithm: .aes256GCM,
                    use: .consume,
                    graceSeconds: .max,
                    leaseSeconds: .max,
                    material: material([UInt8](repeating: 1, count: 32))
                )
            }
        )
        #expect(offer.encoded.count <= room)
        let settle = Settle(
            operation: operation,
            verdicts: try (names + names).map { name in
                Verdict(
                    name: name,
                    action: .activate(try #require(Epoch(.max)), graceSeconds: .max)
                )
            },
            time: .max,
            anchor: [UInt8](repeating: 0xff, count: Anchor.maximumLength)
        )
        #expect(settle.encoded.count <= room)
        #expect(try Settle.parse(settle.encoded) == settle)
        let receipt = Receipt(
            operation: operation,
            counter: .max,
            destroyed: (0..<Receipt.limit).compactMap { index in
                Epoch(.max - UInt32(index)).map {
                    DestroyedKey(name: names[index % 16], epoch: $0, thumbprint: thumbprint)
                }
            }
        )
        // No handshake message goes with it.
        #expect(receipt.encoded.count <= room + 400)
        #expect(try Receipt.parse(receipt.encoded) == receipt)
    }
}
