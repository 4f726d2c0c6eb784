import EDHOC
import KeyExchange
import Testing

/// Agents from before suspension, anchors and the server's time are served as ever.
struct OldAgentTests {
    private func old(_ scene: Scene) -> Pocket {
        var pocket = Pocket(crypto: scene.crypto)
        pocket.instance = nil
        return pocket
    }

    @Test func `an older agent gets its keys, and neither a time nor an announcement`() throws {
        let scene = try Scene()
        scene.hall.desired = [try scene.key()]
        scene.hall.announcement = [1, 2, 3]
        let first = try scene.acquaintance(old(scene))
        try scene.converse(first)
        #expect(first.pocket.states(.data) == [.primary])
        let again = try scene.acquaintance(first.pocket, connection: 2)
        try scene.converse(again)
        for lamp in [first, again] {
            let settle = try #require(lamp.lastSettle)
            #expect(settle.time == nil && settle.anchor == nil)
        }
    }

    @Test func `an older agent is neither told to suspend nor to resume`() throws {
        let scene = try Scene()
        scene.hall.desired = [try scene.key()]
        let first = try scene.acquaintance(old(scene))
        try scene.converse(first)
        scene.hall.remarks = [
            Verdict(name: .data, action: .suspend(.first)),
            Verdict(name: .sign, action: .remove),
            Verdict(name: .data, action: .resume(.first)),
        ]
        let second = try scene.acquaintance(first.pocket, connection: 2)
        try scene.converse(second)
        #expect(second.lastSettle?.verdicts == [Verdict(name: .sign, action: .remove)])
        #expect(second.pocket.states(.data) == [.primary])
    }

    @Test func `an older agent's retirement ends as ever`() throws {
        let scene = try Scene()
        scene.hall.retirement = Retire(
            operation: try #require(OperationID(bytes: eight(1))),
            counter: 1,
            scope: .device
        )
        let lamp = try scene.acquaintance(old(scene))
        try scene.converse(lamp)
        #expect(lamp.effects == [.retired, .settled])
        #expect(lamp.lastSettle?.time == nil)
    }

    @Test func `a newer agent gets time and announcement with every settlement`() throws {
        let scene = try Scene()
        scene.hall.desired = [try scene.key()]
        scene.hall.announcement = [1, 2, 3]
        let first = try scene.acquaintance()
        try scene.converse(first)
        let again = try scene.acquaintance(first.pocket, connection: 2)
        try scene.converse(again)
        for lamp in [first, again] {
            #expect(lamp.lastSettle?.time == scene.hall.time)
            #expect(lamp.lastSettle?.anchor == [1, 2, 3])
        }
    }

    @Test func `a newer agent suspends a key and resumes it`() throws {
        let scene = try Scene()
        scene.hall.desired = [try scene.key()]
        var pocket: Pocket?
        for (action, state) in [
            (nil, .primary), (Verdict.Action.suspend(.first), .suspended),
            (.resume(.first), Report.EpochState.primary),
        ] {
            scene.hall.remarks = action.map { [Verdict(name: .data, action: $0)] } ?? []
            let lamp = try scene.acquaintance(pocket, connection: UInt8(scene.hall.sessions.count))
            try scene.converse(lamp)
            #expect(lamp.pocket.states(.data) == [state])
            pocket = lamp.pocket
        }
    }

    @Test func `the server learns the process and the anchor of a device`() throws {
        let scene = try Scene()
        var pocket = Pocket(crypto: scene.crypto)
        pocket.anchor = 3
        try scene.converse(scene.acquaintance(pocket))
        let report = try #require(scene.hall.introductions.first?.report)
        #expect(report.instance == eight(0x17) && report.anchor == 3)
    }
}
