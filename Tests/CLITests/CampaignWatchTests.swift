import AdminHarness
import AdminModel
import LatchkeyCLI
import Testing

/// How watching ends.
@Suite struct CampaignWatchTests {
    private static let flags = CampaignTests.flags

    @Test func `a campaign that ends prints its report`() async throws {
        try await withHall { latchkey in
            _ = await latchkey(["campaign", "create", "spring"] + Self.flags)
            _ = await latchkey("campaign", "start", "spring")
            let watched = await latchkey("campaign", "watch", "spring")
            #expect(watched.status == .done)
            #expect(watched.output.contains("\nCAMPAIGN spring of fleet lamps\n"))
            #expect(watched.output.contains("\nEVENTS\n"))
            #expect(watched.lines.count { $0.hasPrefix("lamp-") && $0.hasSuffix("00ff") } == 3)
            #expect(watched.error.contains("latchkey campaign report spring --format markdown"))
        }
    }

    @Test func `of many devices those are listed that did not settle`() async throws {
        try await withHall { latchkey in
            _ = await latchkey(["campaign", "create", "spring"] + Self.flags)
            latchkey.service.stage { state in
                state.campaigns["spring"]?.campaign.state = "finished"
                state.campaigns["spring"]?.members = (100..<160).map { number in
                    CampaignMember(
                        device: "lamp-\(number)",
                        wave: 1,
                        state: number % 2 == 0 ? "settled" : "failed",
                        reason: number % 2 == 0 ? nil : "hookFailed"
                    )
                }
            }
            let watched = await latchkey("campaign", "watch", "spring")
            #expect(watched.status == .notSettled)
            #expect(watched.output.contains("DEVICES THAT DID NOT SETTLE (at most 25)"))
            let devices = watched.lines.filter { $0.hasPrefix("lamp-") }
            #expect(devices.count == 25 && devices.allSatisfy { $0.contains("hookFailed") })
        }
    }

    @Test func `a plain line tells why devices failed`() async throws {
        try await withHall { latchkey in
            _ = await latchkey(["campaign", "create", "spring"] + Self.flags)
            _ = await latchkey("campaign", "start", "spring")
            latchkey.service.stage { $0.campaigns["spring"]?.refusing = ["lamp-2"] }
            let watched = await latchkey("campaign", "watch", "spring")
            #expect(
                watched.lines.contains(
                    "spring finished, 2/3 settled, 1 failed (1 hookFailed)"
                )
            )
        }
    }

    @Test(arguments: [[], ["--json"]])
    func `watching until it is paused ends with 11, and says what to do`(
        words: [String]
    ) async throws {
        try await withHall { latchkey in
            _ = await latchkey(["campaign", "create", "spring"] + Self.flags)
            _ = await latchkey("campaign", "start", "spring")
            _ = await latchkey("campaign", "pause", "spring")
            let watched = await latchkey(
                ["campaign", "watch", "spring", "--until-paused"] + words
            )
            #expect(watched.status == .waitsForPerson)
            #expect(watched.error.contains("latchkey campaign resume spring"))
            #expect(watched.lines.count == 1 && !watched.output.contains("EVENTS"))
        }
    }

    @Test func `a campaign that waits for another admin ends it, too`() async throws {
        try await withHall { latchkey in
            _ = await latchkey(["campaign", "create", "spring"] + Self.flags)
            latchkey.service.stage { $0.campaigns["spring"]?.campaign.state = "awaitingApproval" }
            let watched = await latchkey("campaign", "watch", "spring", "--until-paused")
            #expect(watched.status == .waitsForPerson)
            #expect(watched.error.contains("another admin runs latchkey campaign approve spring"))
        }
    }

    @Test(arguments: ["paused", "running"])
    func `one that waits for another campaign ends it when that one is paused`(
        state: String
    ) async throws {
        try await withHall { latchkey in
            for name in ["spring", "summer"] {
                _ = await latchkey(["campaign", "create", name] + Self.flags)
                _ = await latchkey("campaign", "start", name)
            }
            latchkey.service.stage { fleet in
                fleet.campaigns["summer"]?.campaign.state = state
                fleet.campaigns["summer"]?.members.removeAll()
                for index in fleet.campaigns["spring"]?.members.indices ?? 0..<0 {
                    // The other two are done.
                    let isDone = index > 0
                    fleet.campaigns["spring"]?.members[index].state = isDone ? "settled" : "blocked"
                    fleet.campaigns["spring"]?.members[index].blockedBy = isDone ? nil : "summer"
                }
            }
            if state == "running" {
                // It goes on, and so does the watching.
                async let watching = latchkey("campaign", "watch", "spring", "--until-paused")
                try await Task.sleep(for: .milliseconds(300))
                latchkey.service.stage { $0.campaigns["summer"]?.campaign.state = "paused" }
                let watched = await watching
                #expect(watched.status == .waitsForPerson)
            } else {
                let watched = await latchkey("campaign", "watch", "spring", "--until-paused")
                #expect(watched.status == .waitsForPerson)
                #expect(watched.error.contains("campaign spring waits for summer, which is paused"))
                #expect(watched.error.contains("latchkey campaign resume summer"))
            }
        }
    }

    @Test func `a campaign that is not paused is watched to its end all the same`() async throws {
        try await withHall { latchkey in
            _ = await latchkey(["campaign", "create", "spring"] + Self.flags)
            _ = await latchkey("campaign", "start", "spring")
            #expect(
                await latchkey("campaign", "watch", "spring", "--until-paused").status == .done
            )
        }
    }
}
