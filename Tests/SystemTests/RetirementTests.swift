import EstateHarness
import Foundation
import Testing

extension SystemTests {
    @Suite struct RetirementTests {
        @Test func `a retired device that comes back gets nothing but its retirement`()
            async throws
        {
            let estate = try await Estate()
            try await estate.start()
            let lamp = Lamp("lamp-1", in: estate)
            #expect(try await lamp.enrol(with: try await estate.makeLamps()).code == 0)
            let backup = "\(estate.path)/backup"
            try FileManager.default.copyItem(atPath: lamp.state, toPath: backup)
            try lamp.start()
            try await lamp.agrees(from: 1)
            try await estate.admin("device", "retire", "lamp-1", "--yes")
            #expect(try await lamp.running?.end(within: .seconds(60)) == 10)
            #expect(try await lamp.held().allSatisfy { $0.state != "primary" })
            try await eventually("the server has the receipt") {
                try await estate.device("lamp-1")?.device.state == "retired"
            }
            // Started again, it says at once that it must not run.
            #expect(try await lamp.command("run").code == 10)

            // A disk from before the retirement: the keys are there again, the server wants none.
            try FileManager.default.removeItem(atPath: lamp.state)
            try FileManager.default.copyItem(atPath: backup, toPath: lamp.state)
            #expect(try await lamp.primaries().count == 1)
            try lamp.start()
            #expect(try await lamp.running?.end(within: .seconds(120)) == 10, "\(lamp.log)")
            #expect(try await lamp.held().allSatisfy { $0.state != "primary" })
            #expect(try await estate.device("lamp-1")?.device.state == "retired")
            #expect(try await lamp.expected().isEmpty)
        }
    }
}
