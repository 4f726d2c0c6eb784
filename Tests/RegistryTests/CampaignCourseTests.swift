import Fleet
import KeyExchange
import Testing

@testable import Registry

@Suite struct CampaignCourseTests {
    @Test func `a campaign gives every device its next generation and ends`() async throws {
        let scene = try await CampaignScene(7)
        let name = try await scene.begin(CampaignScene.plan())
        try await scene.pulse(seconds: 2)
        try await scene.answerNudges()
        try await scene.pulse(seconds: 2)
        #expect(try await scene.phase(name) == .finished)
        #expect(try await scene.epochs() == [UInt32](repeating: 2, count: 7))
        #expect(try await scene.counts(name)[.settled] == 7)
        #expect(try scene.countsAreTrue())
        #expect(try await scene.registry.auditVerify().fault == nil)
    }

    @Test func `its words are in the audit log with who said them and the figures`() async throws {
        let scene = try await CampaignScene(2)
        let name = try await scene.begin(CampaignScene.plan())
        try await scene.pulse(seconds: 2)
        try await scene.answerNudges()
        try await scene.pulse(seconds: 2)
        let report = try await scene.registry.campaignReport(name, now: scene.now)
        let words = report.history.map(\.text)
        #expect(words.count == 5)
        #expect(words[0].hasPrefix("created (uid:ann"))
        #expect(words[1].hasPrefix("started (uid:ann"))
        #expect(words[2].hasPrefix("2 members listed (server"))
        #expect(words[3].hasPrefix("wave 1 opened (server"))
        #expect(words[4].hasPrefix("finished (server"))
        let members = try await scene.registry.campaignMembers(name)
        #expect(members.map(\.state) == [.settled, .settled])
        #expect(members.map { $0.epochBefore?.number } == [1, 1])
        #expect(members.map { $0.epochAfter?.number } == [2, 2])
        let keys = try await scene.registry.device(scene.lamps[0].id).keys
        #expect(members[0].thumbprint == keys.last?.thumbprint)
    }

    @Test func `nothing is released faster than the pace`() async throws {
        let scene = try await CampaignScene(10)
        let name = try await scene.begin(CampaignScene.plan(perMinute: 60))
        try await scene.pulse(seconds: 1)
        for second in 1...5 {
            #expect(try await scene.counts(name)[.waiting] == 10 - second)
            try await scene.pulse()
        }
    }

    @Test func `no more are in flight than the plan allows`() async throws {
        let scene = try await CampaignScene(9)
        let name = try await scene.begin(CampaignScene.plan(maximumInFlight: 4))
        try await scene.pulse(seconds: 10)
        #expect(try await scene.counts(name).inFlight == 4)
        try await scene.answerNudges()
        try await scene.pulse(seconds: 2)
        #expect(try await scene.counts(name)[.settled] == 4)
        #expect(try await scene.counts(name).inFlight == 4)
    }

    @Test func `a wave opens when the one before it has succeeded, and a person has agreed`()
        async throws
    {
        let scene = try await CampaignScene(8)
        let waves = [
            Wave(.count(2)), Wave(.percent(25), successPercent: 100),
            Wave(.rest, successPercent: 100, needsApproval: true),
        ]
        let name = try await scene.begin(CampaignScene.plan(waves: waves))
        try await scene.pulse(seconds: 2)
        #expect(try await scene.counts(name).waves.map(\.total) == [2, 2, 4])
        #expect(try await scene.counts(name).waves.map(\.inFlight) == [2, 0, 0])
        try await scene.answerNudges()
        try await scene.pulse(seconds: 2)
        #expect(try await scene.counts(name).waves.map(\.inFlight) == [0, 2, 0])
        try await scene.answerNudges()
        try await scene.pulse(seconds: 2)
        #expect(try await scene.details(name).summary.state.pauseReason == .approval(wave: 2))
        _ = try await scene.registry.approveCampaign(name, actor: "uid:bob", now: scene.now)
        try await scene.pulse(seconds: 2)
        try await scene.answerNudges()
        try await scene.pulse(seconds: 2)
        #expect(try await scene.phase(name) == .finished)
        #expect(try await scene.epochs() == [UInt32](repeating: 2, count: 8))
        #expect(try scene.countsAreTrue())
    }

