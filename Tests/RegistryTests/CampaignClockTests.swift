import Fleet
import KeyExchange
import Testing

@testable import Registry

/// Windows in the time zones that labels name.
@Suite struct CampaignClockTests {
    /// Sunday 29 March 2026, 01:00 UTC, when summer time begins in Berlin.
    private let spring: Int64 = 1_774_746_000

    private func label(
        _ scene: CampaignScene,
        _ number: Int,
        _ name: String,
        _ value: String
    ) async throws {
        _ = try await scene.registry.label(
            .device(scene.lamps[number].id),
            set: [name: value],
            remove: [],
            actor: "uid:ann",
            now: scene.now
        )
    }

    private func sunday(_ from: Int, _ to: Int) throws -> [MaintenanceWindow] {
        [try MaintenanceWindow(weekdays: [.sunday], from: from, to: to)]
    }

    @Test func `the rules of a zone come from the runtime, in both directions of the change`()
        throws
    {
        let clock = try #require(TimeZones.clock(TimeZoneName(parsing: "Europe/Berlin")))
        #expect(clock.offset(at: spring - 1) == 3600 && clock.offset(at: spring) == 7200)
        let autumn: Int64 = 1_792_890_000
        #expect(clock.nextChange(after: spring) == autumn)
        #expect(clock.offset(at: autumn) == 3600)
        // South of the equator, by half an hour; a quarter of an hour, and never.
        let lordHowe = try #require(TimeZones.clock(TimeZoneName(parsing: "Australia/Lord_Howe")))
        #expect(lordHowe.offset(at: spring) == 39_600)
        #expect(lordHowe.offset(at: spring + 14 * 86_400) == 37_800)
        let kathmandu = try #require(TimeZones.clock(TimeZoneName(parsing: "Asia/Kathmandu")))
        #expect(kathmandu.offset(at: spring) == 20_700)
        #expect(kathmandu.nextChange(after: spring) == nil)
    }

    @Test func `each device is released when its own wall shows the hour`() async throws {
        let scene = try await CampaignScene(3)
        try await label(scene, 0, "time-zone", "Europe/Berlin")
        try await label(scene, 1, "utc-offset", "+00:00")
        // The third has none: the plan's zone holds. There it is five hours earlier.
        scene.now = spring - 4 * 3600
        let plan = try CampaignScene.plan(
            windows: sunday(4 * 60, 5 * 60),
            zone: TimeZoneName(parsing: "America/New_York")
        )
        let name = try await scene.begin(plan)
        func released(at time: Int64) async throws -> [Int] {
            scene.now = time - 2
            try await scene.pulse(seconds: 3)
            let members = try await scene.registry.campaignMembers(name, state: .released)
            return members.compactMap { member in
                scene.lamps.firstIndex { $0.id == member.device }
            }
        }
        // 04:00 of summer in Berlin is one hour after the leap; with winter's clock it would be two.
        #expect(try await released(at: spring + 3590) == [])
        #expect(try await released(at: spring + 3610) == [0])
        #expect(try await released(at: spring + 3 * 3600 - 5) == [0])
        #expect(try await released(at: spring + 3 * 3600 + 5) == [0, 1])
        #expect(try await released(at: spring + 7 * 3600 + 5) == [0, 1, 2])
        #expect(try scene.countsAreTrue())
    }

    @Test func `a label that says no time leaves its device out by name, until it is mended`()
        async throws
    {
        let scene = try await CampaignScene(4)
        try await label(scene, 0, "time-zone", "Europe/Berln")
        try await label(scene, 1, "utc-offset", "two")
        // Without a time zone the offset counts; with a wrong one it does not.
        try await label(scene, 2, "utc-offset", "+01:00")
        try await label(scene, 3, "utc-offset", "+01:00")
        try await label(scene, 3, "time-zone", "Mars/Olympus")
        scene.now = spring
        let plan = try CampaignScene.plan(
            waves: [Wave(.count(1)), Wave(.rest)],
            windows: [MaintenanceWindow(weekdays: [.sunday], from: 0, to: 1440)]
        )
        let outlook = try await scene.registry.planCampaign(plan, now: scene.now)
        #expect(outlook.forecast.total == 1)
        #expect(outlook.skipped == [.timeZoneUnknown: 3])
        let warning = try #require(outlook.warnings.first { $0.contains("time-zone") })
        #expect(warning.hasPrefix("3 devices would be left out"))
        #expect(warning.contains("\"Europe/Berln\" on 1, perhaps Europe/Berlin"))
        let name = try await scene.begin(plan)
        try await scene.pulse(seconds: 2)
        #expect(try await scene.counts(name).skips(.timeZoneUnknown) == 3)
        #expect(try await scene.counts(name).inFlight == 1)
        try await label(scene, 0, "time-zone", "Europe/Berlin")
        #expect(try await scene.counts(name).skips(.timeZoneUnknown) == 2)
        #expect(try await scene.counts(name).waves[1][.waiting] == 1)
        try await scene.answerNudges()
        try await scene.pulse(seconds: 2)
        try await scene.answerNudges()
        try await scene.pulse(seconds: 2)
        #expect(try await scene.counts(name)[.settled] == 2)
        #expect(try await scene.phase(name) == .finished)
        // What is over stays as it was.
        try await label(scene, 1, "utc-offset", "+02:00")
        #expect(try await scene.counts(name).skips(.timeZoneUnknown) == 2)
        #expect(try scene.countsAreTrue())
    }

