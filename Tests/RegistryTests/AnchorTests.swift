import EDHOC
import Fleet
import Foundation
import GRDB
import KeyExchange
import MbedCrypto
import Testing

@testable import Registry

@Suite struct AnchorTests {
    private let home: Home

    init() throws { home = try Home() }

    /// Enrolled devices with agents that know of generations.
    private func lamps(_ count: Int, at registry: Registry) async throws -> [FollowingDevice] {
        let bundle = try await registry.bundle(uses: 100)
        var lamps: [FollowingDevice] = []
        for number in 1...count {
            var lamp = try FollowingDevice("lamp-\(number)", at: registry)
            try await lamp.enrol(with: bundle)
            lamps.append(lamp)
        }
        return lamps
    }

    @Test func `a fleet follows to a new generation, and nobody is cut off`() async throws {
        let registry = try await home.lights()
        var lamps = try await lamps(3, at: registry)
        let entry = try await registry.announceAnchor(actor: "a", now: 5)
        #expect(entry.generation == 2 && entry.state == .announced)
        #expect(registry.anchor(answering: nil)?.generation == 1)
        #expect(registry.anchor(answering: 2)?.generation == 2)
        for index in lamps.indices {
            try await lamps[index].talk()
            #expect(lamps[index].pinned == [1, 2])
        }
        // They know it, and none has shown yet that it is of use to them.
        #expect(try await registry.anchorOverview(now: 6).stragglers == 3)
        for index in lamps.indices { try await lamps[index].talk() }
        let overview = try await registry.anchorOverview(now: 6)
        #expect(overview.entries.map(\.covered) == [3, 3] && overview.stragglers == 0)
        let switched = try await registry.switchAnchor(actor: "a", now: 7)
        #expect(switched.state == .current && switched.generation == 2)
        #expect(registry.anchor(answering: 1) == nil)
        #expect(registry.anchor(answering: nil)?.generation == 2)
        for index in lamps.indices { try await lamps[index].talk() }
        #expect(try await registry.stragglers().isEmpty)
        let kinds = try await registry.kinds()
        #expect(kinds.count { $0 == .anchorAnnounced } == 1)
        #expect(kinds.count { $0 == .anchorSwitched } == 1)
        #expect(try await registry.auditVerify().fault == nil)
    }

