import BrokerHarness
import EDHOC
import Fleet
import KeyExchange
import Logging
import MQTTLink
import Registry
import Secrets
import Testing

@testable import ServerKit

@Suite(.timeLimit(.minutes(2))) struct ExchangeTests {
    @Test func `a device enrols through a broker, and is nudged when its key is rotated`()
        async throws
    {
        let exchange = try await Exchange()
        let scene = exchange.scene
        let lamp = try Lamp("lamp-1", at: scene, token: await scene.token())
        let topic = "latchkey/1/house/enrol/\(hexadecimal(lamp.connection.bytes))"
        try await exchange.run {
            let link = try await exchange.connect("@enrol", hexadecimal(lamp.connection.bytes))
            try await link.subscribe(to: ["\(topic)/down"])
            var settled = false
            try link.send(MQTTPublication(topic: "\(topic)/up", payload: lamp.outgoing.payload))
            for await message in link.messages {
                switch try lamp.take(message.payload) {
                case .send(let next):
                    try link.send(MQTTPublication(topic: "\(topic)/up", payload: next))
                case .settle: settled = true
                case let other: Issue.record("want SETTLE in the end, have \(other)")
                }
                if settled { break }
            }
            #expect(lamp.inShort == ["door 1 primary"])
            await link.close()
            let device = try await exchange.connect("lamp-1", "lamp-1-agent")
            try await device.subscribe(to: ["latchkey/1/house/device/lamp-1/nudge"])
            _ = try await scene.registry.rotate(
                .device(lamp.id),
                key: nil,
                actor: "uid:root",
                now: Scene.now
            )
            var heard: [[UInt8]] = []
            for await message in device.messages {
                heard.append(message.payload)
                break
            }
            #expect(heard == [[0xf6]])
            #expect(await becomes { scene.counters.value(.nudges) == 1 })
            #expect(
                try await becomes {
                    try await scene.registry.status(now: Scene.now).outbox == 0
                }
            )
            await device.close()
        }
    }

    @Test func `beginnings beyond the rate limit and retained ones are let go`() async throws {
        var limits = SessionLimits()
        limits.startsPerSecond = 0.001
        limits.startsBurst = 2
        let exchange = try await Exchange(limits: limits)
        let scene = exchange.scene
        let link = try await exchange.connect("lamp-1", "lamp-1-agent")
        let topic = "latchkey/1/house/device/lamp-1/up"
        let lamp = try Lamp("lamp-1", at: scene)
        try await link.publish(
            MQTTPublication(topic: topic, payload: lamp.outgoing.payload, isRetained: true)
        )
        try await exchange.run {
            // Retained: from long ago, and none of ours.
            #expect(await becomes { scene.counters.value(.payloadsIgnored) >= 1 })
            for _ in 0..<5 {
                try lamp.begin(byValue: false)
                try await link.publish(
                    MQTTPublication(topic: topic, payload: lamp.outgoing.payload)
                )
            }
            #expect(await becomes { scene.counters.value(.startsThrottled) == 3 })
            #expect(await becomes { scene.counters.value(.handshakesStarted) == 2 })
            let ignored = scene.counters.value(.payloadsIgnored)
            // What is no beginning passes: here it finds no session.
            try await link.publish(MQTTPublication(topic: topic, payload: [0x00, 0x40]))
            try await link.publish(MQTTPublication(topic: topic, payload: []))
            #expect(await becomes { scene.counters.value(.payloadsIgnored) == ignored + 2 })
            #expect(scene.counters.value(.sessionsOpen) == 1)
            await link.close()
        }
    }
}
