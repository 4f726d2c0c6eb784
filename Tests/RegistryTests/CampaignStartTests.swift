import Fleet
import KeyExchange
import Testing

@testable import Registry

@Suite struct CampaignStartTests {
    private func refusal(_ scene: CampaignScene, _ name: CampaignName) async throws -> String {
        let error = try #require(
            await #expect(throws: RegistryError.self) {
                try await scene.registry.startCampaign(name, actor: "uid:ann", now: scene.now)
            }
        )
        #expect(error.code == .conflict)
        return error.detail
    }

    @Test func `a group whose devices are all retired is no target, and the draft stays one`()
        async throws
    {
        let scene = try await CampaignScene(2)
        for lamp in scene.lamps {
            _ = try await scene.registry.retireDevice(lamp.id, actor: "uid:ann", now: scene.now)
        }
        let plan = try CampaignScene.plan()
        _ = try await scene.registry.createCampaign(plan, actor: "uid:ann", now: scene.now)
        #expect(
            try await refusal(scene, plan.name)
                == "the target is empty: no enrolled device matches \"group = lights\" and has key door"
        )
        #expect(try await scene.phase(plan.name) == .draft)
        #expect(try await scene.details(plan.name).summary.state.revision == 0)
        #expect(
            try await scene.registry.planCampaign(plan.name, now: scene.now).forecast.total == 0
        )
    }

    @Test func `a campaign that is over is told apart from one without devices`() async throws {
        let scene = try await CampaignScene(0)
        let plan = try CampaignScene.plan()
        _ = try await scene.registry.createCampaign(plan, actor: "uid:ann", now: scene.now)
        _ = try await scene.registry.cancelCampaign(plan.name, actor: "uid:ann", now: scene.now)
        #expect(try await refusal(scene, plan.name) == "cannot start: the campaign is cancelled")
    }

    @Test func `a draft whose deadline has passed is not started`() async throws {
        let scene = try await CampaignScene(1)
        let plan = try CampaignScene.plan(deadline: scene.now + 60)
        _ = try await scene.registry.createCampaign(plan, actor: "uid:ann", now: scene.now)
        scene.now += 61
        #expect(try await refusal(scene, plan.name).contains("is past: it is "))
    }
}
