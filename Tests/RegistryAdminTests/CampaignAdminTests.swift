import AdminAPI
import AdminModel
import Foundation
import Testing

@testable import ServerKit

@Suite struct CampaignAdminTests {
    private let home: Home

    init() throws { home = try Home() }

    /// A plan over the hall that asks for little.
    static func plan(_ change: (inout CampaignPlan) -> Void = { _ in }) -> CampaignPlan {
        var plan = CampaignPlan(
            name: "spring",
            key: "data",
            query: "group=hall",
            pace: .init(perMinute: 60)
        )
        change(&plan)
        return plan
    }

    @Test func `a plan comes back as it was asked for, its defaults written out`() async throws {
        try await home.furnish()
        let asked = Self.plan { plan in
            plan.pace = .init(perMinute: 10, maximumPerMinute: 600, factor: 1.5, every: 20)
            plan.waves = [
                .init(count: 5), .init(percent: 10, gatePercent: 95, needsApproval: true),
                .init(query: "label.floor=3"), .init(isRest: true),
            ]
            plan.windows = [.init(days: ["fri", "mon"], from: "22:00", to: "04:30")]
            plan.deadline = Timestamp(seconds: Home.now + 30 * 86_400)
            plan.isDynamic = true
            plan.stopRules = [
                .init(failures: ["hookFailed"], count: 3, reaction: "rollBackWave"),
                .init(percent: 5, sample: 100),
            ]
            plan.sequentialTest = .init(noisePercent: 2.5, badPercent: 40, failuresInARow: 4)
            plan.silence = .init(factor: 2.5)
            plan.retries = ["storeFull": 2]
            plan.priority = 9
        }
        let kept = try await home.admin.createCampaign(asked, by: root).plan
        #expect(kept.pace == asked.pace)
        #expect(kept.waves?.map(\.count) == [5, nil, nil, nil])
        #expect(kept.waves?.map(\.gatePercent) == [0, 95, 0, 0])
        #expect(kept.waves?[2].query == "label.floor = 3" && kept.waves?[3].isRest == true)
        #expect(kept.windows == [.init(days: ["mon", "fri"], from: "22:00", to: "04:30")])
        #expect(kept.deadline == asked.deadline && kept.isDynamic == true)
        #expect(kept.stopRules?.map(\.reaction) == ["rollBackWave", "pause"])
        #expect(kept.sequentialTest?.noisePercent == 2.5)
        #expect(kept.silence?.factor == 2.5 && kept.silence?.leastSeconds == 900)
        #expect(kept.retries == ["storeFull": 2] && kept.priority == 9)
        // What was written out is itself a plan that means the same.
        var again = kept
        again.name = "autumn"
        let twin = try await home.admin.createCampaign(again, by: root).plan
        again.name = twin.name
        #expect(twin == again)
    }

    @Test func `a plan without wishes is careful`() async throws {
        try await home.furnish()
        let kept = try await home.admin.createCampaign(Self.plan(), by: root).plan
        #expect(kept.stopRules == [.init(percent: 10, sample: 100, reaction: "pause")])
        #expect(kept.sequentialTest?.isOn == true)
        let without = Self.plan { plan in
            plan.name = "bold"
            plan.stopRules = []
            plan.sequentialTest = .init(isOn: false)
        }
        let bold = try await home.admin.createCampaign(without, by: root).plan
        #expect(bold.stopRules == [] && bold.sequentialTest == .init(isOn: false))
    }

    /// A plan that can't be, and what is said about it.
    struct Bad: Sendable, CustomTestStringConvertible {
        let message: String
        let change: @Sendable (inout CampaignPlan) -> Void
        var code = "invalid"

        init(
            _ message: String,
            code: String = "invalid",
            _ change: @escaping @Sendable (inout CampaignPlan) -> Void
        ) {
            self.message = message
            self.change = change
            self.code = code
        }

        var testDescription: String { message }
    }

