import BrokerHarness
import MQTTLink
import Testing

private let up = "latchkey/1/home/device/lamp-1/up"
private let down = "latchkey/1/home/device/lamp-1/down"

/// What the proxy does to messages, seen from both ends.
@Suite struct ProxyTests {
    /// Sends 1 to `count` through a proxy that misbehaves; what arrived, in its order.
    private func arrivals(
        of count: Int,
        expecting expected: Int,
        _ direction: Direction = .up,
        seed: UInt64 = 1,
        _ misbehaviour: Misbehaviour
    ) async throws -> [String] {
        let fixture = try await Fixture(.plain)
        let proxy = try MisbehavingProxy(to: fixture.broker.port, seed: seed)
        defer { proxy.stop() }
        let server = try await fixture.connect("@server")
        let lamp = try await fixture.connect("lamp-1", port: proxy.port)
        try await server.subscribe(to: [up])
        try await lamp.subscribe(to: [down])
        proxy.misbehave(direction, misbehaviour)
        let (from, to, topic) = direction == .up ? (lamp, server, up) : (server, lamp, down)
        for number in 1...count {
            try from.send(MQTTPublication(topic: topic, payload: Array("\(number)".utf8)))
        }
        #expect(await becomes { to.counters.received >= expected })
        var arrived: [String] = []
        while let words = await to.hear(within: .milliseconds(800)) { arrived.append(words) }
        await lamp.close()
        await server.close()
        return arrived
    }

    @Test(arguments: Direction.allCases)
    func `one message in three vanishes though its sender has an acknowledgement`(
        direction: Direction
    ) async throws {
        var misbehaviour = Misbehaviour()
        misbehaviour.drop = .every(3)
        let arrived = try await arrivals(of: 9, expecting: 6, direction, misbehaviour)
        #expect(arrived == ["1", "2", "4", "5", "7", "8"])
    }

    @Test func `a seed decides which messages vanish`() async throws {
        var misbehaviour = Misbehaviour()
        misbehaviour.drop = .random(1.0 / 3)
        let seed = UInt64.random(in: 0 ... .max)
        print("seed \(seed)")
        let first = try await arrivals(of: 30, expecting: 1, seed: seed, misbehaviour)
        let second = try await arrivals(of: 30, expecting: 1, seed: seed, misbehaviour)
        #expect(first == second && first.count < 30)
    }

    @Test func `a message can come twice`() async throws {
        var misbehaviour = Misbehaviour()
        misbehaviour.duplicate = .every(2)
        let arrived = try await arrivals(of: 4, expecting: 6, .up, misbehaviour)
        #expect(arrived == ["1", "2", "2", "3", "4", "4"])
    }

    @Test func `a message can be overtaken`() async throws {
        var misbehaviour = Misbehaviour()
        misbehaviour.reorder = .every(2)
        let arrived = try await arrivals(of: 4, expecting: 4, .down, misbehaviour)
        #expect(Set(arrived) == ["1", "2", "3", "4"] && arrived.firstIndex(of: "3") == 1)
    }

    @Test func `a message can come late`() async throws {
        var misbehaviour = Misbehaviour()
        misbehaviour.delay = .milliseconds(60)
        let start = ContinuousClock.now
        _ = try await arrivals(of: 2, expecting: 2, .up, misbehaviour)
        #expect(.now - start > .milliseconds(120))
    }

    @Test func `a broker can invent messages`() async throws {
        let fixture = try await Fixture(.plain)
        let proxy = try MisbehavingProxy(to: fixture.broker.port)
        defer { proxy.stop() }
        let lamp = try await fixture.connect("lamp-1", port: proxy.port)
        proxy.inject(
            topic: "never/asked/for",
            payload: Array("forged".utf8),
            isRetained: true,
            .down
        )
        let message = try #require(await firstValue(of: lamp.messages, within: .seconds(30)))
        #expect(message.topic == "never/asked/for" && message.isRetained)
        await lamp.close()
    }
}
