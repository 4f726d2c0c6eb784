import EstateHarness
import BrokerHarness
import Testing

extension SystemTests {
    /// `kill -9` with any message of a conversation under way: nobody has heard it yet.
    @Suite struct KillTests {
        enum Victim: CaseIterable { case server, agent }

        /// message_1, message_2, message_3 + REPORT, message_4 + OFFER, CONFIRM, SETTLE.
        @Test(arguments: Victim.allCases, 1...6)
        func `either side killed at any message of an enrolment`(
            victim: Victim,
            message: Int
        )
            async throws
        {
            let estate = try await Estate(isProxied: true)
            try await estate.start()
            let lamp = Lamp("lamp-1", in: estate)
            try await lamp.prepare(with: try await estate.makeLamps(uses: 1))
            try hold(message, estate)
            try lamp.start(sessionLimit: 1)
            try await kill(victim, lamp)
            try await lamp.agrees(from: 1)
            #expect(try await estate.devices() == ["lamp-1"])
            #expect(try await estate.auditIsIntact())
        }

        /// The same, after the nudge that a rotation begins with.
        @Test(arguments: Victim.allCases, 1...7)
        func `either side killed at any message of a rotation`(
            victim: Victim,
            message: Int
        )
            async throws
        {
            let estate = try await Estate(isProxied: true)
            try await estate.start()
            let lamp = Lamp("lamp-1", in: estate)
            #expect(try await lamp.enrol(with: try await estate.makeLamps()).code == 0)
            try lamp.start(contactInterval: 3, sessionLimit: 1)
            try await lamp.agrees(from: 1)
            try hold(message, estate)
            try await estate.admin("key", "rotate", "--device", "lamp-1", "--all")
            try await kill(victim, lamp)
            try await lamp.agrees(from: 2)
            #expect(try await estate.auditIsIntact())
        }

        @Test func `an agent killed again and again while its key is rotated`() async throws {
            var random = SeededRandom(seed: seed())
            let estate = try await Estate()
            try await estate.start()
            let lamp = Lamp("lamp-1", in: estate)
            // With a grace the superseded keys would fill the device's store.
            #expect(try await lamp.enrol(with: try await estate.makeLamps(grace: "0s")).code == 0)
            for _ in 0..<12 {
                try lamp.start(sessionLimit: 1)
                try await estate.admin("key", "rotate", "--device", "lamp-1", "--all")
                try await Task.sleep(for: .milliseconds(.random(in: 0...120, using: &random)))
                lamp.kill()
                try await lamp.holdsWhatTheServerAccepts()
            }
            try lamp.start(sessionLimit: 1)
            let last = try await estate.latchkey(
                "key",
                "rotate",
                "--device",
                "lamp-1",
                "--all",
                "--wait",
                "10"
            )
            let rows = try await estate.latchkey("audit", "list", "--device", "lamp-1")
            #expect(last.code == 0, "\(last.text)\n\(rows.text)\n\(lamp.log)")
            try await lamp.agrees(from: 2)
        }

        @Test func `a server killed again and again while keys are rotated`() async throws {
            var random = SeededRandom(seed: seed())
            let estate = try await Estate()
            try await estate.start()
            let lamp = Lamp("lamp-1", in: estate)
            #expect(try await lamp.enrol(with: try await estate.makeLamps(grace: "0s")).code == 0)
            try lamp.start(sessionLimit: 1)
            for _ in 0..<6 {
                try await estate.admin("key", "rotate", "--device", "lamp-1", "--all")
                try await Task.sleep(for: .milliseconds(.random(in: 0...60, using: &random)))
                estate.killServer()
                try await estate.start()
                try await lamp.holdsWhatTheServerAccepts()
            }
            try await lamp.agrees(from: 2)
            #expect(try await estate.auditIsIntact())
        }

        private func hold(_ message: Int, _ estate: Estate) throws {
            guard let proxy = estate.proxy else { throw Trouble("no proxy") }
            proxy.shutGate(after: message - 1)
        }

        /// Kills one side while the message waits, starts it again, and lets the message go.
        private func kill(_ victim: Victim, _ lamp: Lamp) async throws {
            let estate = lamp.estate
            guard let proxy = estate.proxy else { throw Trouble("no proxy") }
            try await eventually("a message waits", every: .milliseconds(5)) {
                Direction.allCases.contains { proxy.counters($0).heldAtGate > 0 }
            }
            switch victim {
            case .server:
                estate.killServer()
                try await estate.start()
                try await lamp.holdsWhatTheServerAccepts()
                proxy.openGate()
            case .agent:
                lamp.kill()
                try await lamp.holdsWhatTheServerAccepts()
                proxy.openGate()
                try lamp.start(sessionLimit: 1)
            }
        }
    }
}
