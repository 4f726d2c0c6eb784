import Fleet
import GRDB
import KeyExchange
import Testing

@testable import Registry

@Suite struct CampaignControlTests {
    @Test func `a paused campaign releases nothing, and those in flight settle`() async throws {
        let scene = try await CampaignScene(6)
        let name = try await scene.begin(CampaignScene.plan(maximumInFlight: 2))
        try await scene.pulse(seconds: 2)
        _ = try await scene.registry.pauseCampaign(name, actor: "uid:bob", now: scene.now)
        try await scene.answerNudges()
        try await scene.pulse(seconds: 5)
        #expect(try await scene.counts(name)[.settled] == 2)
        #expect(try await scene.counts(name)[.waiting] == 4)
        _ = try await scene.registry.resumeCampaign(name, actor: "uid:bob", now: scene.now)
        try await scene.pulse(seconds: 2)
        #expect(try await scene.counts(name).inFlight == 2)
    }

    @Test func `a cancelled campaign ends where no device is between two keys`() async throws {
        let scene = try await CampaignScene(5)
        let name = try await scene.begin(CampaignScene.plan(maximumInFlight: 3))
        try await scene.pulse(seconds: 2)
        try await scene.calm()
        // One was offered the key and has not answered; two were only told to come.
        let first = try #require(
            try await scene.registry.campaignMembers(name, state: .released).first
        )
        let index = try #require(scene.lamps.firstIndex { $0.id == first.device })
        let answer = try await scene.registry.reconcile(scene.lamps[index].contact(now: scene.now))
        let offer = try #require(answer.offer)
        _ = try await scene.registry.cancelCampaign(name, actor: "uid:ann", now: scene.now)
        try await scene.pulse(seconds: 2)
        #expect(try await scene.phase(name) == .cancelling)
        #expect(try await scene.counts(name)[.cancelled] == 4)
        let outcomes = scene.lamps[index].install(offer)
        let settle = try await scene.registry.confirm(
            device: first.device,
            operation: offer.operation,
            outcomes: outcomes,
            verdicts: [],
            now: scene.now
        )
        scene.lamps[index].obey(settle)
        try await scene.pulse(seconds: 2)
        #expect(try await scene.phase(name) == .cancelled)
        // Those that were only told to come find nothing.
        for other in scene.lamps.indices where other != index { try await scene.contact(other) }
        #expect(try await scene.epochs().reduce(0, +) == 6)
        #expect(try scene.countsAreTrue())
    }

    @Test func `members that are rolled back get the key they had, under a new number`()
        async throws
    {
        let scene = try await CampaignScene(3)
        let before = try await scene.registry.device(scene.lamps[0].id).keys.first?.thumbprint
        let name = try await scene.begin(CampaignScene.plan())
        try await scene.pulse(seconds: 2)
        try await scene.answerNudges()
        // The grace of one device's older key is over.
        try scene.home.tamper(
            """
            UPDATE device_key SET state = 6, sealed = NULL WHERE epoch = 1
                AND device_id = (SELECT id FROM device WHERE name = 'lamp-2')
            """
        )
        _ = try await scene.registry.rollBackCampaign(name, actor: "uid:ann", now: scene.now)
        try await scene.pulse(seconds: 2)
        #expect(try await scene.counts(name)[.rollingBack] == 2)
        try await scene.answerNudges()
        try await scene.pulse(seconds: 2)
        let counts = try await scene.counts(name)
        #expect(counts[.rolledBack] == 2 && counts[.kept] == 1)
        #expect(try await scene.phase(name) == .cancelled)
        #expect(try await scene.epochs() == [3, 3, 2])
        let after = try await scene.registry.device(scene.lamps[0].id).keys.last?.thumbprint
        #expect(after == before)
        #expect(try scene.countsAreTrue())
        #expect(try await scene.registry.auditVerify().fault == nil)
    }

    @Test func `the one of two operators who acts on what is gone gets a conflict`() async throws {
        let scene = try await CampaignScene(2)
        let name = try await scene.begin(CampaignScene.plan(maximumInFlight: 1))
        try await scene.pulse(seconds: 2)
        let seen = try await scene.details(name).summary.state.revision
        _ = try await scene.registry.pauseCampaign(
            name,
            revision: seen,
            actor: "uid:ann",
            now: scene.now
        )
        let error = try #require(
            await #expect(throws: RegistryError.self) {
                try await scene.registry.cancelCampaign(
                    name,
                    revision: seen,
                    actor: "uid:bob",
                    now: scene.now
                )
            }
        )
        #expect(error.code == .conflict)
        #expect(error.detail.contains("changed by someone else"))
        #expect(try await scene.phase(name) == .paused)
    }

    @Test func `a second person has to agree where the policy says so`() async throws {
        let scene = try await CampaignScene(1)
        _ = try await scene.registry.setPolicy(
            "secondApproval",
            to: "on",
            actor: "uid:root",
            now: scene.now
        )
        let name = try await scene.begin(CampaignScene.plan())
        #expect(try await scene.phase(name) == .awaitingApproval)
        await #expect(throws: RegistryError.self) {
            try await scene.registry.approveCampaign(name, actor: "uid:ann", now: scene.now)
        }
        _ = try await scene.registry.approveCampaign(name, actor: "uid:bob", now: scene.now)
        #expect(try await scene.phase(name) == .preparing)
    }

    @Test func `the second campaign of a key waits for the first and says so`() async throws {
        let scene = try await CampaignScene(3)
        let first = try await scene.begin(CampaignScene.plan("first", maximumInFlight: 1))
        try await scene.pulse(seconds: 2)
        let second = try await scene.begin(CampaignScene.plan("second"))
        try await scene.pulse(seconds: 2)
        #expect(try await scene.details(second).waitsFor == [first: 3])
        for _ in 0..<8 {
            try await scene.answerNudges()
            try await scene.pulse(seconds: 2)
        }
        #expect(try await scene.phase(first) == .finished)
        #expect(try await scene.phase(second) == .finished)
        #expect(try await scene.epochs() == [3, 3, 3])
        #expect(try scene.countsAreTrue())
    }

    @Test func `a campaign of higher priority takes waiting members over`() async throws {
        let scene = try await CampaignScene(4)
        let slow = try await scene.begin(CampaignScene.plan("slow", maximumInFlight: 1))
        try await scene.pulse(seconds: 2)
        let urgent = try await scene.begin(CampaignScene.plan("urgent", priority: 9))
        try await scene.pulse(seconds: 2)
        #expect(try await scene.details(slow).waitsFor == [urgent: 3])
        #expect(try await scene.details(urgent).waitsFor == [slow: 1])
        #expect(try await scene.counts(urgent).inFlight == 3)
        for _ in 0..<8 {
            try await scene.answerNudges()
            try await scene.pulse(seconds: 2)
        }
        #expect(try await scene.phase(urgent) == .finished)
        #expect(try await scene.phase(slow) == .finished)
        #expect(try await scene.epochs() == [3, 3, 3, 3])
        #expect(try scene.countsAreTrue())
    }

    @Test func `campaigns of different keys do not wait for each other`() async throws {
        let scene = try await CampaignScene(2, keys: ["door", "window"])
        let door = try await scene.begin(CampaignScene.plan("door-spring"))
        let window = try await scene.begin(CampaignScene.plan("window-spring", key: "window"))
        try await scene.pulse(seconds: 2)
        try await scene.answerNudges()
        try await scene.pulse(seconds: 2)
        #expect(try await scene.phase(door) == .finished)
        #expect(try await scene.phase(window) == .finished)
        #expect(try await scene.epochs("window") == [2, 2])
    }

    @Test func `a device that is retired or quarantined is left out, and the rest goes on`()
        async throws
    {
        let scene = try await CampaignScene(4)
        let name = try await scene.begin(CampaignScene.plan(maximumInFlight: 2))
        try await scene.pulse(seconds: 2)
        _ = try await scene.registry.retireDevice(
            scene.lamps[0].id,
            actor: "uid:ann",
            now: scene.now
        )
        _ = try await scene.registry.quarantineDevice(
            scene.lamps[1].id,
            actor: "uid:ann",
            now: scene.now
        )
        for _ in 0..<3 {
            try await scene.pulse(seconds: 2)
            try await scene.answerNudges()
        }
        try await scene.pulse(seconds: 2)
        let counts = try await scene.counts(name)
        #expect(counts.skips(.deviceRetired) == 1 && counts.skips(.quarantined) == 1)
        #expect(counts[.settled] == 2)
        #expect(try await scene.phase(name) == .finished)
        #expect(try scene.countsAreTrue())
    }

    @Test func `a device that enrols later joins a dynamic campaign at its rate`() async throws {
        let scene = try await CampaignScene(2)
        let name = try await scene.begin(
            CampaignScene.plan(isDynamic: true, perMinute: 4, deadline: scene.now + 10_000)
        )
        try await scene.pulse(seconds: 20)
        try await scene.answerNudges()
        try await scene.pulse(seconds: 2)
        #expect(try await scene.counts(name)[.settled] == 2)
        let bundle = try await scene.registry.bundle(expiresAt: scene.now + 60)
        for number in 10..<13 {
            var lamp = try FakeDevice("lamp-\(number)")
            _ = try await lamp.enrol(with: bundle, at: scene.registry, now: scene.now)
            scene.lamps.append(lamp)
        }
        #expect(try await scene.counts(name)[.waiting] == 3)
        try await scene.pulse(seconds: 14)
        #expect(try await scene.counts(name)[.waiting] == 2)
        try await scene.pulse(seconds: 30)
        try await scene.answerNudges()
        #expect(try await scene.counts(name)[.settled] == 5)
        scene.now += 10_000
        try await scene.pulse(seconds: 2)
        #expect(try await scene.phase(name) == .finished)
        #expect(try scene.countsAreTrue())
    }

    @Test func `a device that gets a label joins the dynamic campaign that asks for it`()
        async throws
    {
        let scene = try await CampaignScene(3)
        let name = try await scene.begin(
            CampaignScene.plan(
                target: "label.floor=3",
                isDynamic: true,
                deadline: scene.now + 10_000
            )
        )
        try await scene.pulse(seconds: 2)
        #expect(try await scene.counts(name).total == 0)
        for _ in 0..<2 {
            _ = try await scene.registry.label(
                .device(scene.lamps[1].id),
                set: ["floor": "3"],
                actor: "uid:ann",
                now: scene.now
            )
        }
        try await scene.pulse(seconds: 2)
        try await scene.answerNudges()
        #expect(try await scene.counts(name)[.settled] == 1)
        #expect(try await scene.epochs() == [1, 2, 1])
        #expect(try scene.countsAreTrue())
    }

    @Test func `an empty target, an unknown key, group or name is refused by name`() async throws {
        let scene = try await CampaignScene(1)
        let registry = scene.registry
        func code(_ body: () async throws -> Void) async -> RegistryError.Code? {
            do { try await body() } catch { return (error as? RegistryError)?.code }
            return nil
        }
        func create(_ plan: CampaignPlan) async -> RegistryError.Code? {
            await code { _ = try await registry.createCampaign(plan, actor: "a", now: scene.now) }
        }
        #expect(try await create(CampaignScene.plan("a", key: "other")) == .notFound)
        #expect(try await create(CampaignScene.plan("b", target: "group=none")) == .notFound)
        #expect(try await create(CampaignScene.plan("c", deadline: scene.now - 1)) == .invalid)
        let nobody = try CampaignScene.plan("d", target: "id=nobody")
        #expect(await create(nobody) == nil)
        #expect(await create(nobody) == .conflict)
        #expect(
            await code {
                _ = try await registry.startCampaign(nobody.name, actor: "a", now: scene.now)
            } == .conflict
        )
        #expect(
            await code {
                _ = try await registry.pauseCampaign(nobody.name, actor: "a", now: scene.now)
            } == .conflict
        )
        #expect(
            await code {
                let name = try CampaignName(parsing: "never")
                _ = try await registry.campaign(name, now: scene.now)
            } == .notFound
        )
    }

    @Test func `a campaign on a key that is retired in its group is refused`() async throws {
        let scene = try await CampaignScene(1)
        try scene.home.tamper("UPDATE key_spec SET retired_at = 1")
        let error = try #require(
            await #expect(throws: RegistryError.self) {
                try await scene.registry.createCampaign(
                    CampaignScene.plan(),
                    actor: "a",
                    now: scene.now
                )
            }
        )
        #expect(error.code == .conflict && error.detail.contains("retired"))
    }

    @Test func `without room on the disk campaigns stand still, and a device can be retired`()
        async throws
    {
        let scene = try await CampaignScene(3)
        let name = try await scene.begin(CampaignScene.plan(maximumInFlight: 1))
        try await scene.pulse(seconds: 2)
        scene.registry.hold.reservedBytes = .max
        try await scene.answerNudges()
        try await scene.pulse(seconds: 3)
        #expect(try await scene.counts(name)[.settled] == 1)
        #expect(try await scene.counts(name).inFlight == 0)
        #expect(try await scene.details(name).hold?.hasPrefix("diskLow: ") == true)
        _ = try await scene.registry.retireDevice(
            scene.lamps[0].id,
            actor: "uid:ann",
            now: scene.now
        )
        scene.registry.hold.reservedBytes = 0
        try await scene.pulse(seconds: 2)
        #expect(try await scene.details(name).hold == nil)
        #expect(try await scene.counts(name).inFlight == 1)
    }

    @Test func `a disk that is full in the middle of a campaign loses nothing of it`() async throws
    {
        let scene = try await CampaignScene(40)
        let name = try await scene.begin(CampaignScene.plan())
        func limit(_ pages: Int) async throws {
            try await scene.registry.store.pool.writeWithoutTransaction { db in
                try db.execute(sql: "PRAGMA max_page_count = \(pages)")
            }
        }
        // SQLite keeps the pages that are in use already.
        try await limit(1)
        let error = try #require(
            await #expect(throws: RegistryError.self) {
                for _ in 0..<50 {
                    try await scene.pulse()
                    try await scene.answerNudges()
                }
            }
        )
        #expect(error.code == .diskFull)
        #expect(try scene.countsAreTrue())
        try await limit(1 << 30)
        for _ in 0..<4 {
            try await scene.pulse(seconds: 2)
            for index in scene.lamps.indices { try await scene.contact(index) }
        }
        #expect(try await scene.phase(name) == .finished)
        #expect(try await scene.epochs() == [UInt32](repeating: 2, count: 40))
        #expect(try await scene.registry.auditVerify().fault == nil)
    }
}
