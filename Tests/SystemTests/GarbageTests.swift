import EstateHarness
import BrokerHarness
import MQTTLink
import Testing

extension SystemTests {
    @Suite struct GarbageTests {
        @Test func `whatever a broker invents, repeats or turns about, nobody stumbles`()
            async throws
        {
            var random = SeededRandom(seed: seed())
            let estate = try await Estate()
            try await estate.start()
            let bundle = try await estate.makeLamps()
            let mallory = try await Mallory(estate)
            let lamp = Lamp("lamp-1", in: estate)
            #expect(try await lamp.enrol(with: bundle).code == 0)
            try lamp.start(contactInterval: 600)
            try await lamp.agrees(from: 1)
            try await estate.admin("key", "rotate", "--device", "lamp-1", "--all")
            try await lamp.agrees(from: 2)
            let server = estate.running?.identifier
            let agent = lamp.running?.identifier
            let before = try await lamp.held()

            let heard = mallory.messages
            #expect(heard.count >= 12)
            for (payload, topic) in attacks(heard, &random) {
                try mallory.send(payload, at: topic)
            }
            // One that is kept: the next subscriber gets it before anything else.
            for (index, topic) in Set(heard.map(\.topic)).enumerated() {
                try await mallory.publish(
                    heard[index % heard.count].payload,
                    at: topic,
                    isRetained: true
                )
            }
            let second = Lamp("lamp-2", in: estate)
            #expect(try await second.enrol(with: bundle).code == 0)
            #expect(estate.running?.identifier == server && estate.running?.code == nil)
            #expect(lamp.running?.identifier == agent && lamp.running?.code == nil)
            #expect(try await lamp.held().map(\.thumbprint) == before.map(\.thumbprint))
            #expect(Set(try await estate.devices()) == ["lamp-1", "lamp-2"])

            // Both come back to what the broker has kept for them.
            #expect(try await estate.stopServer() == 0)
            #expect(try await lamp.stop() == 0)
            try await estate.start()
            try lamp.start(contactInterval: 600)
            try await lamp.agrees(from: 2)
            try await estate.admin("key", "rotate", "--device", "lamp-1", "--all")
            try await lamp.agrees(from: 3)
            #expect(Set(try await estate.devices()) == ["lamp-1", "lamp-2"])
            #expect(try await estate.auditIsIntact())
        }

        /// Every message again: as it was, cut, lengthened, with a bit turned, at another's place, and
        /// in another order; and bytes that never were a message.
        private func attacks(
            _ heard: [MQTTMessage],
            _ random: inout SeededRandom
        ) -> [([UInt8], String)] {
            let topics =
                Array(Set(heard.map(\.topic))).sorted() + [
                    "latchkey/1/acme/device/lamp-1/down", "latchkey/1/acme/device/lamp-1/nudge",
                    "latchkey/1/acme/device/lamp-2/up", "latchkey/1/acme/device/no-one/up",
                    "latchkey/1/acme/enrol/00/up", "latchkey/1/acme/enrol/zz/up",
                    "latchkey/1/acme/enrol/\(String(repeating: "a", count: 80))/up",
                ]
            var attacks: [([UInt8], String)] = []
            for message in heard + heard.reversed() {
                let payload = message.payload
                attacks.append((payload, message.topic))
                for topic in topics { attacks.append((payload, topic)) }
                for _ in 0..<4 where !payload.isEmpty {
                    let place = Int.random(in: 0..<payload.count, using: &random)
                    attacks.append((Array(payload.prefix(place)), message.topic))
                    var turned = payload
                    turned[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                    attacks.append((turned, message.topic))
                }
                attacks.append((payload + payload, message.topic))
            }
            for topic in topics {
                attacks.append(([], topic))
                attacks.append(([0xf5], topic))
                attacks.append(([UInt8](repeating: 0x9f, count: 20_000), topic))
                attacks.append(([0xf5] + [UInt8](repeating: 0x5b, count: 16_000), topic))
                for _ in 0..<20 {
                    let count = Int.random(in: 1...300, using: &random)
                    let noise = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
                    attacks.append((noise, topic))
                }
            }
            return attacks.shuffled(using: &random)
        }
    }
}
