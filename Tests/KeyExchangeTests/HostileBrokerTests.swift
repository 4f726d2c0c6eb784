import EDHOC
import KeyExchange
import Testing

/// A broker that drops, repeats, reorders, replays and changes what it likes, and both sides restart
/// when it hurts; from a seed, so that each finding can be had again.
struct HostileBrokerTests {
    /// SplitMix64.
    private struct Dice: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
            return mixed ^ (mixed >> 31)
        }
    }

    @Test(arguments: UInt64(1)...24)
    func
        `whatever the broker does, the key in use is one that the hall made, and never an older one`(
            seed: UInt64
        ) throws
    {
        var dice = Dice(state: seed)
        var past: [[UInt8]] = []
        let scene = try Scene()
        var pocket = Pocket(crypto: scene.crypto)
        var made: [[UInt8]] = []
        var highest: Epoch?
        for epoch in UInt32(1)...4 {
            let key = try scene.key(.data, epoch)
            made.append(clear(key.material.secret))
            scene.hall.desired = [key]
            var isSettled = false
            for attempt in 0..<30 where !isSettled {
                // Most of the time both sides live on; now and then one has forgotten its sessions.
                if dice.next() % 8 == 0 { scene.hall.sessions = [] }
                let lamp = try scene.acquaintance(pocket, connection: UInt8(dice.next() % 256))
                for _ in 0..<4 where !lamp.isSettled {
                    try scene.converse(lamp) { _, payload in
                        past.append(payload)
                        // In the end the broker tires, or the test would not end.
                        return attempt > 20 ? [payload] : Self.mangle(payload, past, &dice)
                    }
                    if let primary = lamp.pocket.primary(.data) {
                        #expect(made.contains(primary), "seed \(seed)")
                    }
                    let now = lamp.pocket.keys[.data]?.first { $0.value.state == .primary }?.key
                    #expect(now.map { $0.number } ?? 0 >= highest?.number ?? 0, "seed \(seed)")
                    highest = now ?? highest
                }
                // What is durable survives the session, whatever became of it.
                pocket = lamp.pocket
                isSettled = pocket.primary(.data) == made.last
            }
            #expect(isSettled, "seed \(seed), epoch \(epoch)")
        }
        #expect(Set(scene.crypto.sealed).count == scene.crypto.sealed.count, "seed \(seed)")
    }

    private static func mangle(
        _ payload: [UInt8],
        _ past: [[UInt8]],
        _ dice: inout Dice
    ) -> [[UInt8]] {
        let old = past[Int(dice.next() % UInt64(past.count))]
        switch dice.next() % 10 {
        case 0, 1: return []
        case 2: return [payload, payload]
        case 3: return [old, payload]
        case 4: return [payload, old]
        case 5: return [old]
        case 6:
            var changed = payload
            changed[Int(dice.next() % UInt64(payload.count))] ^= UInt8(1 + dice.next() % 255)
            return [changed]
        default: return [payload]
        }
    }
}
