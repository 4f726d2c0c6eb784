import BrokerHarness
import MQTTLink
import Testing

private let up = "latchkey/1/home/device/lamp-1/up"
private let down = "latchkey/1/home/device/lamp-1/down"

@Suite struct ReconnectionTests {
    @Test func `a broker that is down at start is found when it comes up`() async throws {
        let fixture = try await Fixture(.plain)
        await fixture.broker.stop()
        let lamp = try MQTTConnection(fixture.configuration("lamp-1"))
        try lamp.start()
        try await lamp.subscribe(to: [down])
        let error = await #expect(throws: MQTTError.self) {
            try await lamp.waitUntilConnected(within: .seconds(1))
        }
        #expect(error?.code == .unreachable)
        try await fixture.broker.start()
        try await lamp.waitUntilConnected(within: .seconds(30))
        let server = try await fixture.connect("@server")
        try await server.say("good morning", at: down)
        #expect(await lamp.hear() == "good morning")
        await lamp.close()
    }

    @Test func `after a restart of the broker the subscriptions are back`() async throws {
        let fixture = try await Fixture()
        let server = try await fixture.connect("@server")
        let lamp = try await fixture.connect("lamp-1")
        try await lamp.subscribe(to: [down])
        try await server.say("one", at: down)
        #expect(await lamp.hear() == "one")
        fixture.broker.killAtOnce()
        #expect(await becomes { !lamp.isConnected && !server.isConnected })
        let error = await #expect(throws: MQTTError.self) { try await server.say("lost", at: down) }
        #expect(error?.code == .notConnected)
        try await fixture.broker.start()
        try await lamp.waitUntilConnected(within: .seconds(30))
        try await server.waitUntilConnected(within: .seconds(30))
        try await server.say("two", at: down)
        // What could not be sent is not sent later.
        #expect(await lamp.hear() == "two")
        #expect(lamp.counters.connects == 2)
        await lamp.close()
        await server.close()
    }

    @Test func `what was under way when the connection broke fails, and is not sent again`()
        async throws
    {
        let fixture = try await Fixture(.plain)
        let proxy = try MisbehavingProxy(to: fixture.broker.port)
        defer { proxy.stop() }
        let server = try await fixture.connect("@server")
        try await server.subscribe(to: [up])
        let lamp = try await fixture.connect("lamp-1", port: proxy.port)
        proxy.stall(true)
        let publishing = Task { try await lamp.say("lost", at: up) }
        // Long enough for it to be on its way on a loaded machine, too.
        try await Task.sleep(for: .milliseconds(500))
        proxy.cut()
        let error = await #expect(throws: MQTTError.self) { try await publishing.value }
        #expect(error?.code == .connectionLost)
        proxy.stall(false)
        try await lamp.waitUntilConnected(within: .seconds(30))
        try await lamp.say("found", at: up)
        #expect(await server.hear() == "found")
        await lamp.close()
    }

    @Test func `who hears that a connection broke no longer finds it standing`() async throws {
        let fixture = try await Fixture(.plain)
        let proxy = try MisbehavingProxy(to: fixture.broker.port)
        defer { proxy.stop() }
        let lamp = try await fixture.connect("lamp-1", port: proxy.port)
        for _ in 0..<20 {
            try await lamp.waitUntilConnected(within: .seconds(30))
            let connects = lamp.counters.connects
            proxy.stall(true)
            let publishing = Task { try await lamp.say("lost", at: up) }
            try await Task.sleep(for: .milliseconds(20))
            proxy.cut()
            await #expect(throws: MQTTError.self) { try await publishing.value }
            // Or it stands again already, which is another connection.
            #expect(!lamp.isConnected || lamp.counters.connects > connects)
            proxy.stall(false)
        }
        await lamp.close()
    }

    @Test func `a refused connection is known at once with TLS too`() async throws {
        let fixture = try await Fixture()
        await fixture.broker.stop()
        var configuration = fixture.configuration("lamp-1")
        configuration.connectTimeout = .seconds(30)
        configuration.backoff = Backoff(minimum: .seconds(20), maximum: .seconds(20))
        let lamp = try MQTTConnection(configuration)
        try lamp.start()
        let event = await lamp.event(within: .seconds(20)) { _ in true }
        guard case .disconnected(let error, _) = event else {
            Issue.record("\(String(describing: event))")
            return
        }
        #expect(error.code == .unreachable)
        await lamp.close()
    }

    @Test func `a broker that goes silent is given up after the keep-alive`() async throws {
        let fixture = try await Fixture(.plain)
        let proxy = try MisbehavingProxy(to: fixture.broker.port)
        defer { proxy.stop() }
        let lamp = try await fixture.connect("lamp-1", port: proxy.port) {
            $0.connectTimeout = .milliseconds(300)
            $0.keepAlive = .seconds(5)
        }
        proxy.stall(true)
        // One keep-alive until the ping, one more for its answer.
        let event = await lamp.event(within: .seconds(40)) { $0 != .connected }
        guard case .disconnected(let error, _) = event else {
            Issue.record("\(String(describing: event))")
            return
        }
        #expect(error.code == .connectionLost)
        await lamp.close()
    }

    @Test func `an idle connection lives past its keep-alive`() async throws {
        let fixture = try await Fixture(.plain)
        let lamp = try await fixture.connect("lamp-1") { $0.keepAlive = .seconds(5) }
        try await Task.sleep(for: .seconds(8))
        #expect(lamp.isConnected && lamp.counters.connects == 1)
        await lamp.close()
    }

    @Test func `a broker that throws out everybody is not hammered`() async throws {
        let fixture = try await Fixture(.plain)
        let proxy = try MisbehavingProxy(to: fixture.broker.port)
        defer { proxy.stop() }
        proxy.refuse(true)
        var configuration = fixture.configuration("lamp-1", port: proxy.port)
        configuration.backoff = Backoff(
            minimum: .milliseconds(50),
            maximum: .seconds(10),
            randomBits: { .max }
        )
        let lamp = try MQTTConnection(configuration)
        try lamp.start()
        #expect(await becomes { proxy.counters(.up).connections >= 2 })
        try await Task.sleep(for: .milliseconds(600))
        // 100, 150, 250, 450 ms: four attempts, and a few more on a machine that is late. Without
        // pauses there would be hundreds.
        #expect((2...12).contains(proxy.counters(.up).connections))
        await lamp.close()
    }

    @Test func `closing ends the streams, the thread and all that waits`() async throws {
        let fixture = try await Fixture()
        let lamp = try await fixture.connect("lamp-1")
        try lamp.send(MQTTPublication(topic: up, payload: [1]))
        await lamp.close()
        await lamp.close()
        #expect(lamp.counters.acknowledged == 1)
        #expect(await lamp.hear() == nil)
        for await event in lamp.events { #expect(event == .connected) }
        let error = await #expect(throws: MQTTError.self) { try await lamp.say("?", at: up) }
        #expect(error?.code == .closed)
        // A goodbye, not a broken connection.
        #expect(await becomes { fixture.broker.log.contains("disconnected.") })
    }

    @Test func `closing does not wait for a broker that never answers`() async throws {
        let fixture = try await Fixture(.plain)
        let proxy = try MisbehavingProxy(to: fixture.broker.port)
        defer { proxy.stop() }
        proxy.stall(true)
        let lamp = try MQTTConnection(fixture.configuration("lamp-1", port: proxy.port))
        try lamp.start()
        let start = ContinuousClock.now
        await lamp.close()
        // Far less than the ten seconds that the attempt may take.
        #expect(.now - start < .seconds(6))
    }

    @Test func `closing one that was never started ends its streams`() async throws {
        let fixture = try await Fixture(.plain)
        let lamp = try MQTTConnection(fixture.configuration("lamp-1"))
        await lamp.close()
        #expect(await lamp.hear() == nil)
    }
}