    @Test func `the identity key of a generation out of use is destroyed`() async throws {
        let registry = try await home.lights()
        _ = try await registry.announceAnchor(actor: "a", now: 1)
        _ = try await registry.switchAnchor(actor: "a", now: 2)
        #expect(
            try home.number(
                "SELECT COUNT(*) FROM anchor WHERE generation = 1 AND sealed_identity IS NULL"
            ) == 1
        )
    }

    @Test func `a switch is refused with the numbers until the fleet has followed`() async throws {
        let registry = try await home.lights()
        var lamps = try await lamps(4, at: registry)
        await #expect(throws: RegistryError.self) {
            try await registry.switchAnchor(actor: "a", now: 1)
        }
        _ = try await registry.announceAnchor(actor: "a", now: 1)
        for index in 0..<3 {
            for _ in 1...2 { try await lamps[index].talk() }
        }
        let refusal = await refusal { try await registry.switchAnchor(actor: "a", now: 1) }
        #expect(refusal?.code == .conflict)
        #expect(refusal?.detail.contains("3 of 4 devices") == true)
        #expect(refusal?.detail.contains("100 percent") == true)
        #expect(try await registry.stragglers().map(\.id) == [lamps[3].id])
        _ = try await registry.setPolicy("anchorCoverage", to: "76", actor: "a", now: 1)
        #expect(await self.refusal { try await registry.switchAnchor(actor: "a", now: 1) } != nil)
        _ = try await registry.setPolicy("anchorCoverage", to: "75", actor: "a", now: 1)
        #expect(try await registry.switchAnchor(actor: "a", now: 1).generation == 2)
    }

    @Test(arguments: [0, 1, 3, -1])
    func `whoever cuts devices off has to name how many`(wrong: Int) async throws {
        let registry = try await home.lights()
        _ = try await lamps(2, at: registry)
        _ = try await registry.announceAnchor(actor: "a", now: 1)
        let refusal = await refusal {
            try await registry.switchAnchor(stranding: wrong, actor: "a", now: 1)
        }
        #expect(refusal?.detail.contains("2 would have to enrol again, not \(wrong)") == true)
        #expect(registry.anchor(answering: 1) != nil)
        _ = try await registry.switchAnchor(stranding: 2, actor: "a", now: 1)
        #expect(registry.anchor(answering: 1) == nil)
        let row = try await registry.auditList(AuditFilter(kind: .anchorSwitched))[0]
        #expect(row.event.details["stranded"] == "2")
    }

    @Test func `a number that is wrong is refused even when the coverage would do`() async throws {
        let registry = try await home.lights()
        _ = try await registry.announceAnchor(actor: "a", now: 1)
        let refusal = await refusal {
            try await registry.switchAnchor(stranding: 1, actor: "a", now: 1)
        }
        #expect(refusal?.code == .conflict)
    }

    @Test func `an old agent goes on over an announcement, and blocks the switch by name`()
        async throws
    {
        let registry = try await home.lights()
        var old = try FakeDevice("old-lamp")
        _ = try await old.enrol(with: registry.bundle(), at: registry)
        var lamps = try await lamps(1, at: registry)
        _ = try await registry.announceAnchor(actor: "a", now: 1)
        for _ in 1...2 { try await lamps[0].talk() }
        let answer = try await registry.reconcile(old.contact())
        #expect(answer.settle?.anchor == nil && answer.settle?.verdicts == [])
        _ = try await registry.rotate(.device(old.id), key: nil, actor: "a", now: 1)
        _ = try await old.talk(to: registry)
        #expect(old.inShort.contains("door 2 primary"))
        let stragglers = try await registry.stragglers()
        #expect(stragglers.map(\.id) == [old.id])
        #expect(stragglers.map(\.pinned) == [nil] && stragglers.map(\.anchor) == [1])
        #expect(stragglers[0].lastSeen == Home.now)
        #expect(await refusal { try await registry.switchAnchor(actor: "a", now: 1) } != nil)
        // Retired, it no longer counts.
        _ = try await registry.retireDevice(old.id, actor: "a", now: 1)
        #expect(try await registry.switchAnchor(actor: "a", now: 1).generation == 2)
    }

    @Test func `a device in quarantine counts as one that a switch would cut off`() async throws {
        let registry = try await home.lights()
        let lamps = try await lamps(1, at: registry)
        _ = try await registry.quarantineDevice(lamps[0].id, actor: "a", now: 1)
        _ = try await registry.announceAnchor(actor: "a", now: 1)
        #expect(try await registry.stragglers().map(\.state) == [.quarantined])
        #expect(await refusal { try await registry.switchAnchor(actor: "a", now: 1) } != nil)
    }

    @Test func `a device two generations behind follows in one step`() async throws {
        let registry = try await home.lights()
        var lamps = try await lamps(1, at: registry)
        _ = try await registry.announceAnchor(actor: "a", now: 1)
        _ = try await registry.announceAnchor(actor: "a", now: 1)
        try await lamps[0].talk()
        #expect(lamps[0].pinned == [1, 3])
        try await lamps[0].talk()
        #expect(try await registry.switchAnchor(actor: "a", now: 1).generation == 3)
        let overview = try await registry.anchorOverview(now: 1)
        #expect(overview.entries.map(\.state) == [.retired, .retired, .current])
    }

    @Test func `at most three generations wait for their switch`() async throws {
        let registry = try await home.lights()
        for _ in 1...3 { _ = try await registry.announceAnchor(actor: "a", now: 1) }
        let refusal = await refusal { try await registry.announceAnchor(actor: "a", now: 1) }
        #expect(refusal?.code == .conflict)
        #expect(refusal?.detail.contains("2, 3, 4") == true)
    }

    @Test func `a device is nudged once to show that it follows, and not for ever`() async throws {
        let registry = try await home.lights()
        var lamps = try await lamps(1, at: registry)
        try await registry.outboxDone(registry.takeOutbox(limit: 100).map(\.id))
        _ = try await registry.announceAnchor(actor: "a", now: 1)
        // One that can make nothing of the announcement.
        lamps[0].isDeaf = true
        for _ in 1...5 { try await lamps[0].talk() }
        let outbox = try await registry.takeOutbox(limit: 100)
        #expect(outbox.map(\.kind) == [.nudge] && outbox.map(\.device) == [lamps[0].id])
        #expect(try await registry.stragglers().map(\.pinned) == [1])
    }

    @Test func `a device without a command key is given the one of its server first`() async throws
    {
        let registry = try await home.lights()
        var lamp = try FollowingDevice("lamp-1", at: registry, pinned: [])
        try await lamp.enrol(with: registry.bundle())
        #expect(lamp.pinned == [1])
        _ = try await registry.announceAnchor(actor: "a", now: 1)
        try await lamp.talk()
        #expect(lamp.pinned == [1, 2])
    }

    @Test func `the announcement comes with the end of a rotation, too`() async throws {
        let registry = try await home.lights()
        var lamps = try await lamps(1, at: registry)
        _ = try await registry.announceAnchor(actor: "a", now: 1)
        _ = try await registry.rotate(.device(lamps[0].id), key: nil, actor: "a", now: 1)
        try await lamps[0].talk()
        #expect(lamps[0].device.inShort == ["door 1 grace", "door 2 primary"])
        #expect(lamps[0].pinned == [1, 2])
    }

    @Test func `bundles that a switch makes useless are counted`() async throws {
        let registry = try await home.lights()
        _ = try await registry.bundle()
        _ = try await registry.bundle(expiresAt: Home.now + 5)
        try await registry.revokeBundle(registry.bundle().bundle.id, actor: "a", now: 1)
        #expect(try await registry.anchorOverview(now: Home.now).openBundles == 0)
        _ = try await registry.announceAnchor(actor: "a", now: 1)
        _ = try await registry.bundle()
        #expect(try await registry.anchorOverview(now: Home.now).openBundles == 2)
        #expect(try await registry.anchorOverview(now: Home.now + 6).openBundles == 1)
    }

    @Test func `stragglers are listed by name in pages, whatever generation they are at`()
        async throws
    {
        let registry = try await home.lights()
        var lamps = try await lamps(6, at: registry)
        _ = try await registry.announceAnchor(actor: "a", now: 1)
        for index in [1, 3, 5] {
            for _ in 1...2 { try await lamps[index].talk() }
        }
        _ = try await registry.announceAnchor(actor: "a", now: 1)
        var names: [String] = []
        var after: DeviceID?
        while case let page = try await registry.stragglers(after: after, limit: 2), !page.isEmpty {
            names += page.map(\.id.description)
            after = page.last?.id
        }
        #expect(names == (1...6).map { "lamp-\($0)" })
        #expect(try await registry.stragglers().map(\.anchor) == [1, 2, 1, 2, 1, 2])
    }

    private func refusal<Value>(
        _ body: () async throws -> Value
    ) async -> RegistryError? {
        do {
            _ = try await body()
            return nil
        } catch {
            return error as? RegistryError
        }
    }
}
