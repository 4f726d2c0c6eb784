import BrokerHarness
import EstateHarness
import Testing

extension SystemTests {
    /// The life of a key by the admin's command line, on a real device.
    @Suite struct KeyLifeTests {
        @Test func `a key is suspended, resumed, replaced when compromised, and retired`()
            async throws
        {
            let estate = try await Estate()
            try await estate.start()
            let lamp = Lamp("lamp-1", in: estate)
            #expect(try await lamp.enrol(with: try await estate.makeLamps()).code == 0)
            try lamp.start()
            try await lamp.agrees(from: 1)

            try await estate.admin("key", "suspend", "--device", "lamp-1", "--key", "seal")
            try await eventually("the device has heard of the suspension") {
                try await lamp.held().map(\.state) == ["suspended"]
            }
            let refused = try await estate.latchkey(
                "key",
                "rotate",
                "--device",
                "lamp-1",
                "--key",
                "seal"
            )
            #expect(refused.code == 6 && refused.errors.contains("suspended"))

            try await estate.admin("key", "resume", "--device", "lamp-1", "--key", "seal")
            try await lamp.agrees(from: 1)

            try await estate.admin(
                "key",
                "compromise",
                "--device",
                "lamp-1",
                "--key",
                "seal",
                "--yes"
            )
            try await lamp.agrees(from: 2)
            let states = try await estate.device("lamp-1")?.keys.map(\.state)
            #expect(states == ["destroyedCompromised", "active"])
            #expect(try await lamp.held().map(\.epoch) == [2], "no grace for a compromised key")

            try await estate.admin("key", "retire", "--device", "lamp-1", "--key", "seal", "--yes")
            try await eventually("the receipt is in") {
                try await estate.device("lamp-1")?.keys.map(\.state).last == "destroyed"
            }
            #expect(try await lamp.held().isEmpty)
            #expect(try await estate.auditIsIntact())
        }

        @Test func `what is asked wrongly changes nothing`() async throws {
            let estate = try await Estate()
            try await estate.start()
            let lamp = Lamp("lamp-1", in: estate)
            #expect(try await lamp.enrol(with: try await estate.makeLamps()).code == 0)
            try lamp.start()
            try await lamp.agrees(from: 1)
            let before = try await estate.status().auditRows
            for words in [
                ["suspend", "--device", "lamp-2", "--key", "seal"],
                ["suspend", "--device", "lamp-1", "--key", "other"],
                ["resume", "--device", "lamp-1", "--key", "Seal"],
                ["compromise", "--where", "grop=lamps", "--key", "seal", "--yes"],
                ["retire", "--group", "nobody", "--key", "seal", "--yes"],
                ["destroy", "--device", "lamp-1", "--key", "seal", "--epoch", "1", "--yes"],
            ] {
                let outcome = try await estate.run(
                    "latchkey",
                    ["key"] + words + ["--socket", "\(estate.data)/admin.sock"]
                )
                #expect(outcome.code != 0, "\(words)")
            }
            #expect(try await estate.status().auditRows == before)
            try await lamp.agrees(from: 1)
        }
    }
}
