import EDHOC
import KeyExchange
import Testing

/// What a hostile broker does to one payload of an enrolment: it must win nothing but delay.
struct TamperingTests {
    /// How far both sides are when payload `number` arrives; nothing after it may happen.
    private static let reached: [Int: (hall: Int, lamp: Int)] = [
        1: (0, 0), 2: (0, 0), 3: (0, 0), 4: (1, 0), 5: (1, 1), 6: (2, 1),
    ]

    /// Replaces one payload by others and lets the talk go on.
    private func expectNothing(
        _ scene: Scene,
        _ number: Int,
        _ note: Comment,
        _ change: ([UInt8]) -> [[UInt8]]
    ) throws {
        let lamp = try scene.stranger(connection: 0xc1)
        scene.hall.reset()
        try scene.converse(lamp) { $0 == number ? change($1) : [$1] }
        let limit = try #require(Self.reached[number])
        #expect(scene.hall.progress == limit.hall, note)
        #expect(lamp.progress == limit.lamp, note)
        #expect(!lamp.isSettled, note)
    }

    private func scene() throws -> Scene {
        let scene = try Scene()
        scene.hall.desired = [try scene.key()]
        return scene
    }

    @Test(arguments: 1...6)
    func `a flipped bit in any byte of a payload changes nothing on either side`(
        number: Int
    ) throws {
        let scene = try scene()
        let length = try scene.converse(scene.stranger())[number - 1].count
        for index in 0..<length {
            try expectNothing(scene, number, "byte \(index)") { payload in
                var changed = payload
                changed[index] ^= 1 << UInt8(index % 8)
                return [changed]
            }
        }
    }

    @Test(arguments: 1...6)
    func `no part of a payload does what the whole does`(number: Int) throws {
        let scene = try scene()
        let length = try scene.converse(scene.stranger())[number - 1].count
        for count in 0..<length {
            try expectNothing(scene, number, "\(count) bytes") { [Array($0.prefix(count))] }
        }
    }

    @Test(arguments: 1...6)
    func `surplus bytes are not passed over`(number: Int) throws {
        let scene = try scene()
        for extra: [UInt8] in [[0], [0x40], [0xf5], [0x80], eight(0)] {
            try expectNothing(scene, number, "\(extra)") { [$0 + extra] }
        }
    }

    @Test(arguments: 1...6)
    func `empty, huge and foreign payloads are ignored, and then the right one works`(
        number: Int
    ) throws {
        let scene = try scene()
        let lamp = try scene.stranger()
        let noise: [[UInt8]] = [
            [], [0], [0xf5], [0xf6], [0xff], [UInt8](repeating: 0x9f, count: 64),
            [UInt8](repeating: 0, count: 5000), Array("hello".utf8),
            [0x48] + eight(7) + [0x41, 0x00],
        ]
        try scene.converse(lamp) { $0 == number ? noise + [$1] : [$1] }
        #expect(lamp.isSettled)
    }

    @Test(arguments: [5, 6])
    func `a sealed message that does not open is ignored, and then the right one works`(
        number: Int
    ) throws {
        let scene = try scene()
        let lamp = try scene.stranger()
        try scene.converse(lamp) { index, payload in
            guard index == number else { return [payload] }
            let flipped = payload.indices.map { at in
                var changed = payload
                changed[at] ^= 0x10
                return changed
            }
            return flipped + [payload]
        }
        #expect(lamp.isSettled)
        #expect(scene.hall.progress == 2)
    }

    @Test(arguments: [1, 2, 3, 4, 5, 6])
    func `a payload one byte over the limit is not even parsed`(number: Int) throws {
        let scene = try scene()
        let lamp = try scene.stranger()
        let fill = [UInt8](repeating: 0x40, count: MessageLimits.payload)
        try scene.converse(lamp) { index, payload in
            index == number
                ? [Array((payload + fill).prefix(MessageLimits.payload + 1))] : [payload]
        }
        #expect(!lamp.isSettled)
    }

    @Test func `an error message from the broker ends a handshake and nothing else`() throws {
        for number in [2, 4, 6] {
            let scene = try scene()
            let lamp = try scene.stranger()
            let error = Frame.error(ConnectionID(eight(0xc1)), .unspecified("no")).encoded
            try scene.converse(lamp) { $0 == number ? [error, $1] : [$1] }
            if number == 6 {
                #expect(lamp.isSettled)
            } else {
                #expect(lamp.effects == [.failed(.peerError(.unspecified("no")))])
            }
        }
    }

    @Test func `error messages are ignored by the hall and by strangers' sessions`() throws {
        let scene = try scene()
        let lamp = try scene.stranger()
        let toHall = Frame.error(ConnectionID(eight(0xd0)), .unknownCredential).encoded
        let toOther = Frame.error(ConnectionID(eight(0xc9)), .unknownCredential).encoded
        try scene.converse(lamp) { $0 % 2 == 1 ? [toHall, $1] : [toOther, $1] }
        #expect(lamp.isSettled)
    }
}

extension Hall {
    /// Steps that an authentic message has caused.
    var progress: Int {
        effects.count { effect in
            switch effect {
            case .reconciled, .confirmed, .acknowledged: true
            case .failed: false
            }
        }
    }

    /// Forgets every session and every device, but not the tokens' secrets.
    func reset() {
        sessions = []
        effects = []
        known = [:]
        for id in tokens.keys { tokens[id]?.owner = nil }
    }
}

extension Lamp {
    /// Steps that an authentic message has caused.
    var progress: Int {
        effects.count { effect in
            switch effect {
            case .installed, .settled, .retired: true
            case .refused, .failed: false
            }
        }
    }
}
