import AdminModel
import Testing

@testable import LatchkeyCLI

@Suite struct PlanWordsTests {
    private func plan(_ pace: CampaignPlan.Pace = .init(perMinute: 60)) -> CampaignPlan {
        CampaignPlan(name: "spring", key: "data", query: "group=hall", pace: pace)
    }

    private func words(_ plan: CampaignPlan) -> [String: String] {
        Dictionary(uniqueKeysWithValues: PlanWords(plan: plan).lines)
    }

    @Test func `a plan without wishes has a pace and one wave`() {
        #expect(words(plan()) == ["pace": "60/min"])
        #expect(PlanWords(plan: plan()).wave(1) == "rest")
    }

    @Test func `a pace that grows says how, and how far`() {
        let pace = CampaignPlan.Pace(perMinute: 10, maximumPerMinute: 600, factor: 2, every: 50)
        #expect(
            words(plan(pace))["pace"] == "10/min, times 2.0 after each 50 settled, at most 600/min"
        )
    }

    @Test func `rules are written as the flags that make them`() throws {
        var plan = plan()
        plan.stopRules = [
            try .parsing("hookFailed,silent>=3:cancel"), try .parsing("any>=5%/100"),
        ]
        plan.sequentialTest = .init(isOn: false)
        plan.retries = ["timedOut": 1, "storeFull": 2]
        let words = words(plan)
        #expect(words["stops"] == "hookFailed,silent>=3:cancel, any>=5%/100:pause")
        #expect(words["sequential"] == "off")
        #expect(words["retries"] == "storeFull=2, timedOut=1")
    }

    @Test func `windows say whose time they mean`() throws {
        var plan = plan()
        plan.windows = [try .parsing("sat,sun 01:00-05:00")]
        plan.utcOffsetMinutes = -330
        #expect(words(plan)["windows"] == "sat,sun 01:00-05:00")
        #expect(words(plan)["their time"] == "the device's own, else -05:30")
        plan.timeZone = "Europe/Berlin"
        #expect(words(plan)["their time"] == "the device's own, else Europe/Berlin")
        plan.windows = nil
        #expect(words(plan)["their time"] == nil)
    }

    @Test func `a wave says who belongs to it and what it waits for`() {
        var plan = plan()
        plan.waves = [
            .init(count: 5), .init(percent: 10, gatePercent: 95),
            .init(query: "label.floor = 3", needsApproval: true),
            .init(isRest: true, gatePercent: 0),
        ]
        let words = PlanWords(plan: plan)
        #expect(words.wave(1) == "5" && words.wave(2) == "10%, gate 95%")
        #expect(words.wave(3) == "label.floor = 3, with approval" && words.wave(4) == "rest")
        // A server that has more waves than its plan is none, and no reason to trap.
        #expect(words.wave(0) == "rest" && words.wave(9) == "rest")
    }
}