    @Test func `a device that moves has the hours of where it is`() async throws {
        let scene = try await CampaignScene(1)
        try await label(scene, 0, "time-zone", "Asia/Tokyo")
        scene.now = spring
        let name = try await scene.begin(CampaignScene.plan(windows: sunday(180, 240)))
        try await scene.pulse(seconds: 2)
        #expect(try await scene.counts(name)[.waiting] == 1)
        try await label(scene, 0, "time-zone", "Europe/Berlin")
        try await scene.pulse(seconds: 2)
        #expect(try await scene.counts(name)[.released] == 1)
        // Lost while it waits: left out.
        #expect(try scene.countsAreTrue())
    }

    @Test func `a member that waits is left out when its label is spoilt`() async throws {
        let scene = try await CampaignScene(1)
        scene.now = spring
        let name = try await scene.begin(CampaignScene.plan(windows: sunday(600, 660)))
        try await scene.pulse(seconds: 2)
        try await label(scene, 0, "time-zone", "nowhere")
        try await scene.pulse(seconds: 2)
        #expect(try await scene.counts(name).skips(.timeZoneUnknown) == 1)
        #expect(try await scene.phase(name) == .finished)
    }

    @Test func `a plan without windows asks nobody for the time`() async throws {
        let scene = try await CampaignScene(1)
        try await label(scene, 0, "time-zone", "nowhere")
        let name = try await scene.begin(CampaignScene.plan())
        try await scene.pulse(seconds: 2)
        #expect(try await scene.counts(name)[.released] == 1)
    }

    @Test func `a plan in a zone that is none is refused with what was meant`() async throws {
        let scene = try await CampaignScene(1)
        let plan = try CampaignScene.plan(
            windows: sunday(0, 60),
            zone: TimeZoneName(parsing: "Europe/Berln")
        )
        let error = try #require(
            await #expect(throws: RegistryError.self) {
                try await scene.registry.createCampaign(plan, actor: "a", now: scene.now)
            }
        )
        #expect(error.code == .invalid)
        #expect(
            error.detail == "there is no time zone \"Europe/Berln\": did you mean Europe/Berlin?"
        )
    }

    @Test func `a window that opens only after the deadline is refused, by the plan's own zone`()
        async throws
    {
        let scene = try await CampaignScene(1)
        // Saturday 23:00 UTC is Sunday 00:00 in Berlin, and Sunday 01:00 there in summer.
        scene.now = spring - 3 * 3600
        let windows = try sunday(0, 60)
        func create(_ name: String, _ zone: String) async throws {
            let plan = try CampaignScene.plan(
                name,
                windows: windows,
                zone: TimeZoneName(parsing: zone),
                deadline: scene.now + 2 * 3600
            )
            _ = try await scene.registry.createCampaign(plan, actor: "a", now: scene.now)
        }
        try await create("near", "Europe/Berlin")
        let error = try #require(
            await #expect(throws: RegistryError.self) { try await create("far", "Asia/Tokyo") }
        )
        #expect(error.detail.contains("no window opens before the deadline"))
    }

    @Test func `a zone that this program does not know any more opens no window, and says so`()
        async throws
    {
        let scene = try await CampaignScene(1)
        try await label(scene, 0, "time-zone", "Europe/Berlin")
        scene.now = spring
        let name = try await scene.begin(
            CampaignScene.plan(
                windows: [MaintenanceWindow(weekdays: [.sunday], from: 0, to: 1440)],
                maximumInFlight: 1
            )
        )
        _ = try await scene.registry.pauseCampaignAfterListing(name, scene)
        try scene.home.tamper("UPDATE time_zone SET name = 'Old/Town'")
        _ = try await scene.registry.resumeCampaign(name, actor: "a", now: scene.now)
        try await scene.pulse(seconds: 20)
        let details = try await scene.details(name)
        #expect(details.summary.counts[.waiting] == 1)
        #expect(details.hold?.hasPrefix("timeZoneUnknown: 1 devices") == true)
    }
}

extension Registry {
    /// Lists the target, and pauses before anybody is released.
    fileprivate func pauseCampaignAfterListing(
        _ name: CampaignName,
        _ scene: CampaignScene
    ) async throws {
        while try await campaign(name, now: scene.now).summary.state.phase == .preparing {
            try await writer.perform { [now = scene.now] transaction in
                let row = try transaction.campaign(named: name)
                _ = try transaction.pulse(row.id, now: now)
            }
        }
        _ = try await pauseCampaign(name, actor: "a", now: scene.now)
    }
}
