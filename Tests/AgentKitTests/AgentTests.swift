import AgentKit
import KeyExchange
import KeyStore
import Secrets
import Testing

extension Agent.Ending {
    var word: String {
        switch self {
        case .stopped: "stopped"
        case .enrolled: "enrolled"
        case .retired: "retired"
        case .empty: "empty"
        case .refused(let problem): "refused \(problem.code)"
        case .timedOut: "timedOut"
        case .failed: "failed"
        }
    }
}

@Suite struct AgentTests {
    @Test func `a device enrols and has its keys in three messages`() async throws {
        let world = try World()
        await world.server.desire(payload, 1, 1)
        await world.server.desire(signing, 1, 2)
        let device = Device(world)
        #expect(try await device.enrol().word == "enrolled")
        let store = try device.open()
        #expect(lines(store) == ["payload 1 primary", "signing 1 primary"])
        #expect(store.device?.life == .enrolled && store.device?.token == nil)
        #expect(world.sent.count == 3)
        #expect(world.sent.allSatisfy { $0.topic.hasPrefix("latchkey/1/meadow/enrol/") })
        let account = try #require(await world.server.account)
        #expect(store.device?.account?.secret.isEqual(to: account.secret) == true)
    }

    @Test func `an enrolled device comes back by its name on its own topics`() async throws {
        let world = try World()
        let device = Device(world)
        _ = try await device.enrol()
        let before = world.sent.count
        await world.server.desire(payload, 1, 1)
        try await device.run { store, _ in
            #expect(await eventually { lines(store) == ["payload 1 primary"] })
        }
        let topics = world.sent.dropFirst(before).map(\.topic)
        #expect(Set(topics) == ["latchkey/1/meadow/device/lamp-1/up"])
        #expect(await world.server.devices.count == 1)
    }

    @Test func `a nudge brings a rotation, and the old key goes after its grace`() async throws {
        let world = try World()
        await world.server.desire(payload, 1, 1)
        let device = Device(world)
        _ = try await device.enrol()
        try await device.run { store, _ in
            #expect(await eventually { await world.server.reports.count == 2 })
            await world.server.desire(payload, 2, 2, grace: 1)
            world.nudge()
            #expect(await eventually { lines(store) == ["payload 1 grace", "payload 2 primary"] })
            #expect(await eventually { lines(store) == ["payload 2 primary"] })
        }
    }

    @Test func `grace begins anew at a restart`() async throws {
        let world = try World()
        await world.server.desire(payload, 1, 1)
        let device = Device(world)
        _ = try await device.enrol()
        await world.server.desire(payload, 2, 2, grace: 1)
        try await device.run { store, _ in
            #expect(await eventually { lines(store) == ["payload 1 grace", "payload 2 primary"] })
        }
        try await device.run { store, _ in
            #expect(lines(store) == ["payload 1 grace", "payload 2 primary"])
            #expect(await eventually { lines(store) == ["payload 2 primary"] })
        }
    }

    @Test func `a run enrols first if that was not done`() async throws {
        let world = try World()
        await world.server.desire(payload, 1, 1)
        let device = Device(world)
        try device.begin()
        try await device.run { store, _ in
            #expect(await eventually { lines(store) == ["payload 1 primary"] })
            #expect(await eventually { await world.server.reports.count == 2 })
        }
    }

    @Test func `a pre-registered device sends no proof`() async throws {
        let world = try World(token: false)
        let device = Device(world)
        #expect(try await device.enrol().word == "enrolled")
    }

    @Test func `a contact comes now and then without a reason`() async throws {
        let world = try World()
        var timings = quick()
        timings.contactInterval = .milliseconds(50)
        let device = Device(world, timings: timings)
        _ = try await device.enrol()
        try await device.run { _, _ in
            #expect(await eventually { await world.server.reports.count >= 5 })
        }
    }

    @Test func `without a bundle there is nothing to run`() async throws {
        let device = Device(try World())
        #expect(try await device.run().word == "empty")
    }
}

@Suite struct RetirementTests {
    @Test func `a retired device destroys its keys, sends its receipt and ends`() async throws {
        let world = try World()
        await world.server.desire(payload, 1, 1)
        let device = Device(world)
        _ = try await device.enrol()
        try await world.server.retire(.device, counter: 1)
        let store = try device.open()
        #expect(await device.agent(store).run(until: .end).word == "retired")
        #expect(store.keys.isEmpty && store.device?.life == .retired)
        #expect(store.device?.privateKey == nil)
        let receipt = try #require(await world.server.receipt)
        let thumbprint = Thumbprint(of: material(1, count: 32).secret, crypto: crypto)
        #expect(receipt.destroyed.map(\.thumbprint) == [thumbprint] && receipt.counter == 1)
        #expect(await device.agent(store).run(until: .end).word == "retired")
        #expect(await device.agent(store).run(until: .enrolment).word == "retired")
    }

    @Test func `a receipt that was lost is sent again by the next process`() async throws {
        let world = try World()
        await world.server.desire(payload, 1, 1)
        let device = Device(world)
        _ = try await device.enrol()
        try await world.server.retire(.device, counter: 1)
        // Nothing after message_4 arrives.
        let server = world.server
        world.setFate { topic, number in topic.hasSuffix("/up") && number > 10 ? .drop : .pass }
        try await device.run { store, _ in
            #expect(await eventually { store.device?.life == .retiring })
        }
        #expect(await server.receipt == nil)
        world.setFate { _, _ in .pass }
        let store = try device.open()
        #expect(await device.agent(store).run(until: .end).word == "retired")
        #expect(await server.receipt?.destroyed.count == 1)
    }

    @Test func `some keys can be retired while the device goes on`() async throws {
        let world = try World()
        await world.server.desire(payload, 1, 1)
        let device = Device(world)
        _ = try await device.enrol()
        try await world.server.retire(.keys([payload]), counter: 1)
        try await device.run { store, _ in
            #expect(await eventually { await world.server.receipt != nil })
            #expect(store.keys.isEmpty && store.device?.life == .enrolled)
        }
    }
}
