import EstateHarness
import BrokerHarness
import Testing

extension SystemTests {
    @Suite struct LossTests {
        @Test func `a broker that drops one message in three costs time and no key`() async throws {
            let estate = try await Estate(isProxied: true, seed: seed())
            try await estate.start()
            let bundle = try await estate.makeLamps(keys: ["seal", "sign"])
            guard let proxy = estate.proxy else { throw Trouble("no proxy") }
            var bad = Misbehaviour()
            bad.drop = .random(1.0 / 3)
            bad.duplicate = .random(0.2)
            bad.reorder = .random(0.2)
            for direction in Direction.allCases { proxy.misbehave(direction, bad) }
            let lamps = (1...5).map { Lamp("lamp-\($0)", in: estate) }
            for lamp in lamps {
                try await lamp.prepare(with: bundle)
                try lamp.start(contactInterval: 2, sessionLimit: 6)
            }
            for lamp in lamps { try await lamp.agrees(2, from: 1, within: .seconds(120)) }
            try await estate.admin("key", "rotate", "--group", "lamps", "--all")
            for lamp in lamps { try await lamp.agrees(2, from: 2, within: .seconds(120)) }
            for direction in Direction.allCases {
                let counters = proxy.counters(direction)
                #expect(counters.dropped * 6 > counters.published && counters.duplicated > 0)
            }
            #expect(try await estate.devices().count == 5)
            #expect(try await estate.auditIsIntact())
        }
    }
}
