import CBOR
import EDHOC
import Testing

@testable import KeyExchange

struct AnchorHintTests {
    /// A hall that is changing its identity: the first one, and the second beside it.
    private func scene() throws -> (scene: Scene, second: Party) {
        let scene = try Scene()
        let second = try Party("hall", kid: eight(0x5f), crypto: scene.crypto)
        scene.hall.anchors = [1: scene.hall.party, 2: second]
        scene.hall.known[eight(0x1a)] = scene.lampParty.credential
        return (scene, second)
    }

    private func lamp(_ scene: Scene, _ hall: Party, anchor: UInt32) throws -> Lamp {
        try Lamp(
            scene.lampParty,
            hall: hall.credential,
            anchor: anchor,
            crypto: scene.crypto
        )
    }

    @Test(arguments: [0, 1] as [UInt32])
    func `a device of the first anchor says nothing, and the oldest answers`(anchor: UInt32) throws
    {
        let (scene, _) = try scene()
        let lamp = try lamp(scene, scene.hall.party, anchor: anchor)
        #expect(try Responder.ead1(of: message1(lamp)).isEmpty)
        try scene.converse(lamp)
        #expect(lamp.isSettled)
    }

    @Test func `a device that has pinned the second is answered by the second`() throws {
        let (scene, second) = try scene()
        let lamp = try lamp(scene, second, anchor: 2)
        let items = try Responder.ead1(of: message1(lamp))
        #expect(items == [EADItem(65_002, value: [2])])
        try scene.converse(lamp)
        #expect(lamp.isSettled)
    }

    @Test
    func
        `a device with a generation that nobody serves gets a handshake that fails, and nothing happens`()
        throws
    {
        let (scene, second) = try scene()
        let lamp = try lamp(scene, second, anchor: 3)
        try scene.converse(lamp)
        #expect(scene.hall.progress == 0 && !lamp.hasActed)
        #expect(
            scene.hall.effects == [.failed(.handshake(EDHOCError(.unknownCredential, "")))]
        )
    }

    @Test func `a broker that strips the hint, or changes it, ends the handshake`() throws {
        for other: EADItem? in [nil, EADItem(65_002, value: [1])] {
            let (scene, second) = try scene()
            let lamp = try lamp(scene, second, anchor: 2)
            try scene.converse(lamp) { number, payload in
                number == 1 ? [Self.replaced(payload, by: other.map { [$0] } ?? [])] : [payload]
            }
            #expect(scene.hall.progress == 0 && !lamp.isSettled && !lamp.hasActed)
        }
    }

    @Test func `a broker that adds a hint ends the handshake`() throws {
        let (scene, _) = try scene()
        let lamp = try lamp(scene, scene.hall.party, anchor: 1)
        try scene.converse(lamp) { number, payload in
            number == 1 ? [Self.replaced(payload, by: [EADItem(65_002, value: [2])])] : [payload]
        }
        #expect(scene.hall.progress == 0 && !lamp.isSettled && !lamp.hasActed)
    }

    static let wrong: [[EADItem]] = [
        [EADItem(65_002)], [EADItem(65_002, value: [])], [EADItem(65_002, value: [0])],
        [EADItem(65_002, value: [2, 0])], [EADItem(65_002, value: [0x18, 2])],
        [EADItem(65_002, value: [0x20])], [EADItem(65_002, value: [0xf6])],
        [EADItem(65_002, value: [0x1b, 0, 0, 0, 1, 0, 0, 0, 0])],
        [EADItem(65_002, value: [2]), EADItem(65_002, value: [2])],
    ]

    @Test(arguments: wrong)
    func `a hint that is none is refused before anything is computed`(items: [EADItem]) throws {
        let (scene, second) = try scene()
        let lamp = try lamp(scene, second, anchor: 2)
        _ = try scene.hall.take(Self.replaced(lamp.session.outgoing, by: items))
        #expect(
            scene.hall.effects == [.failed(.handshake(EDHOCError(.malformed, "")))]
        )
    }

    @Test func `a hint that must be understood is understood, another item is passed over`() throws
    {
        for item in [EADItem(65_002, isCritical: true, value: [2]), EADItem(7, value: [2])] {
            let hint = try AnchorHint(in: [item, .padding(2)])
            #expect(hint?.generation == (item.label == 7 ? nil : 2))
        }
    }

    @Test func `a server that knows no hints passes over one`() throws {
        let (scene, second) = try scene()
        let lamp = try lamp(scene, second, anchor: 2)
        let responder = Responder(
            credential: scene.hall.party.credential,
            methods: [.staticDH],
            suites: [3, 2],
            crypto: scene.crypto
        )
        let received = try responder.receive(message1: message1(lamp), understood: [])
        #expect(received.ead1.count == 1)
    }

    private func message1(_ lamp: Lamp) throws -> [UInt8] {
        guard case .start(let message1) = try Frame(parsing: lamp.session.outgoing) else {
            throw MessageError("want message_1")
        }
        return message1
    }

    /// The first payload with other items in EAD_1.
    private static func replaced(_ payload: [UInt8], by items: [EADItem]) -> [UInt8] {
        // true, method, suite, G_X, C_I: all the same length in every message_1 of these tests.
        Array(payload.prefix(1 + 1 + 1 + 34 + 9)) + EADItem.encode(items)
    }
}
