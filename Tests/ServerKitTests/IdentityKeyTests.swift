import EDHOC
import KeyExchange
import Testing

@testable import ServerKit

@Suite struct IdentityKeyTests {
    private let gate = GatedKey.Gate()

    @Test func `a slow identity key holds up its own handshake and no other`() async throws {
        let gate = gate
        let scene = try await Scene(identity: { GatedKey($0, gate) })
        let token = try await scene.token()
        let (slow, fast) = (
            try Lamp("lamp-1", at: scene, token: token), try Lamp("lamp-2", at: scene, token: token)
        )
        _ = try await fast.step()
        gate.isOpen = false
        await scene.worker.receive(slow.outgoing)
        #expect(await becomes { gate.waiting == 1 })
        // Its repeat meets a handshake that is not ready, and starts no other.
        await scene.worker.receive(slow.outgoing)
        try await fast.enrol()
        #expect(scene.sent(on: slow.channel).isEmpty)
        gate.isOpen = true
        _ = try await slow.hear()
        try await slow.enrol()
        #expect(scene.counters.value(.handshakesStarted) == 2)
    }

    @Test func `a failing identity key ends its handshake and leaves nothing behind`() async throws
    {
        let scene = try await Scene(identity: { _ in BrokenKey() })
        let lamp = try Lamp("lamp-1", at: scene, token: await scene.token())
        await scene.worker.receive(lamp.outgoing)
        #expect(await becomes { scene.counters.value(.handshakesFailed) == 1 })
        #expect(scene.counters.value(.sessionsOpen) == 0)
        #expect(scene.sent(on: lamp.channel).isEmpty)
        // The same message_1 is a new beginning.
        await scene.worker.receive(lamp.outgoing)
        #expect(await becomes { scene.counters.value(.handshakesFailed) == 2 })
        #expect(scene.counters.value(.sessionsOpen) == 0)
    }

    @Test func `the gauge of open sessions does not drift when a handshake fails at once`()
        async throws
    {
        let crypto = try await Scene().crypto
        let wrong = SoftwareKey(try crypto.generateSigningKey(.es256))
        let scene = try await Scene(identity: { _ in wrong })
        for number in 0..<5 {
            let lamp = try Lamp("lamp-\(number)", at: scene)
            await scene.worker.receive(lamp.outgoing)
        }
        #expect(scene.counters.value(.handshakesFailed) == 5)
        #expect(scene.counters.value(.sessionsOpen) == 0)
    }

    @Test func `closing waits for work under way and takes no new session`() async throws {
        let gate = gate
        let scene = try await Scene(identity: { GatedKey($0, gate) })
        let token = try await scene.token()
        let (one, two) = (
            try Lamp("lamp-1", at: scene, token: token), try Lamp("lamp-2", at: scene, token: token)
        )
        gate.isOpen = false
        await scene.worker.receive(one.outgoing)
        #expect(await scene.worker.close() == 1)
        await scene.worker.receive(two.outgoing)
        #expect(await scene.worker.close() == 1)
        gate.isOpen = true
        _ = try await one.hear()
        #expect(await scene.worker.close() == 0)
        #expect(scene.sent(on: two.channel).isEmpty)
        // A session that is under way may still come to its end.
        try await one.enrol()
    }
}
