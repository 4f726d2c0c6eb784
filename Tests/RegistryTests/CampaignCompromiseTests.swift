import Fleet
import KeyExchange
import Testing

@testable import Registry

/// Campaigns that replace what others may know.
@Suite struct CampaignCompromiseTests {
    private func states(_ scene: CampaignScene, _ index: Int) async throws -> [String] {
        try await scene.registry.device(scene.lamps[index].id).keys.map {
            "\($0.epoch) \($0.state)"
        }
    }

    @Test func `every device gets a new key, and the old one is destroyed in the same commit`()
        async throws
    {
        let scene = try await CampaignScene(3)
        let name = try await scene.begin(CampaignScene.plan(action: .compromise))
        try await scene.pulse(seconds: 2)
        #expect(try await states(scene, 0) == ["1 compromised"])
        try await scene.answerNudges()
        try await scene.pulse(seconds: 2)
        for index in scene.lamps.indices {
            #expect(try await states(scene, index) == ["1 destroyedCompromised", "2 active"])
        }
        // The older one goes from the device at its next contact, whatever its grace was.
        for index in scene.lamps.indices { try await scene.contact(index) }
        #expect(scene.lamps.allSatisfy { $0.inShort == ["door 2 primary"] })
        #expect(try await scene.phase(name) == .finished)
        #expect(try scene.countsAreTrue())
        let rows = try await scene.registry.auditList(AuditFilter(kind: .keyCompromised))
        #expect(rows.count == 3)
        #expect(rows.allSatisfy { $0.event.details["campaign"] == "spring" })
    }

    @Test func `those whose turn has not come keep their key when it is cancelled, the others not`()
        async throws
    {
        let scene = try await CampaignScene(5)
        let name = try await scene.begin(
            CampaignScene.plan(action: .compromise, maximumInFlight: 2)
        )
        try await scene.pulse(seconds: 2)
        _ = try await scene.registry.cancelCampaign(name, actor: "uid:ann", now: scene.now)
        try await scene.pulse(seconds: 2)
        #expect(try await scene.phase(name) == .cancelling)
        #expect(try await scene.counts(name)[.cancelled] == 3)
        #expect(try await scene.counts(name)[.released] == 2)
        try await scene.answerNudges()
        try await scene.pulse(seconds: 2)
        #expect(try await scene.phase(name) == .cancelled)
        #expect(try await scene.counts(name)[.settled] == 2)
        #expect(try await scene.epochs().sorted() == [1, 1, 1, 2, 2])
        #expect(try scene.countsAreTrue())
    }

