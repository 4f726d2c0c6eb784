import Fleet
import KeyExchange
import Testing

@testable import Registry

/// A server whose clock was ahead, and is put right while a campaign runs.
@Suite struct CampaignClockBackTests {
    private static let year: Int64 = 366 * 86_400

    @Test func `who was released by a clock that was ahead is suspect in time, not years later`()
        async throws
    {
        let scene = try await CampaignScene(3)
        try scene.home.tamper("UPDATE device SET contact_interval = 60")
        let right = scene.now
        scene.now += Self.year
        let name = try await scene.begin(CampaignScene.plan(maximumInFlight: 2))
        try await scene.pulse(seconds: 2)
        #expect(try await scene.counts(name)[.released] == 2)
        scene.now = right
        try await scene.pulse(seconds: 2)
        let released = try await scene.registry.campaignMembers(name, state: .released)
        #expect(released.count == 2)
        for member in released {
            #expect(try #require(member.expectedBy) <= scene.now + 900)
            #expect(try #require(member.releasedAt) <= scene.now)
        }
        scene.now += 900
        try await scene.pulse(seconds: 2)
        #expect(try await scene.counts(name)[.suspect] == 2)
        #expect(try scene.countsAreTrue())
    }

    @Test func `a suspect is given up in time, and a paused campaign is put right, too`()
        async throws
    {
        let scene = try await CampaignScene(2)
        try scene.home.tamper("UPDATE device SET contact_interval = 60")
        let right = scene.now
        scene.now += Self.year
        let name = try await scene.begin(CampaignScene.plan())
        try await scene.pulse(seconds: 2)
        scene.now += 900
        try await scene.pulse(seconds: 2)
        #expect(try await scene.counts(name)[.suspect] == 2)
        _ = try await scene.registry.pauseCampaign(name, actor: "uid:ann", now: scene.now)
        scene.now = right
        try await scene.pulse(seconds: 2)
        scene.now += 900
        try await scene.pulse(seconds: 2)
        #expect(try await scene.counts(name)[.suspect] == 0)
        #expect(try scene.countsAreTrue())
    }

    @Test func `who goes back to the key before is not waited for until then`() async throws {
        let scene = try await CampaignScene(2)
        try scene.home.tamper("UPDATE device SET contact_interval = 60")
        let right = scene.now
        scene.now += Self.year
        let name = try await scene.begin(CampaignScene.plan())
        try await scene.pulse(seconds: 2)
        try await scene.answerNudges()
        // The jump is a part of the rhythm that was learned.
        try scene.home.tamper("UPDATE device SET contact_interval = 60")
        _ = try await scene.registry.rollBackCampaign(name, actor: "uid:ann", now: scene.now)
        try await scene.pulse(seconds: 2)
        #expect(try await scene.counts(name)[.rollingBack] == 2)
        scene.now = right
        try await scene.pulse(seconds: 2)
        scene.now += 1800
        try await scene.pulse(seconds: 3)
        #expect(try await scene.counts(name)[.rollingBack] == 0)
        #expect(try await scene.phase(name) == .cancelled)
    }

    @Test func `a clock that goes back a little changes nothing`() async throws {
        let scene = try await CampaignScene(2)
        let name = try await scene.begin(CampaignScene.plan(maximumInFlight: 1))
        try await scene.pulse(seconds: 2)
        let before = try await scene.registry.campaignMembers(name)
        scene.now -= 30
        try await scene.pulse(seconds: 2)
        #expect(try await scene.registry.campaignMembers(name) == before)
        #expect(try await scene.details(name).jobs.isEmpty)
    }
}
