import EDHOC
import Fleet
import KeyExchange
import Testing

@testable import Registry
@testable import ServerKit

@Suite struct WholeSessionTests {
    @Test func `a device enrols, and both sides hold the same key`() async throws {
        let scene = try await Scene()
        let lamp = try Lamp("lamp-1", at: scene, token: await scene.token())
        let settle = try lamp.settle(try await lamp.talk())
        #expect(settle.verdicts.count == 1)
        #expect(lamp.inShort == ["door 1 primary"])
        let details = try await scene.registry.device(lamp.id)
        #expect(details.keys.map(\.thumbprint) == lamp.materials)
        #expect(
            try await scene.kinds().suffix(3) == [.deviceEnrolled, .keyOffered, .keyActivated]
        )
        #expect(scene.counters.value(.handshakesStarted) == 1)
        #expect(scene.counters.value(.offers) == 1)
        #expect(scene.counters.value(.settlements) == 1)
        #expect(scene.counters.value(.handshakesFailed) == 0)
    }

    @Test func `the broker's account is of the password that the device derived`() async throws {
        let scene = try await Scene()
        let lamp = try Lamp("lamp-1", at: scene, token: await scene.token())
        try await lamp.enrol()
        let account = try #require(try await scene.registry.brokerAccounts().first)
        #expect(account.device == lamp.id)
        #expect(account.passwordHash.hasPrefix("$6$"))
        #expect(lamp.session.brokerPassword() != nil)
    }

    @Test func `an enrolled device comes again by its kid, and nothing is to be done`() async throws
    {
        let scene = try await Scene()
        let lamp = try Lamp("lamp-1", at: scene, token: await scene.token())
        try await lamp.enrol()
        try lamp.begin(byValue: false)
        let settle = try lamp.settle(try await lamp.talk())
        #expect(settle.verdicts.isEmpty)
        #expect(lamp.materials.count == 1)
    }

    @Test func `a retired device destroys its keys and says so`() async throws {
        let scene = try await Scene()
        let lamp = try Lamp("lamp-1", at: scene, token: await scene.token())
        try await lamp.enrol()
        _ = try await scene.registry.retireDevice(lamp.id, actor: "uid:root", now: Scene.now)
        try lamp.begin(byValue: false)
        _ = try lamp.settle(try await lamp.talk())
        #expect(lamp.inShort.isEmpty)
        #expect(try await scene.registry.device(lamp.id).device.state == .retired)
        #expect(scene.counters.value(.retirements) == 1)
    }

    @Test func `a device without a token is refused in words that it can trust`() async throws {
        let scene = try await Scene()
        let lamp = try Lamp("lamp-1", at: scene)
        guard case .refused(let problem) = try await lamp.talk() else {
            Issue.record("the device was not refused")
            return
        }
        #expect(problem.code == .unknownDevice)
        #expect(scene.counters.value(.refusals) == 1)
        #expect(try await scene.refusals().count == 1)
    }

    @Test func `devices that talk all at once do not disturb each other`() async throws {
        let scene = try await Scene()
        let token = try await scene.token(uses: 20)
        try await withThrowingTaskGroup { group in
            for number in 0..<20 {
                group.addTask {
                    let lamp = try Lamp("lamp-\(number)", at: scene, token: token)
                    try await lamp.enrol()
                    #expect(lamp.inShort == ["door 1 primary"])
                }
            }
            try await group.waitForAll()
        }
        #expect(scene.counters.value(.settlements) == 20)
        #expect(try await scene.registry.status(now: Scene.now).devices[.enrolled] == 20)
    }
}
