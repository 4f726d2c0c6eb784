import Fleet
import KeyExchange
import Testing

@testable import Registry

/// How often a device comes of its own accord.
@Suite struct RhythmTests {
    private func rhythm(_ scene: CampaignScene) async throws -> Int64? {
        try await scene.registry.device(scene.lamps[0].id).device.contactInterval
    }

    private func come(_ scene: CampaignScene, after seconds: Int64) async throws {
        scene.now += seconds
        try await scene.contact(0)
    }

    @Test func `it is learned from its contacts, the newer ones more`() async throws {
        let scene = try await CampaignScene(1)
        #expect(try await rhythm(scene) == nil)
        try await come(scene, after: 0)
        let first = try #require(try await rhythm(scene))
        try await come(scene, after: 3600)
        #expect(try await rhythm(scene) == (first * 3 + 3600) / 4)
        for _ in 0..<40 { try await come(scene, after: 3600) }
        #expect(abs(try #require(try await rhythm(scene)) - 3600) <= 4)
    }

    @Test func `coming because of a nudge teaches nothing`() async throws {
        let scene = try await CampaignScene(1)
        for _ in 0..<40 { try await come(scene, after: 21_600) }
        let usual = try #require(try await rhythm(scene))
        for number in 0..<5 {
            scene.now += 60
            let name = try await scene.begin(CampaignScene.plan("c\(number)"))
            try await scene.pulse(seconds: 2)
            try await scene.answerNudges()
            try await scene.pulse(seconds: 2)
            #expect(try await scene.phase(name) == .finished)
        }
        #expect(try await rhythm(scene) == usual)
        // So an hour later it is not taken for silent.
        scene.now += 3600
        let outlook = try await scene.registry.planCampaign(
            CampaignScene.plan(deadline: scene.now + 86_400),
            now: scene.now
        )
        #expect(outlook.stranded.isEmpty)
    }

    @Test func `coming again at once, or with the clock set back, teaches nothing`() async throws {
        let scene = try await CampaignScene(1)
        for _ in 0..<5 { try await come(scene, after: 3600) }
        let usual = try await rhythm(scene)
        try await come(scene, after: 9)
        try await come(scene, after: -500_000)
        #expect(try await rhythm(scene) == usual)
    }
}
