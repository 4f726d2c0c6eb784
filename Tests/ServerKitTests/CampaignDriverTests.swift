import Fleet
import KeyExchange
import Logging
import Registry
import ServiceLifecycle
import Synchronization
import Testing

@testable import ServerKit

@Suite struct CampaignDriverTests {
    @Test func `a campaign runs over real sessions to its end without anyone's help`() async throws
    {
        let scene = try await Scene()
        let token = try await scene.token()
        let lamps = try (0..<3).map { try Lamp("lamp-\($0)", at: scene, token: token) }
        for lamp in lamps { try await lamp.enrol() }
        try await scene.registry.outboxDone(scene.registry.takeOutbox(limit: 100).map(\.id))
        let plan = try CampaignPlan(
            name: CampaignName(parsing: "spring"),
            key: KeyName(parsing: "door"),
            target: Query(parsing: "group=lights"),
            pace: Pace(perMinute: 60_000),
            waves: [Wave(.count(1)), Wave(.rest, successPercent: 100)]
        )
        let driver = Task { try await scene.campaigns().run() }
        _ = try await scene.registry.createCampaign(plan, actor: "uid:ann", now: Scene.now)
        _ = try await scene.registry.startCampaign(plan.name, actor: "uid:ann", now: Scene.now)
        let isOver = try await becomes {
            let items = try await scene.registry.takeOutbox(limit: 100)
            for item in items {
                let lamp = try #require(lamps.first { $0.id == item.device })
                try lamp.begin(byValue: false)
                _ = try await lamp.talk()
            }
            try await scene.registry.outboxDone(items.map(\.id))
            let campaign = try await scene.registry.campaign(plan.name, now: Scene.now)
            return campaign.summary.state.phase == .finished
        }
        #expect(isOver)
        for lamp in lamps { #expect(lamp.inShort == ["door 1 grace", "door 2 primary"]) }
        driver.cancel()
        _ = try? await driver.value
    }

    @Test func `a second driver finds nothing left to do`() async throws {
        let scene = try await Scene()
        let lamp = try await Lamp("lamp-1", at: scene, token: scene.token())
        try await lamp.enrol()
        try await scene.registry.outboxDone(scene.registry.takeOutbox(limit: 100).map(\.id))
        let plan = try CampaignPlan(
            name: CampaignName(parsing: "spring"),
            key: KeyName(parsing: "door"),
            target: Query(parsing: "all"),
            pace: Pace(perMinute: 60)
        )
        _ = try await scene.registry.createCampaign(plan, actor: "uid:ann", now: Scene.now)
        _ = try await scene.registry.startCampaign(plan.name, actor: "uid:ann", now: Scene.now)
        let drivers = (0..<2).map { _ in Task { try await scene.campaigns().run() } }
        #expect(try await becomes { try await !scene.registry.takeOutbox(limit: 9).isEmpty })
        for driver in drivers {
            driver.cancel()
            _ = try? await driver.value
        }
        #expect(try await scene.registry.takeOutbox(limit: 9).count == 1)
    }
}

extension Scene {
    /// A driver whose clock goes on by itself.
    fileprivate func campaigns() -> CampaignDriver {
        let clock = Clock()
        return CampaignDriver(
            registry: registry,
            wallClock: { clock.next() },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            pace: .milliseconds(2)
        )
    }
}

/// A second for each look, behind the sessions' own clock: what it makes due is due for them.
private final class Clock: Sendable {
    private let seconds = Mutex(Scene.now - 1_000_000)

    func next() -> Int64 {
        seconds.withLock { seconds in
            seconds += 1
            return seconds
        }
    }
}
