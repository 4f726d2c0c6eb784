import EDHOC
import Secrets
import Testing

@testable import KeyExchange

/// A server with the pinned identity that says what it likes.
final class RogueHall {
    private var cipher: SessionCipher
    private let lampID: ConnectionID
    private let message4: [UInt8]
    let lamp: Lamp

    /// Shakes hands with a lamp, up to payload 3.
    init(ead4: [EADItem] = []) throws {
        let scene = try Scene()
        let hall = scene.hall.party
        lamp = try scene.acquaintance()
        guard case .start(let message1) = try Frame(parsing: lamp.session.outgoing) else {
            throw MessageError("want message_1")
        }
        let received = try Responder(
            credential: hall.credential,
            methods: [.staticDH],
            suites: [3],
            crypto: scene.crypto
        ).receive(message1: message1)
        lampID = received.peerConnectionID
        let waiting = try received.prepare(connectionID: ConnectionID(eight(0xdd)))
        let result = try hall.key.performNow(waiting.operation)
        let sent = try waiting.finish(result)
        let answer = Frame.next(lampID, handshake: sent.message2, sealed: nil).encoded
        let payload3 = try #require(try lamp.take(answer))
        guard case .next(_, let message3?, let sealed?) = try Frame(parsing: payload3) else {
            throw MessageError("want message_3")
        }
        let done = try sent.receive(message3: message3).verify(peer: scene.lampParty.credential)
            .finish(ead4: ead4)
        message4 = done.message4 ?? []
        cipher = SessionCipher(
            side: .toDevice,
            fleet: .berlin,
            suite: done.session.suite,
            crypto: scene.crypto
        ) { done.session.exporter(label: $0, context: $1, count: $2) }
        guard cipher.open(sealed) != nil else { throw MessageError("want REPORT") }
    }

    /// Sends any plaintext beside message_4; the result is what the lamp sends then.
    func answer(_ plaintext: [UInt8]) throws -> [UInt8]? {
        try lamp.take(
            Frame.next(
                lampID,
                handshake: message4,
                sealed: try cipher.seal(Raw(bytes: plaintext))
            ).encoded
        )
    }

    /// Sends any plaintext by itself.
    func say(_ plaintext: [UInt8]) throws -> [UInt8]? {
        try lamp.take(
            Frame.next(
                lampID,
                handshake: nil,
                sealed: try cipher.seal(Raw(bytes: plaintext))
            ).encoded
        )
    }
}
