import EDHOC
import EstateHarness
import KeyExchange
import MQTTLink
import MbedCrypto
import Testing

extension SystemTests {
    /// Orders that need no session: signed, retained at the broker, obeyed once.
    @Suite struct OrderTests {
        @Test func `after a change of anchor the new command key is obeyed, a forged one is not`()
            async throws
        {
            let estate = try await Estate()
            try await estate.start()
            let lamps = try await estate.lightLamps(2, with: try await estate.makeLamps())
            try await estate.admin("anchor", "announce")
            try await estate.waitForFollowers(2)
            try await estate.admin("anchor", "switch", "--yes")
            let mallory = try await Mallory(estate)

            let own = try MbedCrypto().generateSigningKey(.es256)
            try await mallory.publish(
                try Self.order(for: "lamp-1", by: own),
                at: Self.topic("lamp-1"),
                isRetained: true
            )
            try await eventually("the forged order is refused: \(lamps[0].log)") {
                lamps[0].log.contains("an order is refused")
            }
            try await estate.admin("device", "retire", "lamp-2", "--yes")
            let order = try await mallory.order(to: "lamp-2")
            #expect(try await lamps[1].running?.end() == 10)

            // It is the second command key that signed it, and no other.
            for (generation, isSigner) in [(1, false), (2, true)] {
                let key = try await estate.bytes(
                    "SELECT command_key FROM anchor WHERE generation = \(generation)"
                )
                let name = try DeviceID(parsing: "lamp-2")
                let verified = try? Order.verify(
                    order,
                    commandKey: key,
                    fleet: FleetID(parsing: "acme"),
                    device: name,
                    crypto: MbedCrypto()
                )
                #expect((verified != nil) == isSigner, "generation \(generation)")
            }
            // The one that was told off by a stranger goes on, after a restart, too.
            lamps[0].kill()
            try lamps[0].start()
            try await estate.rotate([lamps[0]], to: 2)
            #expect(try await lamps[0].status().last_order == 0)
            #expect(try await estate.auditIsIntact())
        }

        @Test func `an order reaches an agent that was dead when it was given, without a server`()
            async throws
        {
            let estate = try await Estate()
            try await estate.start()
            let lamp = try await estate.lightLamps(1, with: try await estate.makeLamps())[0]
            let thumbprints = try await lamp.held().map(\.thumbprint)
            lamp.kill()
            let mallory = try await Mallory(estate)
            try await estate.admin("device", "retire", "lamp-1", "--yes")
            let order = try await mallory.order(to: "lamp-1")
            estate.killServer()
            // The broker alone remembers.
            try lamp.start(sessionLimit: 1)
            try await eventually("the order is obeyed: \(lamp.log)") {
                try await lamp.held().isEmpty
            }
            #expect(try await lamp.status().state == "retiring")
            #expect(try await lamp.status().last_order > 0)
            lamp.kill()
            // It comes again with the connection, and again by someone's hand.
            try lamp.start(sessionLimit: 1)
            try await mallory.publish(order, at: Self.topic("lamp-1"))
            try await eventually("it is known: \(lamp.log)") {
                lamp.log.contains("an order that was obeyed, or replaced, before")
            }
            #expect(
                lamp.log.split(separator: "\n").count { $0.contains("an order is obeyed") } == 1
            )

            try await estate.start()
            #expect(try await lamp.running?.end() == 10, "\(lamp.log)")
            try await eventually("the receipt is in") {
                try await estate.device("lamp-1")?.device.state == "retired"
            }
            let rows = try await estate.audit("deviceRetired")
            #expect(rows.count == 1)
            for thumbprint in thumbprints {
                #expect(rows[0].details.values.contains { $0.contains(thumbprint) }, "\(rows)")
            }
            // Nothing is left at the broker for whoever gets this name's account.
            let (late, topic) = (try await Mallory(estate), Self.topic("lamp-1"))
            try await Task.sleep(for: .milliseconds(200))
            #expect(!late.messages.contains { $0.topic == topic && !$0.payload.isEmpty })
            #expect(try await estate.auditIsIntact())
        }

        @Test func `an agent killed at each write of an order finishes it at the next start`()
            async throws
        {
            let estate = try await Estate()
            try await estate.start()
            let bundle = try await estate.makeLamps(uses: 50)
            let mallory = try await Mallory(estate)
            var writes = 0
            for number in 1...40 {
                let lamp = try await estate.lightLamp(number, with: bundle)
                lamp.kill()
                try await estate.admin("device", "retire", lamp.name, "--yes")
                _ = try await mallory.order(to: lamp.name)
                estate.killServer()
                try lamp.start(
                    sessionLimit: 1,
                    environment: ["LATCHKEY_FAULT": "any:\(number)"]
                )
                try await eventually("killed, or through: \(lamp.log)") {
                    if lamp.running?.code != nil { return true }
                    return lamp.log.contains("an order is obeyed")
                }
                let died = lamp.running?.code == -9
                lamp.kill()
                if !died {
                    writes = number - 1
                    break
                }
                // Opening the store, or hearing of the order once more, does what is left.
                try lamp.start(sessionLimit: 1)
                try await eventually("the wipe is finished: \(lamp.log)") {
                    try await lamp.held().isEmpty
                }
                #expect(try await lamp.status().last_order > 0)
                try await estate.start()
                #expect(try await lamp.running?.end() == 10, "\(lamp.log)")
                try await eventually("the receipt is in") {
                    try await estate.device(lamp.name)?.device.state == "retired"
                }
            }
            print("an order is \(writes) points of the disk")
            #expect(writes >= 10, "two files, five points each")
            try await estate.start()
            let rows = try await estate.audit("deviceRetired")
            #expect(rows.count == writes)
            #expect(rows.allSatisfy { $0.details["notReported"] == nil }, "\(rows)")
            #expect(try await estate.auditIsIntact())
        }

        static func topic(_ device: String) -> String {
            "latchkey/1/acme/device/\(device)/order"
        }

        /// The order to end this device.
        private static func order(
            for device: String,
            by key: any SigningKey
        ) throws -> [UInt8] {
            try Order.sign(
                Order(
                    fleet: try FleetID(parsing: "acme"),
                    device: try DeviceID(parsing: device),
                    operation: try OperationID(crypto: MbedCrypto()),
                    counter: 1,
                    scope: .device,
                    issuedAt: 1_800_000_000,
                    expiresAt: nil
                ),
                with: key
            )
        }
    }
}

extension Mallory {
    /// The order that the server has left for a device.
    func order(to device: String) async throws -> [UInt8] {
        var found: [UInt8] = []
        let topic = SystemTests.OrderTests.topic(device)
        try await eventually("an order for \(device)") {
            found = messages.last { $0.topic == topic && !$0.payload.isEmpty }?.payload ?? []
            return !found.isEmpty
        }
        return found
    }
}
