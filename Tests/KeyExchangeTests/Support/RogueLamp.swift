import CBOR
import EDHOC
import Secrets
import Testing

@testable import KeyExchange

/// A device with a good identity that says what it likes.
final class RogueLamp {
    private var cipher: SessionCipher?
    private let hallID: ConnectionID
    /// Payload 3 of the session.
    let greeting: [UInt8]
    let scene: Scene

    /// Shakes hands with the hall; `report` is the plaintext beside message_3.
    init(_ scene: Scene, report: [UInt8], ead3: [EADItem] = []) throws {
        self.scene = scene
        scene.hall.known[eight(0x1a)] = scene.lampParty.credential
        let initiator = try Initiator(
            method: .staticDH,
            suites: [3],
            connectionID: ConnectionID(eight(0xc3)),
            crypto: scene.crypto
        )
        let answer = try scene.hall.take(Frame.start(initiator.message1).encoded)
        guard case .next(_, let message2?, _)? = try answer.map(Frame.init(parsing:)) else {
            throw MessageError("want message_2")
        }
        let received = try initiator.receive(message2: message2)
        hallID = received.peerConnectionID
        let waiting = try received.verify(
            peer: scene.hall.party.credential,
            own: scene.lampParty.credential
        ).prepare(as: scene.lampParty.credential, ead3: ead3)
        let result = try scene.lampParty.key.performNow(waiting.operation)
        let finished = try waiting.finish(result)
        var cipher = SessionCipher(
            side: .toServer,
            fleet: .berlin,
            suite: finished.suite,
            crypto: scene.crypto
        ) { finished.exporter(label: $0, context: $1, count: $2) }
        greeting =
            Frame.next(
                hallID,
                handshake: finished.message3,
                sealed: try cipher.seal(Raw(bytes: report))
            ).encoded
        self.cipher = consume cipher
    }

    /// Sends payload 3 and opens what comes back.
    func greet() throws -> [UInt8]? { try open(scene.hall.take(greeting)) }

    /// Seals any plaintext, sends it and opens what comes back.
    func say(_ plaintext: [UInt8]) throws -> [UInt8]? {
        guard let sealed = try cipher?.seal(Raw(bytes: plaintext)) else { return nil }
        return try open(
            scene.hall.take(Frame.next(hallID, handshake: nil, sealed: sealed).encoded)
        )
    }

    /// Uses a number up.
    func skip() { _ = try? cipher?.seal(Raw(bytes: [])) }

    private func open(_ payload: [UInt8]?) throws -> [UInt8]? {
        guard let payload, case .next(_, _, let sealed?) = try Frame(parsing: payload) else {
            return nil
        }
        guard let plaintext = cipher?.open(sealed) else { return nil }
        return clear(plaintext)
    }
}

/// Any bytes in the place of a message.
struct Raw: SessionMessage {
    static let type = MessageType.problem
    let bytes: [UInt8]

    func encode(into writer: inout CBORWriter) { writer.encoded(bytes) }

    @_lifetime(reader: copy reader)
    static func decode(from reader: inout CBORReader) throws(MessageError) -> Raw {
        throw MessageError("raw bytes are only written")
    }
}