    static let bad = [
        Bad("name") { $0.name = "Spring!" }, Bad("key") { $0.key = "" },
        Bad("action") { $0.action = "explode" }, Bad("column 1") { $0.query = "grup=hall" },
        Bad("pace") { $0.pace.perMinute = 0 }, Bad("pace") { $0.pace.perMinute = -5 },
        Bad("pace") { $0.pace = .init(perMinute: 60, maximumPerMinute: 6) },
        Bad("pace.every") { $0.pace.every = 5 }, Bad("pace.factor") { $0.pace.factor = .infinity },
        Bad("pace.factor") { $0.pace.factor = .nan }, Bad("pace") { $0.pace.factor = 1e300 },
        Bad("pace") { $0.pace.factor = -2 },
        Bad("waves.0") { $0.waves = [.init()] },
        Bad("waves.0") { $0.waves = [.init(count: 1, percent: 1)] },
        Bad("waves.1") { $0.waves = [.init(count: 1), .init(percent: 1, isRest: true)] },
        Bad("waves.0.where") { $0.waves = [.init(query: "floor")] },
        Bad("rest") { $0.waves = [.init(count: 5)] }, Bad("waves") { $0.waves = [] },
        Bad("percent") { $0.waves = [.init(percent: 60), .init(percent: 60)] },
        Bad("windows.0") { $0.windows = [.init(days: [], from: "01:00", to: "02:00")] },
        Bad("windows.0") { $0.windows = [.init(days: ["mon"], from: "01:00", to: "01:00")] },
        Bad("windows.0") { $0.windows = [.init(days: ["mon"], from: "1:00", to: "02:00")] },
        Bad("windows.0") { $0.windows = [.init(days: ["mon"], from: "24:00", to: "02:00")] },
        Bad("windows.0.days") { $0.windows = [.init(days: ["lundi"], from: "01:00", to: "02:00")] },
        Bad("offset") { $0.utcOffsetMinutes = 1_000 }, Bad("flight") { $0.maximumInFlight = 0 },
        Bad("past") { $0.deadline = Timestamp(seconds: Home.now - 1) },
        Bad("deadline") { $0.isDynamic = true },
        Bad("stopRules.0") { $0.stopRules = [.init()] },
        Bad("stopRules.0") { $0.stopRules = [.init(percent: 5)] },
        Bad("stopRules.0") { $0.stopRules = [.init(count: 1, percent: 5, sample: 5)] },
        Bad("stopRules.0") { $0.stopRules = [.init(count: -1)] },
        Bad("stopRules.0.failures") { $0.stopRules = [.init(failures: ["hook"], count: 1)] },
        Bad("stopRules.0.reaction") { $0.stopRules = [.init(count: 1, reaction: "panic")] },
        Bad("rollBackWave") {
            $0.action = "compromise"
            $0.stopRules = [.init(count: 1, reaction: "rollBackWave")]
        },
        Bad("sequentialTest") { $0.sequentialTest = .init(noisePercent: .nan) },
        Bad("sequentialTest") { $0.sequentialTest = .init(noisePercent: 60, badPercent: 50) },
        Bad("silence") { $0.silence = .init(factor: 0.5) },
        Bad("silence") { $0.silence = .init(leastSeconds: .max) },
        Bad("retries") { $0.retries = ["hiccup": 1] },
        Bad("retries") { $0.retries = ["timedOut": 0] },
        Bad("priority") { $0.priority = 10 },
        Bad("group attic", code: "notFound") { $0.query = "group=attic" },
        Bad("key spec", code: "notFound") { $0.key = "log" },
    ]

    @Test(arguments: bad)
    func `a plan that can't be is refused with its place`(bad: Bad) async throws {
        try await home.furnish()
        let found = await problem { () throws(AdminProblem) in
            try await home.admin.createCampaign(Self.plan(bad.change), by: root)
        }
        #expect(found?.code.rawValue == bad.code)
        #expect(found?.message.contains(bad.message) == true, "\(found?.message ?? "")")
        #expect(try await home.admin.listCampaigns(state: nil, PageRequest()).items.isEmpty)
    }

