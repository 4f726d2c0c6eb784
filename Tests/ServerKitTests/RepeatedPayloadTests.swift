import EDHOC
import KeyExchange
import Testing

@testable import ServerKit

@Suite struct RepeatedPayloadTests {
    @Test func `message_1 repeated gets the same bytes, and starts nothing`() async throws {
        let scene = try await Scene()
        let lamp = try Lamp("lamp-1", at: scene, token: await scene.token())
        for _ in 0..<3 { await scene.worker.receive(lamp.outgoing) }
        let sent = scene.sent(on: lamp.channel)
        #expect(sent.count == 3)
        #expect(Set(sent).count == 1)
        #expect(scene.counters.value(.handshakesStarted) == 1)
        #expect(scene.counters.value(.answersRepeated) == 2)
        #expect(scene.counters.value(.sessionsOpen) == 1)
    }

    @Test func `a report repeated gets the same offer, also after its answer`() async throws {
        let scene = try await Scene()
        let lamp = try Lamp("lamp-1", at: scene, token: await scene.token())
        _ = try await lamp.step()
        let report = lamp.outgoing
        await scene.worker.receive(report)
        // Comes while the registry is at work, and is of no consequence.
        await scene.worker.receive(report)
        let offer = try await scene.payload(after: 1, on: lamp.channel)
        await scene.settle()
        let before = scene.sent(on: lamp.channel).count
        await scene.worker.receive(report)
        let answers = scene.sent(on: lamp.channel).dropFirst(before)
        #expect(Array(answers) == [offer])
        #expect(scene.counters.value(.offers) == 1)
    }

    @Test func `a confirmation repeated after the end gets the same settlement`() async throws {
        let scene = try await Scene()
        let lamp = try Lamp("lamp-1", at: scene, token: await scene.token())
        try await lamp.enrol()
        let before = scene.sent(on: lamp.channel)
        await scene.worker.receive(lamp.outgoing)
        #expect(scene.sent(on: lamp.channel).dropFirst(before.count) == [before[2]])
        #expect(scene.counters.value(.settlements) == 1)
    }

    @Test func `message_1 of a session that went on gets silence, not a new session`() async throws
    {
        let scene = try await Scene()
        let lamp = try Lamp("lamp-1", at: scene, token: await scene.token())
        let start = lamp.outgoing
        try await lamp.enrol()
        let before = scene.sent(on: lamp.channel).count
        await scene.worker.receive(start)
        #expect(scene.sent(on: lamp.channel).count == before)
        #expect(scene.counters.value(.handshakesStarted) == 1)
    }

    @Test func `a new message_1 on the same channel takes the old one's place`() async throws {
        let scene = try await Scene()
        let lamp = try Lamp("lamp-1", at: scene, token: await scene.token())
        try await lamp.enrol()
        try lamp.begin(byValue: false)
        _ = try await lamp.step()
        let old = lamp.outgoing
        try lamp.begin(byValue: false)
        let open = scene.counters.value(.sessionsOpen)
        _ = try await lamp.step()
        #expect(scene.counters.value(.sessionsOpen) == open)
        let before = scene.sent(on: lamp.channel).count
        let ignored = scene.counters.value(.payloadsIgnored)
        await scene.worker.receive(old)
        await scene.settle()
        #expect(scene.sent(on: lamp.channel).count == before)
        #expect(scene.counters.value(.payloadsIgnored) == ignored + 1)
    }

    @Test func `a bad message_1 does not end the session on its channel`() async throws {
        let scene = try await Scene()
        let lamp = try Lamp("lamp-1", at: scene, token: await scene.token())
        try await lamp.enrol()
        try lamp.begin(byValue: false)
        _ = try await lamp.step()
        await scene.worker.receive([0xf5, 0x03, 0x03, 0x41, 0x00, 0x00], on: lamp.channel)
        await scene.worker.receive([0xf5], on: lamp.channel)
        _ = try lamp.settle(try await lamp.talk())
        #expect(scene.counters.value(.handshakesFailed) == 2)
    }
}
