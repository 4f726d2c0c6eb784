import EDHOC
import KeyExchange
import Testing

/// Payloads that are right, but for somebody else.
struct CrossWiringTests {
    private func talk(
        _ scene: Scene,
        connection: UInt8,
        name: String = "lamp-1",
        kid: UInt8 = 0x1a
    ) throws -> (Lamp, [[UInt8]]) {
        let party = try Party(name, kid: eight(kid), crypto: scene.crypto)
        scene.hall.known[eight(kid)] = party.credential
        let lamp = try Lamp(
            party,
            hall: scene.hall.party.credential,
            connection: ConnectionID(eight(connection)),
            crypto: scene.crypto
        )
        return (lamp, try scene.converse(lamp))
    }

    /// Puts this payload of another session in the place of the right one, under the right C_x.
    private func expectNothing(
        _ scene: Scene,
        instead payloads: [[UInt8]],
        at number: Int,
        renamed: Bool
    ) throws {
        let lamp = try scene.stranger(connection: 0x77)
        let before = scene.hall.progress
        try scene.converse(lamp) { index, payload in
            guard index == number else { return [payload] }
            return [renamed ? Self.rename(payloads[index - 1], like: payload) : payloads[index - 1]]
        }
        let limit = [2: (0, 0), 3: (0, 0), 4: (1, 0), 5: (1, 1), 6: (2, 1)][number] ?? (0, 0)
        #expect(scene.hall.progress - before == limit.0)
        #expect(lamp.progress == limit.1)
        #expect(!lamp.isSettled)
    }

    private static func rename(_ payload: [UInt8], like other: [UInt8]) -> [UInt8] {
        guard case .next(_, let handshake, let sealed)? = try? Frame(parsing: payload),
            case .next(let to, _, _)? = try? Frame(parsing: other)
        else { return payload }
        return Frame.next(to, handshake: handshake, sealed: sealed).encoded
    }

    @Test(arguments: 2...6, [false, true])
    func `a payload of another session of the same device is not taken`(
        number: Int,
        renamed: Bool
    ) throws {
        let scene = try Scene()
        scene.hall.desired = [try scene.key()]
        let payloads = try scene.converse(scene.stranger(connection: 1))
        scene.hall.reset()
        try expectNothing(scene, instead: payloads, at: number, renamed: renamed)
    }

    @Test(arguments: 2...6, [false, true])
    func `a payload of another device is not taken`(number: Int, renamed: Bool) throws {
        let scene = try Scene()
        scene.hall.desired = [try scene.key()]
        let (_, payloads) = try talk(scene, connection: 1, name: "lamp-9", kid: 0x99)
        try expectNothing(scene, instead: payloads, at: number, renamed: renamed)
    }

    @Test(arguments: 2...6, [false, true])
    func `a payload of another fleet is not taken`(number: Int, renamed: Bool) throws {
        let elsewhere = try Scene()
        let paris = Hall(
            elsewhere.hall.party,
            fleet: try FleetID(parsing: "paris"),
            crypto: elsewhere.crypto
        )
        paris.desired = [try elsewhere.key()]
        paris.known[eight(0x1a)] = elsewhere.lampParty.credential
        let foreign = try Lamp(
            elsewhere.lampParty,
            hall: paris.party.credential,
            fleet: FleetID(parsing: "paris"),
            crypto: elsewhere.crypto
        )
        var payloads: [[UInt8]] = []
        var up: [UInt8]? = foreign.session.outgoing
        while let sent = up {
            payloads.append(sent)
            guard let down = try paris.take(sent) else { break }
            payloads.append(down)
            up = try foreign.take(down)
        }
        #expect(foreign.isSettled)
        let scene = try Scene()
        scene.hall.desired = [try scene.key()]
        try expectNothing(scene, instead: payloads, at: number, renamed: renamed)
    }

    @Test func `one identity in two fleets of one server: the fleet's name keeps them apart`()
        throws
    {
        let scene = try Scene()
        scene.hall.known[eight(0x1a)] = scene.lampParty.credential
        let lamp = try Lamp(
            scene.lampParty,
            hall: scene.hall.party.credential,
            fleet: FleetID(parsing: "paris"),
            crypto: scene.crypto
        )
        try scene.converse(lamp)
        #expect(scene.hall.progress == 0)
        #expect(!lamp.hasActed)
    }

    @Test func `a payload that is sent back to its sender is ignored`() throws {
        let scene = try Scene()
        scene.hall.desired = [try scene.key()]
        let lamp = try scene.stranger()
        try scene.converse(lamp) { number, payload in
            // To the other end of the same channel, under both identifiers.
            if number % 2 == 1 {
                let mirrored = Self.rename(payload, like: [0x48] + eight(0xc1) + [0x40])
                let echoes = try [lamp.take(payload), number == 5 ? lamp.take(mirrored) : nil]
                #expect(echoes == [nil, nil])
            } else {
                let echo = try scene.hall.take(payload)
                #expect(echo == nil)
            }
            return [payload]
        }
        #expect(lamp.isSettled)
    }

    @Test func `payloads in a wrong order are ignored, and in the right one they work`() throws {
        let scene = try Scene()
        scene.hall.desired = [try scene.key()]
        let old = try scene.converse(scene.stranger(connection: 1))
        let lamp = try scene.stranger(connection: 2)
        try scene.converse(lamp) { _, payload in old.reversed() + [payload] }
        #expect(lamp.isSettled)
    }

    @Test func `two devices that talk at once do not disturb each other`() throws {
        let scene = try Scene()
        scene.hall.desired = [try scene.key()]
        let one = try scene.stranger(connection: 1)
        let party = try Party("lamp-2", kid: eight(2), crypto: scene.crypto)
        scene.hall.known[eight(2)] = party.credential
        let two = try Lamp(
            party,
            hall: scene.hall.party.credential,
            connection: ConnectionID(eight(2)),
            crypto: scene.crypto
        )
        var ups: [[UInt8]?] = [one.session.outgoing, two.session.outgoing]
        while ups.contains(where: { $0 != nil }) {
            let downs = try ups.map { try $0.flatMap { try scene.hall.take($0) } }
            ups = [nil, nil]
            // Each lamp hears both answers.
            for down in downs.compactMap(\.self) {
                ups[0] = try one.take(down) ?? ups[0]
                ups[1] = try two.take(down) ?? ups[1]
            }
        }
        #expect(one.isSettled)
        #expect(two.isSettled)
    }
}
