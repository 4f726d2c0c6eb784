import EstateHarness
import Testing

extension SystemTests {
    /// The server's identity and command key change, and real agents follow.
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

        @Test func `the switch waits for the last device, and then everyone goes on`()
            async throws
        {
            let estate = try await Estate()
            try await estate.start()
            let old = try await estate.makeLamps()
            let lamps = try await estate.lightLamps(3, with: old)
            lamps[2].kill()

            try await estate.admin("anchor", "announce")
            try await estate.waitForFollowers(2)
            #expect(try await estate.anchors().devices == 3)
            #expect(try await estate.stragglers() == ["lamp-3"])
            let early = try await estate.latchkey("anchor", "switch", "--yes")
            #expect(early.code == 6 && early.errors.contains("2 of 3 devices"), "\(early.text)")

            try lamps[2].start()
            try await estate.waitForFollowers(3)
            #expect(try await estate.stragglers().isEmpty)
            // Off while the switch is made, and none the wiser.
            lamps[1].kill()
            try await estate.admin("anchor", "switch", "--yes")
            #expect(try await estate.anchors().anchors.map(\.state) == ["former", "current"])
            try lamps[1].start()
            try await estate.rotate(lamps, to: 2)
            estate.killServer()
            try await estate.start()
            try await estate.rotate(lamps, to: 3)
            for lamp in lamps { #expect(try await lamp.status().anchor == 2) }

            let newcomer = Lamp("lamp-4", in: estate)
            #expect(try await newcomer.enrol(with: try await estate.makeBundle("new")).code == 0)
            #expect(try await newcomer.status().anchor == 2)
            let late = try await Lamp("lamp-5", in: estate)
                .enrol(with: old, timeout: 3, sessionLimit: 1)
            #expect(late.code == 3, "an identity that is destroyed answered: \(late.text)")
            #expect(try await estate.audit("anchorSwitched").count == 1)
            #expect(try await estate.auditIsIntact())
        }

        @Test func `two changes in a row lead a fleet from the first anchor to the third`()
            async throws
        {
            let estate = try await Estate()
            try await estate.start()
            let lamps = try await estate.lightLamps(2, with: try await estate.makeLamps())
            // One of them sleeps through an announcement, and hears of the newest alone.
            lamps[1].kill()
            try await estate.admin("anchor", "announce")
            try await estate.waitForFollowers(1)
            try await estate.admin("anchor", "announce")
            try lamps[1].start()
            try await estate.waitForFollowers(2)
            try await estate.admin("anchor", "switch", "--yes")
            try await estate.rotate(lamps, to: 2)
            for lamp in lamps { #expect(try await lamp.status().anchor == 3) }
            let last = try await estate.anchors().anchors.map(\.state)
            #expect(last == ["former", "former", "current"])
            #expect(try await estate.auditIsIntact())
        }

        @Test func `a device left behind keeps its keys, obeys an order, and comes back anew`()
            async throws
        {
            let estate = try await Estate()
            try await estate.start()
            let lamps = try await estate.lightLamps(2, with: try await estate.makeLamps())
            lamps[1].kill()
            let held = try await lamps[1].primaries()
            try await estate.admin("anchor", "announce")
            try await estate.waitForFollowers(1)
            let cut = try await estate.latchkey("anchor", "switch", "--yes", "--stranding", "1")
            #expect(cut.code == 0, "\(cut.text)")
            #expect(try await estate.stragglers() == ["lamp-2"])

            try lamps[1].start(sessionLimit: 1)
            try await estate.rotate([lamps[0]], to: 2)
            try await eventually("a handshake got no answer: \(lamps[1].log)") {
                lamps[1].log.split(separator: "\n").count { $0.contains("session") } > 1
            }
            #expect(try await lamps[1].primaries() == held)

            // The command key of its own anchor still reaches it.
            try await estate.admin("device", "retire", "lamp-2", "--yes")
            try await eventually("the order is obeyed: \(lamps[1].log)") {
                try await lamps[1].held().isEmpty
            }
            #expect(try await lamps[1].status().state == "retiring")
            lamps[1].kill()

            let bundle = try await estate.makeBundle("again")
            #expect(try await lamps[1].enrol(with: bundle, name: "lamp-3").code == 10)
            let words = ["--bundle", bundle, "--name", "lamp-3", "--wipe"]
            let again = try await estate.run(
                "latchkey-agent",
                ["enrol"] + words + ["--state", lamps[1].state]
            )
            #expect(again.code == 0, "\(again.text)")
            #expect(try await lamps[1].status().anchor == 2)
            #expect(try await lamps[1].primaries().isDisjoint(with: held))
            #expect(try await estate.device("lamp-3")?.device.state == "enrolled")
            #expect(try await estate.auditIsIntact())
        }
    }
}

extension Estate {
    /// Enrols lamps and starts them; each then holds its first key and has its own account.
    func lightLamps(_ count: Int, with bundle: String) async throws -> [Lamp] {
        var lamps: [Lamp] = []
        for number in 1...count { lamps.append(try await lightLamp(number, with: bundle)) }
        return lamps
    }

    /// The same for one.
    func lightLamp(_ number: Int, with bundle: String) async throws -> Lamp {
        let lamp = Lamp("lamp-\(number)", in: self)
        let outcome = try await lamp.enrol(with: bundle)
        guard outcome.code == 0 else { throw Trouble(outcome.text) }
        try lamp.start()
        // The broker hears of a new account a moment later.
        try await eventually("\(lamp.name) talks by its own account: \(lamp.log)") {
            lamp.log.contains("settled with the server")
        }
        try await lamp.agrees(from: 1)
        return lamp
    }

    /// Waits until so many devices have talked to the server under its newest identity.
    func waitForFollowers(_ count: Int) async throws {
        try await eventually("\(count) devices follow") {
            try await anchors().anchors.last?.devices == count
        }
    }

    /// Rotates the keys of these lamps; returns when both sides use the new ones.
    func rotate(_ lamps: [Lamp], to epoch: Int) async throws {
        for lamp in lamps {
            try await admin("key", "rotate", "--device", lamp.name, "--all")
        }
        for lamp in lamps { try await lamp.agrees(from: epoch) }
    }
}