    @Test func `two admins at once: one hears of the other`() async throws {
        try await home.furnish()
        try await home.enrol("lamp-1")
        let admin = home.admin
        let draft = try await admin.createCampaign(Self.plan(), by: root).campaign
        #expect(draft.state == "draft" && draft.createdBy == "uid:root")
        let twice = await problem { () throws(AdminProblem) in
            try await admin.createCampaign(Self.plan(), by: root)
        }
        #expect(twice?.code == .conflict)
        let started = try await admin.startCampaign("spring", CampaignOrder(), by: root)
        #expect(started.state == "preparing" && started.revision > draft.revision)
        let late = await problem { () throws(AdminProblem) in
            try await admin.cancelCampaign(
                "spring",
                CampaignOrder(revision: draft.revision),
                by: root
            )
        }
        #expect(late?.code == .conflict)
        #expect(late?.message.contains("someone else") == true)
        let again = await problem { () throws(AdminProblem) in
            try await admin.startCampaign("spring", CampaignOrder(), by: root)
        }
        #expect(again?.code == .conflict)
        #expect(
            try await admin.cancelCampaign("spring", CampaignOrder(), by: root).state != "draft"
        )
    }

    @Test func `a campaign is listed, forecast, shown and reported`() async throws {
        try await home.furnish()
        try await home.enrol("lamp-1")
        let admin = home.admin
        for name in ["a", "b", "c"] {
            _ = try await admin.createCampaign(Self.plan { $0.name = name }, by: root)
        }
        let first = try await admin.listCampaigns(state: nil, PageRequest(limit: 2))
        #expect(first.items.map(\.name) == ["a", "b"])
        let rest = try await admin.listCampaigns(
            state: nil,
            PageRequest(after: first.next, limit: 2)
        )
        #expect(rest.items.map(\.name) == ["c"] && rest.next == nil)
        let drafts = try await admin.listCampaigns(state: "draft", PageRequest(limit: 3))
        #expect(drafts.items.count == 3)
        #expect(try await admin.listCampaigns(state: "running", PageRequest()).items.isEmpty)
        #expect(try await admin.status().campaigns == ["draft": 3])
        let forecast = try await admin.forecast(of: "a")
        #expect(forecast.members == 1 && forecast.waves.map(\.members) == [1])
        let report = try await admin.report(on: "a")
        #expect(report.fleet == "house" && report.events.count == 1)
        #expect(report.detail.campaign.name == "a")
        #expect(try await admin.listMembers(of: "a", state: nil, PageRequest()).items.isEmpty)
    }

    @Test(arguments: ["", "Spring", "autumn"])
    func `an order to no campaign is refused`(name: String) async {
        let admin = home.admin
        let order = CampaignOrder()
        let code: AdminProblem.Code = name == "autumn" ? .notFound : .invalid
        for found in [
            await problem { () throws(AdminProblem) in try await admin.campaign(name) }?.code,
            await problem { () throws(AdminProblem) in try await admin.forecast(of: name) }?.code,
            await problem { () throws(AdminProblem) in try await admin.report(on: name) }?.code,
            await problem { () throws(AdminProblem) in
                try await admin.startCampaign(name, order, by: root)
            }?.code,
            await problem { () throws(AdminProblem) in
                try await admin.pauseCampaign(name, order, by: root)
            }?.code,
        ] { #expect(found == code) }
    }

    @Test func `an order with a wrong word is refused`() async throws {
        try await home.furnish()
        let admin = home.admin
        _ = try await admin.createCampaign(Self.plan(), by: root)
        for order in [CampaignOrder(), CampaignOrder(failures: []), .init(failures: ["hiccup"])] {
            let found = await problem { () throws(AdminProblem) in
                try await admin.retryCampaign("spring", order, by: root)
            }
            #expect(found?.code == .invalid)
        }
        for wave in [0, -1, Int.min] {
            let found = await problem { () throws(AdminProblem) in
                try await admin.rollBackCampaign("spring", CampaignOrder(wave: wave), by: root)
            }
            #expect(found?.code == .invalid)
        }
        let state = await problem { () throws(AdminProblem) in
            try await admin.listMembers(of: "spring", state: "asleep", PageRequest())
        }
        #expect(state?.message.contains("waiting, blocked") == true)
    }
}