    @Test func `a label makes a wave, whatever the rank`() async throws {
        let scene = try await CampaignScene(5)
        try scene.home.tamper(
            """
            INSERT INTO device_label SELECT id, 'canary', 'yes' FROM device
            WHERE name IN ('lamp-1', 'lamp-3')
            """
        )
        let canaries = Wave(.matching(try Query(parsing: "label.canary=yes")))
        let name = try await scene.begin(CampaignScene.plan(waves: [canaries, Wave(.rest)]))
        try await scene.pulse(seconds: 2)
        let members = try await scene.registry.campaignMembers(name)
        #expect(members.map(\.wave) == [1, 0, 1, 0, 1])
        #expect(try await scene.counts(name).waves[0].inFlight == 2)
    }

    @Test func `a device that fails is tried again while its budget lasts`() async throws {
        let scene = try await CampaignScene(1)
        let name = try await scene.begin(CampaignScene.plan(retries: [.storeFull: 2]))
        for _ in 0..<3 {
            try await scene.pulse(seconds: 2)
            try await scene.answerNudges { _ in .storeFull }
        }
        try await scene.pulse()
        #expect(try await scene.counts(name).failures(.storeFull) == 1)
        #expect(try await scene.phase(name) == .finished)
        // Nothing is offered to it any more, until someone asks.
        try await scene.contact(0)
        #expect(try await scene.epochs() == [1])
        _ = try await scene.registry.retryCampaign(
            name,
            kinds: [.storeFull],
            actor: "uid:ann",
            now: scene.now
        )
        try await scene.pulse(seconds: 2)
        try await scene.answerNudges()
        try await scene.pulse()
        #expect(try await scene.counts(name)[.settled] == 1)
        #expect(try await scene.phase(name) == .finished)
    }

    @Test func `a bad change is stopped after a handful`() async throws {
        let scene = try await CampaignScene(40)
        let name = try await scene.begin(CampaignScene.plan(perMinute: 60, test: .standard))
        for _ in 0..<20 {
            try await scene.pulse()
            try await scene.answerNudges { _ in .hookFailed }
        }
        let details = try await scene.details(name)
        #expect(details.summary.state.pauseReason == .sequentialTest)
        #expect(details.summary.counts[.failed] <= 6)
        #expect(details.summary.counts[.waiting] >= 34)
    }

    @Test func `a silent device becomes suspect, is given up, and may still settle`() async throws {
        let scene = try await CampaignScene(2)
        let name = try await scene.begin(CampaignScene.plan())
        try await scene.pulse(seconds: 2)
        try await scene.calm()
        try await scene.contact(0)
        scene.now += 86_400
        try await scene.pulse()
        #expect(try await scene.counts(name)[.suspect] == 1)
        scene.now += 86_400
        try await scene.pulse()
        let counts = try await scene.counts(name)
        #expect(counts.failures(.silent) + counts.skips(.absent) == 1)
        #expect(try await scene.phase(name) == .finished)
        #expect(try scene.countsAreTrue())
    }

    @Test func `a plan names those who will be left behind`() async throws {
        let scene = try await CampaignScene(6)
        try scene.home.tamper(
            """
            UPDATE device SET contact_interval = 60, last_seen = \(scene.now);
            UPDATE device SET last_seen = last_seen - 900000 WHERE name = 'lamp-2';
            UPDATE device SET last_seen = NULL WHERE name = 'lamp-4'
            """
        )
        let outlook = try await scene.registry.planCampaign(
            CampaignScene.plan(deadline: scene.now + 3600),
            now: scene.now
        )
        #expect(outlook.forecast.total == 6)
        #expect(outlook.stranded.map(\.device.description) == ["lamp-2", "lamp-4"])
        #expect(outlook.stranded.map(\.reason) == [.silent, .neverHeard])
        #expect(outlook.forecast.stranded[.silent] == 1)
        #expect(outlook.forecast.stranded[.neverHeard] == 1)
    }
}
