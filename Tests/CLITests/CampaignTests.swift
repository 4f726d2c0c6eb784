import AdminHarness
import AdminModel
import Foundation
import LatchkeyCLI
import Testing

@Suite struct CampaignTests {
    static let flags = ["--key", "data", "--where", "group=hall", "--rate", "60/min"]

    @Test func `a campaign from its draft to its report`() async throws {
        try await withHall { latchkey in
            let made = await latchkey(["campaign", "create", "spring"] + Self.flags)
            #expect(made.output == "campaign spring is a draft: no device is touched yet\n")
            #expect(made.error.contains("next: latchkey campaign plan spring"))
            let plan = await latchkey("campaign", "plan", "spring")
            #expect(plan.output.hasPrefix("3 devices, over at about 2026-03-01T12:00:00Z"))
            #expect(plan.output.contains("3 devices will probably be left behind:"))
            let early = await latchkey("campaign", "watch", "spring")
            #expect(early.status == .conflict && early.error.contains("campaign start spring"))
            let started = await latchkey("campaign", "start", "spring")
            #expect(started.output == "campaign spring is running\n")
            #expect(await latchkey("status").output.contains("campaigns  1 running"))
            let watched = await latchkey("campaign", "watch", "spring")
            #expect(watched.status == .done)
            #expect(
                Array(watched.lines.prefix(3)) == [
                    "spring running, 0/3 settled", "spring running, 0/3 settled, 3 in flight",
                    "spring finished, 3/3 settled",
                ]
            )
            let list = await latchkey("campaign", "list")
            #expect(list.lines.last?.contains("finished") == true)
            let report = await latchkey("campaign", "report", "spring")
            #expect(report.output.hasPrefix("CAMPAIGN spring of fleet lamps\n"))
            #expect(report.lines.last?.hasPrefix("lamp-3  1     settled") == true)
        }
    }

    @Test func `a campaign that some devices refuse ends with 8, and can be tried again`()
        async throws
    {
        try await withHall { latchkey in
            _ = await latchkey(["campaign", "create", "spring"] + Self.flags)
            _ = await latchkey("campaign", "start", "spring")
            latchkey.service.stage { $0.campaigns["spring"]?.refusing = ["lamp-2"] }
            let watched = await latchkey("campaign", "watch", "spring")
            #expect(watched.status == .notSettled)
            #expect(watched.error.contains("1 device of 3 did not settle"))
            let failed = await latchkey(
                "campaign",
                "show",
                "spring",
                "--members",
                "--state",
                "failed"
            )
            #expect(failed.lines.last?.contains("hookFailed") == true)
            #expect(await latchkey("campaign", "show", "spring").output.contains("1 hookFailed"))
            latchkey.service.stage { $0.campaigns["spring"]?.refusing = [] }
            let again = await latchkey("campaign", "retry", "spring", "--failure", "hookFailed")
            #expect(again.status == .done)
            #expect(await latchkey("campaign", "watch", "spring").status == .done)
        }
    }

    @Test func `a cancelled campaign has its own exit code`() async throws {
        try await withHall { latchkey in
            _ = await latchkey(["campaign", "create", "spring"] + Self.flags)
            _ = await latchkey("campaign", "start", "spring")
            #expect(await latchkey("campaign", "cancel", "spring").output.contains("cancelling"))
            #expect(await latchkey("campaign", "watch", "spring").status == .cancelled)
            #expect(await latchkey("campaign", "pause", "spring").status == .conflict)
            #expect(await latchkey("campaign", "rollback", "spring").status == .done)
        }
    }

    @Test func `of two admins at once one hears of the other`() async throws {
        try await withHall { latchkey in
            _ = await latchkey(["campaign", "create", "spring"] + Self.flags)
            _ = await latchkey("campaign", "start", "spring")
            let seen = try await latchkey("campaign", "show", "spring", "--json")
                .decoded(CampaignDetail.self).campaign.revision
            _ = await latchkey("campaign", "pause", "spring", "--revision", "\(seen)")
            let late = await latchkey("campaign", "cancel", "spring", "--revision", "\(seen)")
            #expect(late.status == .conflict)
            #expect(late.error.contains("changed since you looked"))
            let twice = await latchkey("campaign", "pause", "spring")
            #expect(twice.status == .conflict)
            #expect(twice.error.contains("cannot pause: the campaign is paused"))
        }
    }

    @Test func `Ctrl-C ends the watching and leaves the campaign`() async throws {
        try await withHall { latchkey in
            _ = await latchkey(["campaign", "create", "spring"] + Self.flags)
            _ = await latchkey("campaign", "start", "spring")
            _ = await latchkey("campaign", "pause", "spring")
            let watched = await run(
                ["campaign", "watch", "spring", "--socket", latchkey.path],
                isInterrupted: true
            )
            #expect(watched.status == .interrupted)
            #expect(watched.error.contains("campaign spring goes on"))
            #expect(latchkey.service.now.campaigns["spring"]?.campaign.state == "paused")
        }
    }

    @Test func `on a terminal the view is drawn over itself`() async throws {
        try await withHall { latchkey in
            _ = await latchkey(["campaign", "create", "spring"] + Self.flags)
            _ = await latchkey("campaign", "start", "spring")
            let watched = await run(
                ["campaign", "watch", "spring", "--socket", latchkey.path],
                terminal: (columns: 40, rows: 10)
            )
            #expect(watched.status == .done)
            #expect(watched.output.contains("\u{1B}[K"))
            // NO_COLOR, or a terminal without: no line has a colour.
            #expect(!watched.output.contains("\u{1B}[0m") && !watched.output.contains("\u{1B}[32m"))
            #expect(watched.output.contains("100%  3/3 settled"))
        }
    }

    @Test func `with --json each change is one line`() async throws {
        try await withHall { latchkey in
            _ = await latchkey(["campaign", "create", "spring"] + Self.flags)
            _ = await latchkey("campaign", "start", "spring")
            let watched = await latchkey("campaign", "watch", "spring", "--json")
            let states = try watched.lines.map { line in
                try JSONDecoder().decode(CampaignDetail.self, from: Data(line.utf8)).campaign.state
            }
            #expect(states == ["running", "running", "finished"])
        }
    }

    @Test func `a report of many devices is whole in each format`() async throws {
        try await withShell { latchkey in
            latchkey.service.stage { state in
                var campaign = FakeCampaign(
                    campaign: Campaign(
                        name: "spring",
                        state: "finished",
                        action: "rotate",
                        key: "data",
                        query: "label.a=\"x|y\"",
                        priority: 5,
                        createdBy: "uid:root"
                    ),
                    plan: CampaignPlan(
                        name: "spring",
                        key: "data",
                        query: "group=hall",
                        pace: .init(perMinute: 60)
                    )
                )
                campaign.members = (10_000..<12_500).map {
                    CampaignMember(device: "lamp-\($0)", wave: 1, state: "settled")
                }
                state.campaigns["spring"] = campaign
            }
            let json = await latchkey("campaign", "report", "spring", "--format", "json")
            struct Whole: Decodable {
                let report: CampaignReport
                let members: [CampaignMember]
            }
            let whole = try json.decoded(Whole.self)
            #expect(Set(whole.members.map(\.device)).count == 2_500)
            let markdown = await latchkey("campaign", "report", "spring", "--format", "markdown")
            #expect(markdown.lines.count { $0.hasPrefix("| lamp-") } == 2_500)
            #expect(markdown.output.contains("x\\|y"))
            let text = await latchkey("campaign", "report", "spring")
            #expect(text.lines.count { $0.hasPrefix("lamp-") } == 2_500)
        }
    }

    @Test func `empty lists say what to do next`() async throws {
        try await withShell { latchkey in
            #expect(await latchkey("campaign", "list").error.contains("campaign create"))
            #expect(await latchkey("campaign", "show", "spring").status == .notFound)
            #expect(await latchkey("campaign", "report", "spring").status == .notFound)
            let typo = await latchkey(
                "campaign",
                "create",
                "spring",
                "--key",
                "data",
                "--where",
                "grup=hall",
                "--rate",
                "1/s"
            )
            #expect(typo.status == .refused)
            #expect(typo.error.hasSuffix("  grup=hall\n  ^\n"))
        }
    }
}
