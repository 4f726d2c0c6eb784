import Fleet
import GRDB
import KeyExchange
import Testing

@testable import Registry

@Suite struct CampaignCrashTests {
    @Test func `a server that dies at any statement of a campaign goes on with it`() async throws {
        var points = 0
        var deaths = 0
        // Coarser with each step: the beginning has every statement, the rest a sample.
        while points < 900 {
            let death = try await story(dyingAfter: points)
            guard death else { break }
            deaths += 1
            points += points < 20 ? 2 : points / 4
        }
        #expect(deaths > 15, "\(deaths) deaths")
    }

    /// A campaign of three waves over six lamps, one of which fails; whether the server died.
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
        for number in 0..<6 {
            var lamp = try FakeDevice("lamp-\(number)")
            _ = try await lamp.enrol(with: bundle, at: registry)
            lamps.append(lamp)
        }
        let plan = try CampaignScene.plan(
            waves: [Wave(.count(1)), Wave(.percent(50)), Wave(.rest)],
            maximumInFlight: 2
        )
        _ = try await registry.createCampaign(plan, actor: "uid:ann", now: Home.now)
        _ = try await registry.startCampaign(plan.name, actor: "uid:ann", now: Home.now)
        fuse.light(points)
        var now = Home.now
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
        }
        let details = try await registry.campaign(plan.name, now: now)
        #expect(details.summary.state.phase == .finished, "after \(points)")
        #expect(details.summary.counts[.settled] == 6, "after \(points)")
        #expect(details.summary.counts.waves.map(\.total) == [1, 3, 2], "after \(points)")
        for lamp in lamps {
            let keys = try await registry.keys(of: lamp)
            #expect(keys == ["door 1 superseded", "door 2 active"], "after \(points)")
            #expect(lamp.inShort == ["door 1 grace", "door 2 primary"], "after \(points)")
        }
        #expect(try await registry.auditVerify().fault == nil)
        let finished = try await registry.auditList(AuditFilter(kind: .campaignFinished))
        #expect(finished.count == 1, "after \(points)")
        await registry.close()
        return hasDied
    }

    @Test func `a target is listed on from where the server died`() async throws {
        let home = try Home()
        do { _ = try await home.lights() }
        let fuse = Fuse()
        let count = 1700
        func open() throws -> Registry {
            try Registry.open(
                folder: home.data,
                rootKey: .file(home.keyFile),
                crypto: home.crypto,
                faults: { fuse.reach($0) }
            )
        }
        var registry = try open()
        try await registry.populate(count)
        let plan = try CampaignScene.plan(waves: [Wave(.count(7)), Wave(.rest)])
        _ = try await registry.createCampaign(plan, actor: "uid:ann", now: Home.now)
        _ = try await registry.startCampaign(plan.name, actor: "uid:ann", now: Home.now)
        var deaths = 0
        for round in 0..<200 {
            fuse.light(round < 12 ? 300 + round * 90 : .max)
            do {
                while try await registry.pulseCampaigns(now: Home.now + 1).hasMore {}
                break
            } catch {
                guard fuse.takeIsBurnt() else { throw error }
                deaths += 1
                await registry.close()
                registry = try open()
            }
        }
        #expect(deaths >= 6)
        let counts = try await registry.campaign(plan.name, now: Home.now).summary.counts
        #expect(counts.waves.map(\.total) == [7, count - 7])
        await registry.close()
    }
}

extension Registry {
    /// Devices that hold the key `door`, written straight into the database.
    func populate(_ count: Int) async throws {
        try await store.pool.write { db in
            try db.execute(
                sql: """
                    WITH RECURSIVE number (n) AS (
                        SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < ?)
                    INSERT INTO device (name, group_id, state, public_key, created_at, last_seen,
                        order_counter, contact_interval)
                    SELECT 'p-' || n, 1, 2, CAST('key ' || n AS BLOB), ?, ?, 0, 3600 FROM number
                    """,
                arguments: [count, Home.now, Home.now]
            )
            try db.execute(
                sql: """
                    INSERT INTO device_key (device_id, name, epoch, state, thumbprint, created_at,
                        changed_at)
                    SELECT id, 'door', 1, 3, zeroblob(32), ?, ? FROM device
                    WHERE name LIKE 'p-%'
                    """,
                arguments: [Home.now, Home.now]
            )
        }
    }
}
