import AdminModel
import Testing

@testable import LatchkeyCLI

@Suite struct ViewTests {
    private func detail(
        members: [String: Int],
        state: String = "running",
        name: String = "spring"
    ) -> CampaignDetail {
        CampaignDetail(
            campaign: Campaign(
                name: name,
                state: state,
                action: "rotate",
                key: "data",
                query: "group=hall",
                priority: 5,
                createdBy: "uid:root",
                members: members,
                failures: members["failed"].map { ["hookFailed": $0] } ?? [:]
            ),
            plan: CampaignPlan(name: name, key: "data", query: "x", pace: .init(perMinute: 60)),
            waves: (1...12).map {
                WaveProgress(number: $0, isOpen: $0 < 7, members: ["settled": $0])
            },
            ratePerMinute: 7.25,
            estimatedEnd: Timestamp(seconds: 10_000),
            slowest: [
                CampaignMember(
                    device: "lamp-9",
                    wave: 1,
                    state: "released",
                    releasedAt: Timestamp(seconds: 3_400)
                )
            ]
        )
    }

    private func lines(_ detail: CampaignDetail, width: Int = 100, color: Bool = false) -> [String]
    {
        CampaignView(detail: detail, width: width, hasColor: color, now: 4_000).lines
    }

    @Test func `the view tells progress, pace, failures, stages and the slowest`() {
        let lines = lines(
            detail(members: ["settled": 500, "failed": 3, "waiting": 485, "released": 12])
        )
        #expect(lines[0] == "spring  running  (rotate data)")
        #expect(lines[1].hasSuffix(" 50%  500/1000 settled"))
        #expect(lines[2].hasPrefix("rate 7.3/min   in flight 12   last released about"))
        #expect(lines[2].hasSuffix("in 1h 40m"))
        #expect(lines[3] == "500 settled, 3 failed, 12 released, 485 waiting")
        #expect(lines[4] == "failures  3 hookFailed")
        #expect(lines.count { $0.hasPrefix("wave ") } == 8)
        #expect(lines.contains { $0.hasPrefix("wave 6  open") })
        #expect(lines.last == "slowest   lamp-9 released 10m")
    }

    @Test func `a line for a log tells why devices failed, and for whom they wait`() {
        var detail = detail(members: ["settled": 1, "failed": 3, "blocked": 2])
        detail.waitsFor = ["autumn": 2]
        detail.hold = "diskLow"
        detail.warnings = ["the deadline cannot be met"]
        #expect(
            CampaignView.line(detail)
                == "spring running, 1/6 settled, 3 failed (3 hookFailed), 2 blocked (2 by autumn), "
                + "held back: diskLow, warning: the deadline cannot be met"
        )
        #expect(lines(detail).contains("warning   the deadline cannot be met"))
    }

    @Test(arguments: [1, 5, 12, 20, 39, 40, 80, 400])
    func `no line is wider than the terminal`(width: Int) {
        let lines = lines(detail(members: ["settled": 1, "failed": 1, "waiting": 1]), width: width)
        #expect(lines.allSatisfy { $0.count <= width })
    }

    @Test func `a campaign without devices has a view, too`() {
        let lines = lines(detail(members: [:], state: "preparing"))
        #expect(lines[1].hasSuffix("0%  0/0 settled"))
        #expect(lines.contains("no devices yet"))
    }

    @Test func `text of others can't move the cursor`() {
        let lines = lines(detail(members: [:], name: "a\u{1B}[2J\r\nb"), color: true)
        #expect(!lines.joined().contains("\u{1B}[2J") && !lines.joined().contains("\r"))
    }

    @Test func `a screen goes up by the rows that its lines take now`() {
        var screen = Screen()
        #expect(
            !screen.draw(
                ["a", "\u{1B}[32m" + String(repeating: "b", count: 70) + "\u{1B}[0m"],
                columns: 80
            ).contains("A\r")
        )
        // Half the columns: the second line takes two rows.
        #expect(screen.draw(["c"], columns: 40).contains("\u{1B}[3A\r"))
        #expect(screen.draw([], columns: 40).contains("\u{1B}[1A\r"))
        #expect(!screen.draw(["d"], columns: 40).contains("A\r"))
    }

    @Test(arguments: [
        (0, "0s"), (59, "59s"), (60, "1m"), (3_700, "1h 1m"), (90_000, "1d 1h"), (-5, "0s"),
    ])
    func `a length of time is told roughly`(seconds: Int64, text: String) {
        #expect(roughly(seconds) == text)
    }
}