    @Test func `it is never rolled back`() async throws {
        let scene = try await CampaignScene(1)
        let name = try await scene.begin(CampaignScene.plan(action: .compromise))
        try await scene.pulse(seconds: 2)
        try await scene.answerNudges()
        let error = try #require(
            await #expect(throws: RegistryError.self) {
                try await scene.registry.rollBackCampaign(
                    name,
                    actor: "uid:ann",
                    now: scene.now
                )
            }
        )
        #expect(error.code == .conflict && error.detail.contains("compromised"))
    }

    @Test func `a suspended key is replaced, too`() async throws {
        let scene = try await CampaignScene(2)
        let door = try KeyName(parsing: "door")
        _ = try await scene.registry.suspend(
            .device(scene.lamps[0].id),
            key: door,
            actor: "uid:ann",
            now: scene.now
        )
        try await scene.calm()
        let name = try await scene.begin(CampaignScene.plan(action: .compromise))
        try await scene.pulse(seconds: 2)
        #expect(try await states(scene, 0) == ["1 destroyedCompromised"])
        // Fails once, so that it is released a second time without a live generation.
        try await scene.answerNudges { _ in .hookFailed }
        try await scene.pulse(seconds: 2)
        #expect(try await scene.counts(name)[.failed] == 2)
        _ = try await scene.registry.retryCampaign(
            name,
            kinds: [.hookFailed],
            actor: "uid:ann",
            now: scene.now
        )
        try await scene.pulse(seconds: 2)
        try await scene.answerNudges()
        try await scene.pulse(seconds: 2)
        #expect(try await scene.counts(name)[.settled] == 2)
        #expect(try await states(scene, 0).last == "3 active")
        #expect(try await scene.phase(name) == .finished)
    }

    @Test func `a second try compromises nothing that was made since the first`() async throws {
        let scene = try await CampaignScene(1)
        let name = try await scene.begin(
            CampaignScene.plan(action: .compromise, perMinute: 1, retries: [.storeFull: 3])
        )
        try await scene.pulse(seconds: 2)
        try await scene.answerNudges { _ in .storeFull }
        #expect(try await scene.counts(name)[.waiting] == 1)
        // The device comes by itself, before its turn: the server has a new generation for it.
        try await scene.contact(0)
        #expect(try await scene.counts(name)[.settled] == 1)
        try await scene.pulse(seconds: 70)
        #expect(try await states(scene, 0).last == "3 active")
        #expect(try await scene.phase(name) == .finished)
        #expect(try scene.countsAreTrue())
    }

    // MARK: - Beside other campaigns

    @Test func `it goes before a rotation, which waits and says for whom`() async throws {
        let scene = try await CampaignScene(3)
        let spring = try await scene.begin(
            CampaignScene.plan("spring", maximumInFlight: 1, priority: 9)
        )
        try await scene.pulse(seconds: 2)
        let leak = try await scene.begin(
            CampaignScene.plan("leak", action: .compromise, priority: 0)
        )
        try await scene.pulse(seconds: 2)
        // Also the one that was released already.
        #expect(try await scene.details(spring).waitsFor == [leak: 3])
        #expect(try await scene.counts(leak).inFlight == 3)
        for _ in 0..<6 {
            try await scene.answerNudges()
            try await scene.pulse(seconds: 2)
        }
        #expect(try await scene.phase(leak) == .finished)
        #expect(try await scene.phase(spring) == .finished)
        #expect(try await scene.epochs() == [3, 3, 3])
        #expect(try scene.countsAreTrue())
        #expect(try await scene.registry.auditVerify().fault == nil)
    }

    @Test func `a rotation that comes later waits for it`() async throws {
        let scene = try await CampaignScene(2)
        let leak = try await scene.begin(
            CampaignScene.plan("leak", action: .compromise, maximumInFlight: 1)
        )
        try await scene.pulse(seconds: 2)
        let spring = try await scene.begin(CampaignScene.plan("spring", priority: 9))
        try await scene.pulse(seconds: 2)
        #expect(try await scene.details(spring).waitsFor == [leak: 2])
        for _ in 0..<6 {
            try await scene.answerNudges()
            try await scene.pulse(seconds: 2)
        }
        #expect(try await scene.phase(leak) == .finished)
        #expect(try await scene.phase(spring) == .finished)
    }

    @Test func `a device that was offered a key by a rotation takes none that is compromised`()
        async throws
    {
        let scene = try await CampaignScene(1)
        let spring = try await scene.begin(CampaignScene.plan("spring"))
        try await scene.pulse(seconds: 2)
        try await scene.calm()
        let answer = try await scene.registry.reconcile(scene.lamps[0].contact(now: scene.now))
        let offer = try #require(answer.offer)
        let leak = try await scene.begin(CampaignScene.plan("leak", action: .compromise))
        try await scene.pulse(seconds: 2)
        #expect(try await states(scene, 0) == ["1 compromised", "2 destroyedCompromised"])
        let settle = try await scene.registry.confirm(
            device: scene.lamps[0].id,
            operation: offer.operation,
            outcomes: scene.lamps[0].install(offer),
            verdicts: [],
            now: scene.now
        )
        scene.lamps[0].obey(settle)
        // It goes on with the key that it had, which is accepted until there is another.
        #expect(scene.lamps[0].inShort == ["door 1 primary"])
        for _ in 0..<4 {
            try await scene.answerNudges()
            try await scene.pulse(seconds: 2)
        }
        #expect(try await scene.counts(leak)[.settled] == 1)
        #expect(try await scene.phase(spring) == .finished)
        #expect(try await states(scene, 0).first == "1 destroyedCompromised")
    }

    @Test func `what a rotation had offered settles it although it waits, if it comes first`()
        async throws
    {
        let scene = try await CampaignScene(2)
        let spring = try await scene.begin(CampaignScene.plan("spring", maximumInFlight: 1))
        try await scene.pulse(seconds: 2)
        try await scene.calm()
        let first = try #require(
            try await scene.registry.campaignMembers(spring, state: .released).first
        )
        let index = try #require(scene.lamps.firstIndex { $0.id == first.device })
        let answer = try await scene.registry.reconcile(
            scene.lamps[index].contact(now: scene.now)
        )
        let offer = try #require(answer.offer)
        // It waits at a gate of approval: nobody is compromised yet.
        let leak = try await scene.begin(
            CampaignScene.plan(
                "leak",
                action: .compromise,
                waves: [Wave(.count(1), needsApproval: true), Wave(.rest)]
            )
        )
        try await scene.pulse(seconds: 2)
        #expect(try await scene.details(spring).waitsFor == [leak: 2])
        let settle = try await scene.registry.confirm(
            device: first.device,
            operation: offer.operation,
            outcomes: scene.lamps[index].install(offer),
            verdicts: [],
            now: scene.now
        )
        scene.lamps[index].obey(settle)
        #expect(try await scene.counts(spring)[.settled] == 1)
        #expect(try scene.countsAreTrue())
    }

    @Test func `a silent device of a rotation does not hold it up`() async throws {
        let scene = try await CampaignScene(1)
        let spring = try await scene.begin(CampaignScene.plan("spring"))
        try await scene.pulse(seconds: 2)
        scene.now += 86_400
        try await scene.pulse()
        #expect(try await scene.counts(spring)[.suspect] == 1)
        let leak = try await scene.begin(CampaignScene.plan("leak", action: .compromise))
        try await scene.pulse(seconds: 2)
        #expect(try await states(scene, 0) == ["1 compromised"])
        #expect(try await scene.counts(leak)[.released] == 1)
        #expect(try await scene.details(spring).waitsFor == [leak: 1])
        #expect(try scene.countsAreTrue())
    }

    @Test func `no one is led back to a key that was compromised meanwhile`() async throws {
        let scene = try await CampaignScene(1)
        let spring = try await scene.begin(CampaignScene.plan("spring"))
        try await scene.pulse(seconds: 2)
        try await scene.answerNudges()
        _ = try await scene.registry.rollBackCampaign(spring, actor: "uid:ann", now: scene.now)
        try await scene.pulse(seconds: 2)
        #expect(try await scene.counts(spring)[.rollingBack] == 1)
        _ = try await scene.registry.compromise(
            .device(scene.lamps[0].id),
            key: KeyName(parsing: "door"),
            actor: "uid:bob",
            now: scene.now
        )
        #expect(try await scene.counts(spring)[.kept] == 1)
        try await scene.answerNudges()
        let keys = try await scene.registry.device(scene.lamps[0].id).keys
        let active = try #require(keys.last)
        #expect(active.state == .active)
        #expect(keys.filter { $0.thumbprint == active.thumbprint }.count == 1)
    }

    // MARK: - Crashes

    @Test func `a server that dies at any statement leaves no device without a key`() async throws {
        var points = 0
        var deaths = 0
        while points < 900 {
            guard try await story(dyingAfter: points) else { break }
            deaths += 1
            points += points < 24 ? 2 : points / 4
        }
        #expect(deaths > 15, "\(deaths) deaths")
    }

    /// A compromise that takes a rotation over in its middle; whether the server died.
    private func story(dyingAfter points: Int) async throws -> Bool {
        let home = try Home()
        let fuse = Fuse()
        do { _ = try await home.lights(grace: 3600) }
        func open() throws -> Registry {
            try Registry.open(
                folder: home.data,
                rootKey: .file(home.keyFile),
                crypto: home.crypto,
                faults: { fuse.reach($0) }
            )
        }
        var registry = try open()
        var lamps: [FakeDevice] = []
        let bundle = try await registry.bundle()
        for number in 0..<4 {
            var lamp = try FakeDevice("lamp-\(number)")
            _ = try await lamp.enrol(with: bundle, at: registry)
            lamps.append(lamp)
        }
        let spring = try CampaignScene.plan("spring", maximumInFlight: 2)
        let leak = try CampaignScene.plan("leak", action: .compromise, maximumInFlight: 3)
        var now = Home.now + 1
        _ = try await registry.createCampaign(spring, actor: "uid:ann", now: now)
        _ = try await registry.startCampaign(spring.name, actor: "uid:ann", now: now)
        while try await registry.pulseCampaigns(now: now).hasMore {}
        _ = try await registry.createCampaign(leak, actor: "uid:ann", now: now)
        _ = try await registry.startCampaign(leak.name, actor: "uid:ann", now: now)
        fuse.light(points)
        var hasDied = false
        for _ in 0..<40 {
            now += 1
            do {
                while try await registry.pulseCampaigns(now: now).hasMore {}
                for index in lamps.indices {
                    _ = try await lamps[index].talk(to: registry, now: now)
                }
            } catch {
                guard fuse.takeIsBurnt() else { throw error }
                hasDied = true
                await registry.close()
                registry = try open()
            }
            try await expectCommonKeys(registry, lamps, points)
        }
        for name in [spring.name, leak.name] {
            let details = try await registry.campaign(name, now: now)
            #expect(details.summary.state.phase == .finished, "\(name) after \(points)")
            #expect(details.summary.counts[.settled] == 4, "\(name) after \(points)")
        }
        for lamp in lamps {
            let first = try #require(try await registry.device(lamp.id).keys.first)
            #expect(first.state == .destroyedCompromised, "after \(points)")
            #expect(!lamp.inShort.contains { $0.hasPrefix("door 1 ") }, "after \(points)")
        }
        #expect(try await registry.auditVerify().fault == nil)
        await registry.close()
        return hasDied
    }

    /// Every lamp uses a generation that the server accepts.
    private func expectCommonKeys(
        _ registry: Registry,
        _ lamps: [FakeDevice],
        _ points: Int
    ) async throws {
        for lamp in lamps {
            let accepted = try await registry.device(lamp.id).keys.filter { $0.state.isAccepted }
            let used = lamp.held.values.joined().first { $0.state == .primary }
            let isCommon = accepted.contains {
                $0.epoch == used?.epoch && $0.thumbprint.check == used?.check
            }
            #expect(isCommon, "\(lamp.id) after \(points)")
        }
    }
}
