import EstateHarness
import Testing

extension SystemTests {
    @Suite struct AnchorTests {
        @Test func `an announced anchor outlives the server's death, and devices go on`()
            async throws
        {
            let estate = try await Estate()
            try await estate.start()
            let lamp = Lamp("lamp-1", in: estate)
            #expect(try await lamp.enrol(with: try await estate.makeLamps()).code == 0)
            try lamp.start()
            try await lamp.agrees(from: 1)
            #expect(try await estate.latchkey("anchor", "switch", "--yes").code == 6)
            let announced = try await estate.admin("anchor", "announce")
            #expect(announced.output == "anchor 2 is announced\n")
            estate.killServer()
            try await estate.start()
            let list = try await estate.admin("anchor", "list")
            #expect(list.output.contains("announced") && list.output.contains("current"))
            try await estate.admin("key", "rotate", "--device", "lamp-1", "--all")
            try await lamp.agrees(from: 2)
            // A number that is not that of the stragglers cuts nobody off.
            let wrong = try await estate.latchkey("anchor", "switch", "--yes", "--stranding", "7")
            #expect(wrong.code == 6 && wrong.errors.contains("not 7"), "\(wrong.text)")
            #expect(try await estate.latchkey("audit", "verify").code == 0)
        }
    }
}
