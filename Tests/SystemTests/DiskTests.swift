import EstateHarness
import Testing

extension SystemTests {
    /// Disks that are full to the last byte, of the server and of a device.
    @Suite struct DiskTests {
        @Test func `a full disk refuses new work, keeps what is there, and is survived`()
            async throws
        {
            let estate = try await Estate(diskMegabytes: 96)
            try await estate.start()
            let bundle = try await estate.makeLamps()
            let lamp = try await estate.lightLamp(1, with: bundle)
            let disk = try #require(estate.disk)
            #expect(try await estate.status().disk == "enough")
            try disk.fill()
            try await estate.isFull()
            let refused = try await estate.latchkey("group", "create", "halls")
            #expect(refused.code == 7 && refused.text.contains("disk is full"), "\(refused.text)")
            let second = Lamp("lamp-2", in: estate)
            let late = try await second.enrol(with: bundle, timeout: 3, sessionLimit: 1)
            #expect(late.code == 3 && late.text.contains("serverFailed"), "\(late.text)")
            let rotation = try await estate.latchkey("key", "rotate", "--device", "lamp-1", "--all")
            #expect(rotation.code == 7, "\(rotation.text)")
            #expect(estate.running?.code == nil && lamp.running?.code == nil)
            try await lamp.agrees(from: 1)

            try disk.empty()
            #expect(try await second.enrol(with: bundle).code == 0)
            try await estate.rotate([lamp], to: 2)
            #expect(try await estate.status().disk == "enough")
            #expect(try await estate.auditIsIntact())
        }

        @Test func `keys are taken away on a full disk in the middle of a campaign, which waits`()
            async throws
        {
            let estate = try await Estate(diskMegabytes: 128)
            try await estate.start()
            let bundle = try await estate.makeLamps(uses: 10)
            let lamps = try await estate.lightLamps(6, with: bundle)
            let disk = try #require(estate.disk)
            try await estate.admin(
                "campaign",
                "create",
                "spring",
                "--key",
                "seal",
                "--where",
                "group=lamps",
                "--rate",
                "60/min",
                "--in-flight",
                "1"
            )
            try await estate.admin("campaign", "start", "spring")
            try await eventually("the campaign is under way") {
                try await estate.campaign("spring").campaign.members["settled"] ?? 0 >= 1
            }
            try disk.fill()
            try await estate.isFull()
            try await eventually("the campaign says why it stands still") {
                try await estate.campaign("spring").hold?.contains("disk") == true
            }
            #expect(try await estate.campaign("spring").campaign.state == "running")
            try await takeAway(lamps, in: estate)

            // Not even its own death on the full disk is the end of that.
            estate.killServer()
            try await estate.start()
            #expect(try await estate.status().disk == "full")
            try await retire(lamps[1], in: estate)
            for lamp in [lamps[2], lamps[5]] { try await lamp.holdsWhatTheServerAccepts() }

            try disk.empty()
            try await estate.admin("device", "reinstate", "lamp-3")
            try await estate.admin("key", "resume", "--device", "lamp-4", "--key", "seal")
            try await eventually("the campaign ends", within: .seconds(120)) {
                try await estate.campaign("spring").campaign.state == "finished"
            }
            for lamp in lamps[4...] { try await lamp.agrees(from: 2) }
            // The campaign has passed over those that were held.
            try await estate.rotate(Array(lamps[2...3]), to: 2)
            #expect(try await estate.status().disk == "enough")
            #expect(try await estate.auditIsIntact())
        }

        /// All that must not wait for room.
        private func takeAway(_ lamps: [Lamp], in estate: Estate) async throws {
            try await retire(lamps[0], in: estate)
            try await estate.admin("device", "quarantine", "lamp-3")
            try await estate.admin("key", "suspend", "--device", "lamp-4", "--key", "seal")
            try await estate.admin(
                "key",
                "compromise",
                "--device",
                "lamp-5",
                "--key",
                "seal",
                "--yes"
            )
            let bundles = try await estate.admin("bundle", "list", "--json")
                .json([BundleView].self)
            try await estate.admin("bundle", "revoke", try #require(bundles.first).id)
            #expect(try await estate.audit("keySuspended").count == 1)
            #expect(try await estate.audit("keyCompromised").count >= 1)
            #expect(try await estate.audit("bundleRevoked").count == 1)
            let refused = try await estate.latchkey("group", "create", "halls")
            #expect(refused.code == 7, "\(refused.text)")
        }

        private func retire(_ lamp: Lamp, in estate: Estate) async throws {
            try await estate.admin("device", "retire", lamp.name, "--yes")
            #expect(try await lamp.running?.end() == 10, "\(lamp.log)\n\(estate.serverLog)")
            try await eventually("the receipt is in: \(estate.serverLog)") {
                try await estate.device(lamp.name)?.device.state == "retired"
            }
            #expect(try await lamp.held().isEmpty)
        }

        @Test func `a device whose disk is full stays on its key, says so, and takes the next`()
            async throws
        {
            let estate = try await Estate()
            try await estate.start()
            let disk = try await SmallDisk(over: "\(estate.path)/flash", megabytes: 1)
            let lamp = Lamp("lamp-1", in: estate, on: disk)
            #expect(try await lamp.enrol(with: try await estate.makeLamps()).code == 0)
            try lamp.start()
            try await lamp.agrees(from: 1)
            let before = try await lamp.primaries()
            try disk.fill()
            try await estate.admin("key", "rotate", "--device", "lamp-1", "--all")
            try await eventually("the server hears why: \(lamp.log)") {
                try await estate.audit("keyWithdrawn").contains {
                    $0.device == "lamp-1" && $0.details.values.contains("storeFull")
                }
            }
            #expect(try await lamp.primaries() == before)
            try await lamp.holdsWhatTheServerAccepts()
            // It starts on a full disk, too.
            lamp.kill()
            try lamp.start()
            try await lamp.holdsWhatTheServerAccepts()
            #expect(try await lamp.primaries() == before)
            try disk.empty()
            try await lamp.agrees(from: 2, within: .seconds(90))
            #expect(try await estate.auditIsIntact())
        }
    }
}

extension Estate {
    /// Waits until the server says that its disk is full.
    fileprivate func isFull() async throws {
        try await eventually("the disk is full: \(serverLog)") {
            try await status().disk == "full"
        }
    }
}
