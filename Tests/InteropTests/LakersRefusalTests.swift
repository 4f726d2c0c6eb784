import EDHOC
import MbedCrypto
import Secrets
import Testing

/// What must not work with lakers either.
@Suite struct LakersRefusalTests {
    typealias Cell = LakersTests.Cell
    typealias Identity = LakersTests.Identity

    private let cell = Cell(
        byValue: false,
        cidLength: 1,
        ead: .token,
        usesMessage4: true,
        usesBoringSSL: false,
        suites: [2]
    )

    @Test func `a critical item from lakers that we do not understand aborts`() throws {
        let lamp = try Identity("lamp", kid: 0x2b, cell)
        let hall = try Identity("hall", kid: 0x32, cell)
        let lakers = try LakersPeer(.initiator, lamp.config(cell, peer: hall))
        let sent = try answer(try lakers.receive(), as: hall)
        try lakers.send(sent.message2)
        let message3 = try lakers.receive()
        do {
            _ = try sent.receive(message3: message3)
            Issue.record("a critical item was passed over")
        } catch {
            #expect(error.code == .criticalEAD)
        }
    }

    @Test func `lakers refuses a message_2 with one bit turned`() throws {
        let lamp = try Identity("lamp", kid: 0x2b, cell)
        let hall = try Identity("hall", kid: 0x32, cell)
        let lakers = try LakersPeer(.initiator, lamp.config(cell, peer: hall))
        var message2 = try answer(try lakers.receive(), as: hall).message2
        message2[message2.count - 1] ^= 1
        try lakers.send(message2)
        #expect(try lakers.result().error != nil)
    }

    @Test func `we refuse a lakers whose key is not that of its credential`() throws {
        let lamp = try Identity("lamp", kid: 0x2b, cell)
        let hall = try Identity("hall", kid: 0x32, cell)
        let thief = try Identity("thief", kid: 0x32, cell)
        var config = hall.config(cell, peer: lamp)
        config.key = thief.config(cell, peer: lamp).key
        let lakers = try LakersPeer(.responder, config)
        let initiator = try Initiator(
            method: .staticDH,
            suites: [2],
            connectionID: cell.cid,
            crypto: cell.crypto
        )
        try lakers.send(initiator.message1)
        let received = try initiator.receive(message2: try lakers.receive())
        do {
            _ = try received.verify(peer: hall.credential, own: lamp.credential)
            Issue.record("a wrong key was believed")
        } catch {
            #expect(error.code == .notAuthentic)
        }
    }

    private func answer(_ message1: [UInt8], as hall: Identity) throws -> ResponderSent {
        let waiting = try Responder(
            credential: hall.credential,
            methods: [.staticDH],
            suites: [2],
            crypto: cell.crypto
        ).receive(message1: message1).prepare(connectionID: ConnectionID([0x27]))
        let result = try SoftwareKey(hall.key).performNow(waiting.operation)
        return try waiting.finish(result)
    }
}
