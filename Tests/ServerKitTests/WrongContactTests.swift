import EDHOC
import Fleet
import KeyExchange
import Testing

@testable import Registry
@testable import ServerKit

@Suite struct WrongContactTests {
    private func expect(_ message: EDHOCErrorMessage, _ event: DeviceEvent) {
        guard case .failed(.peerError(let told)) = event else {
            Issue.record("want \(message), have \(event)")
            return
        }
        #expect(told == message)
    }

    @Test func `a payload for the session of another channel is ignored`() async throws {
        let scene = try await Scene()
        let token = try await scene.token()
        let (one, two) = (
            try Lamp("lamp-1", at: scene, token: token), try Lamp("lamp-2", at: scene, token: token)
        )
        _ = try await one.step()
        _ = try await two.step()
        await scene.worker.receive(one.outgoing.payload, on: two.channel)
        await scene.worker.receive(one.outgoing.payload, on: .device(one.id))
        await scene.settle()
        #expect(scene.counters.value(.payloadsIgnored) == 2)
        #expect(scene.sent(on: two.channel).count == 1)
        #expect(try await scene.registry.status(now: 1).devices[.enrolled] ?? 0 == 0)
    }

    @Test func `an enrolment topic that is not C_I gets silence`() async throws {
        let scene = try await Scene()
        let lamp = try Lamp("lamp-1", at: scene, token: await scene.token())
        for identifier in ["0a", "0102030405060708", hexadecimal(lamp.connection.bytes) + "00"] {
            await scene.worker.receive(lamp.outgoing.payload, on: .enrolment(identifier))
            #expect(scene.sent(on: .enrolment(identifier)).isEmpty)
        }
        #expect(scene.counters.value(.payloadsIgnored) == 3)
        #expect(scene.counters.value(.handshakesStarted) == 0)
        #expect(scene.counters.value(.sessionsOpen) == 0)
    }

    @Test func `a device that is known by kid may not use an enrolment topic`() async throws {
        let scene = try await Scene()
        let lamp = try Lamp("lamp-1", at: scene, token: await scene.token())
        try await lamp.enrol()
        try lamp.begin(byValue: false)
        // The topic must be the new session's C_I for the handshake to get as far as the credential.
        let enrolment = Channel.enrolment(hexadecimal(lamp.connection.bytes))
        lamp.move(to: enrolment)
        expect(.unknownCredential, try await lamp.talk())
        // Nobody's name is known, so there is nothing to write down.
        await scene.settle()
        #expect(try await scene.refusals().isEmpty)
    }

    @Test func `a whole credential on a device's topic is refused`() async throws {
        let scene = try await Scene()
        let lamp = try Lamp("lamp-1", at: scene, token: await scene.token())
        try lamp.begin(byValue: true, on: .device(lamp.id))
        expect(.unknownCredential, try await lamp.talk())
        #expect(try await scene.registry.status(now: 1).devices[.enrolled] ?? 0 == 0)
    }

    @Test func `a device on the topic of another one is refused`() async throws {
        let scene = try await Scene()
        let token = try await scene.token()
        let (one, two) = (
            try Lamp("lamp-1", at: scene, token: token), try Lamp("lamp-2", at: scene, token: token)
        )
        try await one.enrol()
        try await two.enrol()
        try one.begin(byValue: false, on: .device(two.id))
        expect(.unknownCredential, try await one.talk())
        try two.begin(byValue: false)
        _ = try two.settle(try await two.talk())
    }

    @Test func `an unknown kid is told so, and the audit log is not flooded`() async throws {
        let scene = try await Scene()
        let lamp = try Lamp("lamp-1", at: scene)
        for _ in 0..<60 {
            try lamp.begin(byValue: false)
            expect(.unknownCredential, try await lamp.talk())
        }
        #expect(scene.counters.value(.handshakesFailed) == 60)
        #expect(scene.counters.value(.sessionsOpen) == 0)
        _ = try await becomes { try await scene.refusals().count >= 50 }
        let rows = try await scene.refusals()
        // A burst of fifty, and five a second since.
        #expect((50..<60).contains(rows.count))
        #expect(Set(rows.map(\.event.device)) == ["lamp-1"])
    }

    @Test func `a suite that is not taken here is told, with those that are`() async throws {
        let scene = try await Scene(suites: [3])
        let lamp = try Lamp("lamp-1", at: scene, token: await scene.token(), suites: [2])
        expect(.wrongSuite([3]), try await lamp.talk())
        #expect(scene.counters.value(.sessionsOpen) == 0)
        try lamp.begin(byValue: true)
        try await lamp.enrol()
    }

    @Test(arguments: [
        [], [0xf5], [0xf6], [0xff], [0x00], [0x48, 1, 2, 3], [0x80], [0xf5, 0xff],
        [UInt8](repeating: 0xf5, count: 4097), [UInt8](repeating: 0x41, count: 5000),
        [0x48, 1, 2, 3, 4, 5, 6, 7, 8], [0x48, 1, 2, 3, 4, 5, 6, 7, 8, 0x41, 0],
        [0x48, 1, 2, 3, 4, 5, 6, 7, 8, 0x01, 0x61, 0x61], [0x48, 1, 2, 3, 4, 5, 6, 7, 8, 0x80],
    ])
    func `garbage gets silence and leaves nothing behind`(payload: [UInt8]) async throws {
        let scene = try await Scene()
        let channel = Channel.enrolment("0102030405060708")
        let lamp = try Channel.device(DeviceID(parsing: "lamp-1"))
        for channel in [channel, lamp] {
            await scene.worker.receive(payload, on: channel)
            #expect(scene.sent(on: channel).isEmpty)
        }
        #expect(scene.counters.value(.sessionsOpen) == 0)
        #expect(scene.counters.value(.handshakesStarted) == 0)
    }

    @Test func `a changed message_3 ends the session and is told`() async throws {
        let scene = try await Scene()
        let lamp = try Lamp("lamp-1", at: scene, token: await scene.token())
        _ = try await lamp.step()
        var payload = lamp.outgoing.payload
        payload[20] ^= 1
        await scene.worker.receive(payload, on: lamp.channel)
        expect(.unspecified("handshake failed"), try await lamp.hear())
        #expect(scene.counters.value(.sessionsOpen) == 0)
    }
}
