import CBOR
import EDHOC
import Secrets
import Testing

@testable import KeyExchange

struct WholeMessageTests {
    @Test func `no part of a message, and no message with more behind it, is a message`() throws {
        try expectWhole(Report.self, try Sample.report().encoded)
        try expectWhole(Offer.self, try Sample.offer().encoded)
        try expectWhole(Confirm.self, try Sample.confirm().encoded)
        try expectWhole(Settle.self, try Sample.settle().encoded)
        try expectWhole(Retire.self, try Sample.retire().encoded)
        try expectWhole(Receipt.self, try Sample.receipt().encoded)
        try expectWhole(Problem.self, try Sample.problem().encoded)
    }

    private func expectWhole<Message: SessionMessage>(
        _ type: Message.Type,
        _ encoded: [UInt8]
    ) throws {
        for count in encoded.indices {
            #expect(throws: MessageError.self) { try type.parse(Array(encoded.prefix(count))) }
        }
        #expect(throws: MessageError.self) { try type.parse(encoded + [0]) }
        // An array of indefinite length is legal CBOR, and is not ours.
        #expect(throws: MessageError.self) { try type.parse([0x9f] + encoded.dropFirst() + [0xff]) }
    }
}
