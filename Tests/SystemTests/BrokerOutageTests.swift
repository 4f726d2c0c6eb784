import EstateHarness
import BrokerHarness
import Testing

extension SystemTests {
    @Suite struct BrokerOutageTests {
        @Test func `a broker that is down at the start is waited for`() async throws {
            let estate = try await Estate()
            await estate.broker.stop()
            try await estate.start(awaitingBroker: false)
            #expect(try await estate.status().broker == "not connected")
            let lamp = Lamp("lamp-1", in: estate)
            try await lamp.prepare(with: try await estate.makeLamps())
            try lamp.start()
            try await Task.sleep(for: .seconds(1))
            #expect(estate.running?.code == nil && lamp.running?.code == nil)
            try await estate.broker.start()
            try await lamp.agrees(from: 1)
            #expect(try await estate.status().broker == "connected")
        }

        @Test(arguments: [2, 4])
        func `a broker that dies in mid-session is waited for`(passed: Int) async throws {
            let estate = try await Estate(isProxied: true)
            try await estate.start()
            let lamp = Lamp("lamp-1", in: estate)
            #expect(try await lamp.enrol(with: try await estate.makeLamps()).code == 0)
            try lamp.start()
            try await lamp.agrees(from: 1)
            guard let proxy = estate.proxy else { throw Trouble("no proxy") }
            proxy.shutGate(after: passed)
            try await estate.admin("key", "rotate", "--device", "lamp-1", "--all")
            try await eventually("the session hangs") {
                Direction.allCases.contains { proxy.counters($0).heldAtGate > 0 }
            }
            estate.broker.killAtOnce()
            proxy.openGate()
            try await lamp.holdsWhatTheServerAccepts()
            try await estate.broker.start()
            try await lamp.agrees(from: 2)
            #expect(estate.running?.code == nil && lamp.running?.code == nil)
        }
    }
}
