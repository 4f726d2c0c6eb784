import EDHOC
import Fleet
import KeyExchange
import Testing

@testable import Registry
@testable import ServerKit

/// Sessions while the server's identity changes.
@Suite struct AnchorSessionTests {
    private let process = [UInt8](repeating: 1, count: 8)

    @Test func `a device follows to the new identity, and the old one is answered no longer`()
        async throws
    {
        let scene = try await Scene()
        let token = try await scene.token()
        let lamp = try Lamp("lamp-1", at: scene, token: token, instance: process)
        try await lamp.enrol()
        _ = try await scene.registry.announceAnchor(actor: "a", now: Scene.now)
        try lamp.begin(byValue: false)
        let told = try lamp.settle(try await lamp.talk())
        #expect(told.anchor != nil && told.time == UInt64(Scene.now))
        #expect(lamp.anchors.map(\.generation) == [1, 2])
        // No restart: the worker answers under the new one, whose hint comes in message_1.
        try lamp.begin(byValue: false)
        #expect(try lamp.settle(try await lamp.talk()).anchor == nil)
        #expect(try await scene.registry.stragglers().isEmpty)
        _ = try await scene.registry.switchAnchor(actor: "a", now: Scene.now)
        try lamp.begin(byValue: false)
        _ = try lamp.settle(try await lamp.talk())
        // Under the old one it gets nothing at all.
        lamp.anchors.removeLast()
        try lamp.begin(byValue: false)
        await scene.worker.receive(lamp.outgoing)
        guard case .failed = try await lamp.hear() else {
            Issue.record("a device took an identity that it has not pinned")
            return
        }
    }

    @Test func `two generations are answered side by side`() async throws {
        let scene = try await Scene()
        let token = try await scene.token()
        let old = try Lamp("old-lamp", at: scene, token: token)
        try await old.enrol()
        _ = try await scene.registry.announceAnchor(actor: "a", now: Scene.now)
        // From a bundle that carries the new one.
        let new = try Lamp("new-lamp", at: scene, token: token, instance: process)
        #expect(new.anchors.map(\.generation) == [2])
        try await new.enrol()
        for _ in 1...2 {
            try old.begin(byValue: false)
            try new.begin(byValue: false)
            let heard = try old.settle(try await old.talk())
            #expect(heard.time == nil && heard.anchor == nil)
            #expect(try new.settle(try await new.talk()).anchor == nil)
        }
        #expect(try await scene.registry.stragglers().map(\.id) == [old.id])
    }

    @Test func `a session that began before the switch ends in good order`() async throws {
        let scene = try await Scene()
        let lamp = try Lamp("lamp-1", at: scene, token: await scene.token(), instance: process)
        try await lamp.enrol()
        _ = try await scene.registry.announceAnchor(actor: "a", now: Scene.now)
        try lamp.begin(byValue: false)
        guard case .send = try await lamp.step() else {
            Issue.record("no message_3")
            return
        }
        _ = try await scene.registry.switchAnchor(stranding: 1, actor: "a", now: Scene.now)
        let settle = try lamp.settle(try await lamp.talk())
        // Its server has no old identity to vouch with any more, but its command key still does.
        #expect(settle.anchor != nil)
        #expect(lamp.anchors.map(\.generation) == [1, 2])
        try lamp.begin(byValue: false)
        _ = try lamp.settle(try await lamp.talk())
        #expect(try await scene.registry.stragglers().isEmpty)
    }

    @Test func `a generation that is not in service gets silence`() async throws {
        let scene = try await Scene()
        let lamp = try Lamp("lamp-1", at: scene, token: await scene.token(), instance: process)
        try await lamp.enrol()
        let known = lamp.anchors[0]
        lamp.anchors = [
            Anchor(
                generation: 9,
                fleet: scene.registry.fleet,
                server: known.server,
                commandKey: known.commandKey
            )
        ]
        try lamp.begin(byValue: false)
        await scene.worker.receive(lamp.outgoing)
        await scene.settle()
        #expect(scene.sent(on: lamp.channel).count == 3 - 1 || scene.sent(on: lamp.channel).isEmpty)
        #expect(scene.counters.value(.handshakesFailed) == 1)
        #expect(scene.counters.value(.sessionsOpen) <= 1)
    }
}
