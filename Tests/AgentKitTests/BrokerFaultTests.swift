import AgentKit
import BrokerHarness
import KeyExchange
import KeyStore
import MQTTLink
import Testing

/// An agent in this process, over a real broker.
private func withAgent(
    _ estate: Estate,
    _ body: (KeyStore, Agent) async throws -> Void
) async throws {
    let store = try KeyStore(estate.state, crypto: crypto)
    _ = try store.begin(with: estate.bundle, name: lamp)
    var timings = quick()
    timings.resend = .milliseconds(100)
    let lines = Lines()
    let agent = Agent(
        store: store,
        crypto: crypto,
        transport: MQTTTransport(
            shortestPause: .milliseconds(20),
            connectTimeout: .seconds(1)
        ),
        timings: timings,
        version: "test",
        log: Log(from: .debug, to: lines.add)
    )
    async let ending = agent.run(until: .end)
    try await body(store, agent)
    agent.stop()
    _ = await ending
}

@Suite struct BrokerFaultTests {
    @Test(arguments: [Direction.up, .down])
    func `a broker that loses one message in three only costs time`(
        direction: Direction
    ) async throws {
        let estate = try await Estate(isProxied: true)
        var misbehaviour = Misbehaviour()
        misbehaviour.drop = .every(3)
        estate.proxy?.misbehave(direction, misbehaviour)
        await estate.server.desire(payload, 1, 1)
        try await withAgent(estate) { store, agent in
            #expect(await eventually { lines(store) == ["payload 1 primary"] })
            for number in 2...4 {
                await estate.server.desire(payload, UInt32(number), UInt8(number), grace: 0)
                agent.contact()
                #expect(await eventually { lines(store) == ["payload \(number) primary"] })
            }
        }
        #expect(await estate.server.devices.count == 1)
        await estate.close()
    }

    @Test func `a broker that is killed and comes back finds the agent waiting`() async throws {
        let estate = try await Estate()
        await estate.server.desire(payload, 1, 1)
        try await withAgent(estate) { store, agent in
            #expect(await eventually { lines(store) == ["payload 1 primary"] })
            #expect(await eventually { await estate.server.reports.count == 2 })
            estate.broker.killAtOnce()
            await estate.server.desire(payload, 2, 2, grace: 0)
            agent.contact()
            try await Task.sleep(for: .milliseconds(100))
            try await estate.broker.start()
            #expect(await eventually { lines(store) == ["payload 2 primary"] })
        }
        await estate.close()
    }
}
