import BrokerHarness
import EDHOC
import Fleet
import Foundation
import KeyExchange
import MQTTLink
import Registry
import Testing

@testable import ServerKit

/// Retirement without a session, through a broker.
@Suite(.timeLimit(.minutes(2))) struct OrderTests {
    private static let process = [UInt8](repeating: 1, count: 8)
    private static let base = "latchkey/1/house/device/lamp-1"

    /// The next message on a connection.
    private func next(_ link: MQTTConnection) async -> MQTTMessage? {
        for await message in link.messages { return message }
        return nil
    }

    private func enrolled(_ exchange: Exchange) async throws -> Lamp {
        let scene = exchange.scene
        let token = try await scene.token()
        let lamp = try Lamp("lamp-1", at: scene, token: token, instance: Self.process)
        try await lamp.enrol()
        return lamp
    }

    @Test func `a device that was away finds its order, obeys, and the topic is cleared`()
        async throws
    {
        let exchange = try await Exchange()
        let scene = exchange.scene
        let lamp = try await enrolled(exchange)
        try await exchange.run {
            _ = try await scene.registry.retireDevice(lamp.id, actor: "a", now: Scene.now)
            #expect(await becomes { scene.counters.value(.orders) >= 1 })
            let link = try await exchange.connect("lamp-1", "lamp-1-agent")
            try await link.subscribe(to: ["\(Self.base)/order"])
            let message = try #require(await next(link))
            #expect(message.isRetained)
            let order = try lamp.obey(order: message.payload)
            #expect(lamp.inShort.isEmpty && lamp.lastOrder == order.counter)

            // Its keys are gone; in the session that it can still hold, it says so.
            try lamp.begin(byValue: false)
            let settle = try lamp.settle(try await lamp.talk())
            #expect(settle.operation == order.operation)
            #expect(try await scene.registry.device(lamp.id).device.state == .retired)
            // The order may come twice: because of the commit, and because the server has just connected.
            var last = try #require(await next(link))
            while !last.payload.isEmpty { last = try #require(await next(link)) }
            await link.close()

            // Nobody who comes later finds anything.
            let later = try await exchange.connect("lamp-1", "lamp-1-agent")
            try await later.subscribe(to: ["\(Self.base)/order", "\(Self.base)/nudge"])
            let server = try await exchange.connect("@server", "another")
            try await server.publish(
                MQTTPublication(topic: "\(Self.base)/nudge", payload: [0xf6])
            )
            #expect(await next(later)?.topic == "\(Self.base)/nudge")
            for link in [later, server] { await link.close() }

            // A copy of it that comes back gets its retirement, and nothing else.
            try lamp.begin(byValue: false)
            #expect(try lamp.settle(try await lamp.talk()).operation == order.operation)
            #expect(lamp.materials.count == 1)
        }
    }

    @Test func `a broker that has lost what it retained gets the orders again`() async throws {
        let exchange = try await Exchange()
        let scene = exchange.scene
        let lamp = try await enrolled(exchange)
        try await exchange.run {
            _ = try await scene.registry.retireDevice(lamp.id, actor: "a", now: Scene.now)
            #expect(await becomes { scene.counters.value(.orders) >= 1 })
            exchange.broker.killAtOnce()
            let before = scene.counters.value(.orders)
            try await exchange.broker.start()
            #expect(await becomes { scene.counters.value(.orders) > before })
            let link = try await exchange.connect("lamp-1", "lamp-1-agent")
            try await link.subscribe(to: ["\(Self.base)/order"])
            let message = try #require(await next(link))
            #expect(message.isRetained)
            let order = try lamp.obey(order: message.payload)
            #expect(lamp.lastOrder == order.counter)
            await link.close()
        }
    }

    @Test func `a server that was down publishes what it owes`() async throws {
        let exchange = try await Exchange()
        let scene = exchange.scene
        let lamp = try await enrolled(exchange)
        _ = try await scene.registry.retireDevice(lamp.id, actor: "a", now: Scene.now)
        // Committed and never sent: as if the server had died in between.
        try await scene.registry.outboxDone(
            scene.registry.takeOutbox(limit: 10).map(\.id)
        )
        try await exchange.run {
            #expect(await becomes { scene.counters.value(.orders) >= 1 })
        }
    }

    @Test func `a broker whose rules keep orders out does not keep nudges waiting`() async throws {
        let exchange = try await Exchange()
        let scene = exchange.scene
        let lamp = try await enrolled(exchange)
        let rules = exchange.broker.folder + "/mosquitto.acl"
        let text = try String(contentsOfFile: rules, encoding: .utf8)
        try text.split(separator: "\n").filter { !$0.hasSuffix("/order") }
            .joined(separator: "\n").write(toFile: rules, atomically: false, encoding: .utf8)
        try await exchange.broker.reload()
        try await exchange.run {
            _ = try await scene.registry.retireDevice(lamp.id, actor: "a", now: Scene.now)
            #expect(await becomes { scene.counters.value(.nudges) == 1 })
            #expect(
                try await becomes {
                    try await scene.registry.status(now: Scene.now).outbox == 0
                }
            )
            #expect(scene.counters.value(.orders) == 0)
            #expect(scene.counters.value(.publishFailures) > 0)
        }
    }

    @Test func `another device cannot read the order, and nobody but the server writes one`()
        async throws
    {
        let exchange = try await Exchange()
        let scene = exchange.scene
        let lamp = try await enrolled(exchange)
        try await exchange.run {
            let forger = try await exchange.connect("lamp-1", "forger")
            // mosquitto takes it and lets it fall, or refuses it: nothing is retained either way.
            try? await forger.publish(
                MQTTPublication(topic: "\(Self.base)/order", payload: [1], isRetained: true)
            )
            _ = try await scene.registry.retireDevice(lamp.id, actor: "a", now: Scene.now)
            #expect(await becomes { scene.counters.value(.orders) >= 1 })
            let spy = try await exchange.connect("@enrol", "0011223344556677")
            try? await spy.subscribe(to: ["\(Self.base)/order"])
            try await forger.subscribe(to: ["\(Self.base)/order"])
            let message = try #require(await next(forger))
            _ = try lamp.obey(order: message.payload)
            #expect(spy.counters.received == 0)
            for link in [forger, spy] { await link.close() }
        }
    }
}
