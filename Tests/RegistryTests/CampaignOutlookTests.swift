import Fleet
import KeyExchange
import Testing

@testable import Registry

/// Who will be left behind, by name and reason.
@Suite struct CampaignOutlookTests {
    private func scene(_ count: Int) async throws -> CampaignScene {
        let scene = try await CampaignScene(count)
        try scene.home.tamper("UPDATE device SET contact_interval = 60, last_seen = \(scene.now)")
        return scene
    }

    private func outlook(
        _ scene: CampaignScene,
        _ plan: CampaignPlan
    ) async throws -> CampaignOutlook {
        try await scene.registry.planCampaign(plan, now: scene.now)
    }

    @Test func `those without a window before the deadline are named, by the clock on their wall`()
        async throws
    {
        let scene = try await scene(4)
        try scene.home.tamper(
            """
            INSERT INTO device_label SELECT id, 'utc-offset', '+12:00' FROM device
            WHERE name IN ('lamp-1', 'lamp-3')
            """
        )
        let hour = Int(scene.now % 86_400) / 3600
        let window = try MaintenanceWindow(
            weekdays: Set(MaintenanceWindow.Weekday.allCases),
            from: hour * 60,
            to: hour * 60 + 60
        )
        let outlook = try await outlook(
            scene,
            CampaignScene.plan(windows: [window], deadline: scene.now + 7200)
        )
        #expect(outlook.forecast.stranded == [.noWindow: 2])
        #expect(outlook.stranded.map(\.device.description) == ["lamp-1", "lamp-3"])
        #expect(outlook.stranded.map(\.reason) == [.noWindow, .noWindow])
    }

    @Test func `those whose turn comes too late are named, and it is they who are left over`()
        async throws
    {
        let scene = try await scene(30)
        let plan = try CampaignScene.plan(
            perMinute: 1,
            waves: [Wave(.count(3)), Wave(.rest)],
            deadline: scene.now + 1200
        )
        let outlook = try await outlook(scene, plan)
        let named = Set(outlook.stranded.map(\.device))
        #expect(named.count == outlook.forecast.stranded[.notReleased])
        #expect(named.count > 5 && named.count < 20)
        #expect(outlook.stranded.allSatisfy { $0.reason == .notReleased })
        #expect(outlook.warnings.contains { $0.hasPrefix("the deadline cannot be met") })
        // Played for real, with devices that answer at once: whoever is skipped had been named.
        let name = try await scene.begin(plan)
        for _ in 0..<1300 {
            try await scene.pulse()
            try await scene.answerNudges()
        }
        let skipped = try await scene.registry.campaignMembers(name, state: .skipped)
        #expect(!skipped.isEmpty)
        #expect(named.isSuperset(of: skipped.map(\.device)))
    }

    @Test func `devices of the last wave are named before those of the first`() async throws {
        let scene = try await scene(12)
        try scene.home.tamper(
            """
            INSERT INTO device_label SELECT id, 'canary', 'yes' FROM device
            WHERE name IN ('lamp-0', 'lamp-1', 'lamp-2', 'lamp-4', 'lamp-5', 'lamp-6')
            """
        )
        let canaries = Wave(.matching(try Query(parsing: "label.canary=yes")))
        let outlook = try await outlook(
            scene,
            CampaignScene.plan(
                perMinute: 1,
                waves: [canaries, Wave(.rest)],
                deadline: scene.now + 500
            )
        )
        let names = outlook.stranded.map(\.device.description)
        #expect(Set(names.prefix(4)).isDisjoint(with: ["lamp-0", "lamp-1", "lamp-2", "lamp-4"]))
        #expect(names.count == outlook.forecast.stranded[.notReleased])
    }

    @Test func `at most a hundred are named, and all are counted`() async throws {
        let scene = try await scene(0)
        try await scene.registry.populate(300)
        let silent = try await outlook(scene, CampaignScene.plan(deadline: scene.now + 600))
        let counted = silent.forecast.stranded.values.reduce(0, +)
        #expect(counted > 200 && silent.stranded.count == CampaignOutlook.named)
        try scene.home.tamper("UPDATE device SET contact_interval = 60, last_seen = \(scene.now)")
        let late = try await outlook(
            scene,
            CampaignScene.plan(perMinute: 1, deadline: scene.now + 600)
        )
        #expect((late.forecast.stranded[.notReleased] ?? 0) > 250)
        #expect(late.stranded.count == CampaignOutlook.named)
        #expect(Set(late.stranded.map(\.device)).count == CampaignOutlook.named)
    }

    @Test func `a plan that leaves nobody behind names nobody`() async throws {
        let scene = try await scene(5)
        let outlook = try await outlook(scene, CampaignScene.plan(deadline: scene.now + 7200))
        #expect(outlook.stranded.isEmpty && outlook.forecast.stranded.isEmpty)
    }
}
