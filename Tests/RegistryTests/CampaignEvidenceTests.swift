import Fleet
import KeyExchange
import Testing

@testable import Registry

/// What the sequential test hears of members that are tried again, and of those that are silent.
@Suite struct CampaignEvidenceTests {
    private func begin(
        _ scene: CampaignScene,
        retries: [CampaignFailure: Int]
    ) async throws -> CampaignName {
        let name = try await scene.begin(
            CampaignScene.plan(maximumInFlight: 4, test: .standard, retries: retries)
        )
        try await scene.pulse(seconds: 2)
        return name
    }

    private func evidence(_ scene: CampaignScene, _ name: CampaignName) async throws -> Int {
        try await scene.details(name).summary.state.evidence
    }

    @Test func `a bad change does not hide behind its retries`() async throws {
        let scene = try await CampaignScene(20)
        let name = try await begin(scene, retries: [.storeFull: 10])
        for _ in 0..<4 {
            try await scene.answerNudges { _ in .storeFull }
            try await scene.pulse(seconds: 2)
        }
        #expect(try await scene.details(name).summary.state.pauseReason == .sequentialTest)
        #expect(try await scene.counts(name)[.settled] == 0)
        #expect(try scene.countsAreTrue())
    }

    @Test func `who is tried again goes behind those who had no turn yet`() async throws {
        let scene = try await CampaignScene(3)
        let name = try await scene.begin(
            CampaignScene.plan(maximumInFlight: 1, retries: [.storeFull: 1])
        )
        var turns: [DeviceID] = []
        for _ in 0..<6 {
            try await scene.pulse(seconds: 2)
            let member = try await scene.registry.campaignMembers(name, state: .released).first
            turns.append(try #require(member).device)
            try await scene.answerNudges { _ in .storeFull }
        }
        #expect(Set(turns.prefix(3)).count == 3 && Set(turns.suffix(3)).count == 3)
        #expect(try scene.countsAreTrue())
    }

    @Test func `one device that fails again and again is one failure`() async throws {
        let scene = try await CampaignScene(1)
        let name = try await begin(scene, retries: [.storeFull: 10])
        for tries in 1...11 {
            try await scene.answerNudges { _ in .storeFull }
            #expect(try await evidence(scene, name) == SequentialTest.standard.failureWeight)
            #expect(try await scene.registry.campaignMembers(name)[0].attempts == min(tries, 10))
            try await scene.pulse(seconds: 2)
        }
        #expect(try await scene.counts(name).failures(.storeFull) == 1)
        #expect(try await scene.phase(name) == .finished)
    }

    @Test func `a server that was too busy is no failure, and what comes after it is one`()
        async throws
    {
        let scene = try await CampaignScene(1)
        let name = try await begin(scene, retries: [.throttled: 5, .storeFull: 5])
        try await scene.answerNudges { _ in .throttled }
        #expect(try await evidence(scene, name) == 0)
        try await scene.pulse(seconds: 2)
        try await scene.answerNudges { _ in .storeFull }
        #expect(try await evidence(scene, name) == SequentialTest.standard.failureWeight)
    }

    @Test func `a retry that settles is a success, and an admin's retry begins anew`() async throws
    {
        let scene = try await CampaignScene(2)
        let name = try await begin(scene, retries: [.storeFull: 1])
        try await scene.answerNudges { $0 == scene.lamps[0].id ? .storeFull : nil }
        let test = SequentialTest.standard
        try await scene.pulse(seconds: 2)
        try await scene.answerNudges { _ in .storeFull }
        #expect(try await scene.counts(name).failures(.storeFull) == 1)
        try await scene.pulse(seconds: 2)
        _ = try await scene.registry.retryCampaign(
            name,
            kinds: [.storeFull],
            actor: "uid:ann",
            now: scene.now
        )
        #expect(try await evidence(scene, name) == 0)
        try await scene.pulse(seconds: 2)
        try await scene.answerNudges { _ in .storeFull }
        #expect(try await evidence(scene, name) == test.failureWeight)
        try await scene.pulse(seconds: 2)
        try await scene.answerNudges()
        #expect(try await evidence(scene, name) == test.failureWeight - test.successWeight)
    }

    @Test func `a silent device is released again while its budget lasts`() async throws {
        let scene = try await CampaignScene(1)
        try scene.home.tamper("UPDATE device SET contact_interval = 60, last_seen = \(scene.now)")
        let name = try await begin(scene, retries: [.silent: 1])
        try await scene.calm()
        // Suspect after fifteen minutes, given up after as long again: waiting, and released at once.
        scene.now += 901
        try await scene.pulse(seconds: 2)
        #expect(try await scene.counts(name)[.suspect] == 1)
        scene.now += 901
        try await scene.pulse(seconds: 3)
        #expect(try await scene.counts(name)[.released] == 1)
        #expect(try await scene.registry.campaignMembers(name)[0].attempts == 1)
        #expect(try await !scene.registry.takeOutbox(limit: 9).isEmpty)
        // Its silence was heard of once.
        #expect(try await evidence(scene, name) == SequentialTest.standard.failureWeight)
        scene.now += 901
        try await scene.pulse(seconds: 2)
        #expect(try await evidence(scene, name) == SequentialTest.standard.failureWeight)
        scene.now += 901
        try await scene.pulse(seconds: 2)
        #expect(try await scene.counts(name).failures(.silent) == 1)
        #expect(try await scene.phase(name) == .finished)
        #expect(try scene.countsAreTrue())
    }
}
