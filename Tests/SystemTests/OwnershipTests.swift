import EstateHarness
import Testing

extension SystemTests {
    @Suite struct OwnershipTests {
        @Test func `an enrolled device keeps its fleet, and its folder to one agent`()
            async throws
        {
            let estate = try await Estate()
            try await estate.start()
            let other = try await Estate(fleet: "other", beside: estate)
            try await other.start()
            let foreign = try await other.makeLamps()
            let lamp = Lamp("lamp-1", in: estate)
            #expect(try await lamp.enrol(with: try await estate.makeLamps()).code == 0)
            let before = try await lamp.primaries()

            let refused = try await lamp.enrol(with: foreign)
            #expect(refused.code == 2)
            #expect(
                refused.errors.contains(
                    "belongs to fleet acme, the bundle is for other"
                ),
                "\(refused.errors)"
            )
            try lamp.start()
            try await lamp.agrees(from: 1)
            let second = try await lamp.command("run")
            #expect(second.code == 6 && second.errors.contains("another latchkey-agent"))
            #expect(lamp.running?.code == nil)
            #expect(try await lamp.primaries() == before)
            #expect(try await other.devices().isEmpty)
        }
    }
}
