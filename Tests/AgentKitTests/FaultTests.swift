import AgentKit
import EDHOC
import KeyExchange
import KeyStore
import Secrets
import Synchronization
import Testing

/// Raised once.
private final class Flag: Sendable {
    private let isRaised = Mutex(false)

    /// Whether this call has raised it.
    func raise() -> Bool {
        isRaised.withLock { isRaised in
            defer { isRaised = true }
            return !isRaised
        }
    }
}

@Suite struct FaultTests {
    @Test(arguments: 1...8)
    func `any one message may be lost`(lost: Int) async throws {
        let world = try World()
        await world.server.desire(payload, 1, 1)
        world.setFate { _, number in number == lost ? .drop : .pass }
        let device = Device(world)
        #expect(try await device.enrol().word == "enrolled")
        #expect(try lines(device.open()) == ["payload 1 primary"])
        #expect(await world.server.devices.count == 1)
    }

    @Test func `a server with another identity than the bundle's is named as that`() async throws {
        let device = Device(try World())
        try device.begin(World(kid: Array(11...18)).bundle)
        try await device.run { _, _ in
            #expect(await eventually { device.log.count("renewed since the bundle was made") >= 1 })
        }
        #expect(try device.open().device?.life == .enrolling)
    }

    @Test func `every message may come twice`() async throws {
        let world = try World()
        await world.server.desire(payload, 1, 1)
        world.setFate { _, _ in .twice }
        let device = Device(world)
        #expect(try await device.enrol().word == "enrolled")
        #expect(try lines(device.open()) == ["payload 1 primary"])
        #expect(await world.server.settled == ["payload 1"])
    }

    @Test(arguments: 0..<3)
    func `one message in three may be lost for ever`(phase: Int) async throws {
        let world = try World()
        await world.server.desire(payload, 1, 1)
        world.setFate { _, number in number % 3 == phase ? .drop : .pass }
        let device = Device(world)
        #expect(try await device.enrol().word == "enrolled")
        try await device.run { store, agent in
            for number in 2...4 {
                await world.server.desire(payload, UInt32(number), UInt8(number), grace: 0)
                agent.contact()
                #expect(await eventually { lines(store) == ["payload \(number) primary"] })
            }
        }
    }

    @Test func `a lost message is sent again byte for byte`() async throws {
        let world = try World()
        world.setFate { _, number in number == 1 ? .drop : .pass }
        _ = try await Device(world).enrol()
        let sent = world.sent
        #expect(sent.count >= 2 && sent[0].payload == sent[1].payload)
    }

    @Test func `a server that forgot the session gets a new one`() async throws {
        let world = try World()
        await world.server.desire(payload, 1, 1)
        var timings = quick()
        timings.session = .milliseconds(300)
        let device = Device(world, timings: timings)
        let isDone = Flag()
        world.setFate { topic, number in
            // After message_2 the server is killed, once.
            if number == 2, isDone.raise() { Task { await world.server.forgetSessions() } }
            return .pass
        }
        #expect(try await device.enrol().word == "enrolled")
        #expect(await world.server.devices.count == 1)
    }

    @Test func `a broker that is down at the start is waited for`() async throws {
        let world = try World()
        world.setUp(false)
        let device = Device(world)
        try device.begin()
        try await device.run { store, _ in
            #expect(await eventually { device.log.count("no connection") == 1 })
            #expect(world.sent.isEmpty)
            world.setUp(true)
            #expect(await eventually { store.device?.life == .enrolled })
        }
    }

    @Test func `a broker that restarts in mid-session does not end it`() async throws {
        let world = try World()
        await world.server.desire(payload, 1, 1)
        let device = Device(world)
        _ = try await device.enrol()
        await world.server.desire(payload, 2, 2)
        world.setFate { _, _ in .drop }
        try await device.run { store, _ in
            #expect(await eventually { world.sent.count > 4 })
            world.setUp(false)
            world.setFate { _, _ in .pass }
            world.setUp(true)
            #expect(await eventually { lines(store).last == "payload 2 primary" })
        }
        #expect(device.log.count("session broke") == 0)
    }

    @Test func `garbage, retained and oversized payloads change nothing`() async throws {
        let world = try World()
        let device = Device(world)
        _ = try await device.enrol()
        let before = await world.server.reports.count
        try await device.run { store, _ in
            let down = "latchkey/1/\(fleet)/device/\(lamp)/down"
            for size in [0, 1, 30, 4096, 4097, 100_000] {
                world.deliver([UInt8](repeating: 0xf5, count: size), to: down)
            }
            world.deliver(world.sent[0].payload, to: down)
            world.nudge(isRetained: true)
            #expect(await eventually { device.log.count("settled") == 2 })
            try await Task.sleep(for: .milliseconds(100))
            #expect(store.device?.life == .enrolled)
        }
        #expect(await world.server.reports.count == before + 1)
    }

    @Test func `a retained message_2 is not taken`() async throws {
        let world = try World()
        let device = Device(world)
        try device.begin()
        world.setFate { topic, _ in topic.hasSuffix("/down") ? .drop : .pass }
        try await device.run { store, _ in
            #expect(await eventually { world.sent.count > 2 })
            let topic = String(world.sent[0].topic.dropLast(2)) + "down"
            let answer = await world.server.handle(world.sent[0].payload, from: world.sent[0].topic)
            world.setFate { _, _ in .pass }
            let sent = world.sent.count
            world.deliver(try #require(answer), to: topic, isRetained: true)
            try await Task.sleep(for: .milliseconds(10))
            #expect(Set(world.sent.dropFirst(sent).map(\.payload)).count <= 1)
        }
    }

    @Test func `a flood of nudges is not a flood of sessions`() async throws {
        let world = try World()
        var timings = quick()
        timings.nudgeBurst = 3
        let device = Device(world, timings: timings)
        _ = try await device.enrol()
        try await device.run { _, _ in
            #expect(await eventually { device.log.count("settled") == 2 })
            for _ in 0..<200 {
                world.nudge()
                try await Task.sleep(for: .milliseconds(2))
            }
        }
        // Two hundred nudges; a burst of three, and what a late machine lets through meanwhile.
        #expect(await world.server.reports.count <= 40)
    }

    @Test func `an account that the broker refuses for ever is renewed`() async throws {
        let world = try World()
        let device = Device(world)
        _ = try await device.enrol()
        let before = try #require(await world.server.account)
        world.refuseAccount(times: 6)
        try await device.run { store, _ in
            // By the enrolment's way once, and by the device's own afterwards.
            #expect(await eventually { await world.server.reports.count == 3 })
            let after = try #require(await world.server.account)
            #expect(after !== before)
            #expect(store.device?.account?.secret.isEqual(to: after.secret) == true)
        }
        #expect(await world.server.devices.count == 1)
    }

    @Test func `a few refusals are waited out`() async throws {
        let world = try World()
        let device = Device(world)
        _ = try await device.enrol()
        world.refuseAccount(times: 4)
        try await device.run { _, _ in
            #expect(await eventually { device.log.count("broker refuses") == 4 })
            try await Task.sleep(for: .milliseconds(50))
        }
        #expect(await world.server.reports.count == 1)
    }

    @Test func `a renewal that does not help is not repeated at the same pace`() async throws {
        let world = try World()
        let device = Device(world)
        _ = try await device.enrol()
        world.refuseAccount(times: 9, links: 2)
        try await device.run { _, _ in
            // Five refusals led to the first renewal; after it nine are too few for another.
            #expect(await eventually { device.log.count("broker refuses") == 5 + 9 })
            try await Task.sleep(for: .milliseconds(50))
            #expect(device.log.count("asking for a new account") == 1)
        }
    }

    @Test func `a server of the second suite alone is found at once`() async throws {
        let world = try World()
        await world.server.accept([2])
        await world.server.desire(payload, 1, 1)
        let device = Device(world)
        guard case .enrolled = try await device.enrol() else {
            Issue.record("not enrolled")
            return
        }
        #expect(await world.server.unsuited == 1)
        try await device.run { store, agent in
            #expect(await eventually { await world.server.reports.count == 2 })
            // Within one process the answer is remembered.
            agent.contact()
            #expect(await eventually { await world.server.reports.count == 3 })
            #expect(lines(store) == ["payload 1 primary"])
        }
        #expect(await world.server.unsuited == 2)
    }

    @Test func `a server that gets the better suite is heard again`() async throws {
        let world = try World()
        await world.server.accept([2])
        var timings = quick()
        timings.session = .seconds(1)
        let device = Device(world, timings: timings)
        _ = try await device.enrol()
        try await device.run { _, agent in
            #expect(await eventually { await world.server.reports.count >= 2 })
            await world.server.accept([3, 2])
            let before = await world.server.reports.count
            agent.contact()
            #expect(await eventually { await world.server.reports.count > before })
        }
    }

    @Test func `no common suite is tried again with growing pauses`() async throws {
        let world = try World()
        await world.server.accept([0])
        let device = Device(world)
        try device.begin()
        try await device.run { store, _ in
            #expect(await eventually { await world.server.unsuited > 2 })
            #expect(store.device?.life == .enrolling)
            await world.server.accept([3])
            #expect(await eventually { store.device?.life == .enrolled })
        }
    }

    @Test func `a device whose kid the server has forgotten introduces itself again`() async throws
    {
        // Registered by its public key, as the admin does after a restored backup.
        let world = try World(token: false)
        await world.server.desire(payload, 1, 1)
        let device = Device(world)
        _ = try await device.enrol()
        await world.server.forgetDevices()
        try await device.run { store, _ in
            #expect(await eventually { await world.server.devices.count == 1 })
            let account = try #require(await world.server.account)
            #expect(
                await eventually {
                    store.device?.account?.secret.isEqual(to: account.secret) == true
                }
            )
            #expect(await eventually { await world.server.reports.count == 3 })
            #expect(lines(store) == ["payload 1 primary"])
        }
    }

    @Test func `a device that nobody vouches for any more keeps its keys`() async throws {
        let world = try World()
        await world.server.desire(payload, 1, 1)
        let device = Device(world)
        _ = try await device.enrol()
        await world.server.forgetDevices()
        try await device.run { store, _ in
            // No token is left, so the introduction is refused; it is tried again all the same.
            #expect(await eventually { device.log.count("introducing it again") >= 2 })
            #expect(lines(store) == ["payload 1 primary"] && store.device?.life == .enrolled)
        }
    }

    @Test func `a stranger's server gets nothing`() async throws {
        let (world, other) = (try World(), try World())
        var timings = quick()
        timings.session = .milliseconds(200)
        timings.enrolmentLimit = .milliseconds(600)
        let device = Device(world, timings: timings)
        try device.begin(other.bundle)
        #expect(try await device.run(.enrolment).word == "timedOut")
        #expect(await world.server.reports.isEmpty)
        #expect(try device.open().device?.life == .enrolling)
    }
}

@Suite struct RefusalTests {
    @Test(arguments: [
        ProblemCode.tokenUnknown, .tokenExpired, .tokenUsedUp, .tokenProofWrong, .wrongGroup,
        .nameTaken, .deviceRetired, .unknownDevice,
    ])
    func `a refusal that lasts ends the enrolment with its code`(code: ProblemCode) async throws {
        let world = try World()
        await world.server.refuse(Problem(code))
        let device = Device(world)
        #expect(try await device.enrol().word == "refused \(code)")
        #expect(try device.open().device?.life == .enrolling)
        #expect(device.log.count("advice=") == 1)
    }

    @Test func `a server that is busy is asked again`() async throws {
        let world = try World()
        await world.server.refuse(Problem(.busy))
        let device = Device(world)
        try device.begin()
        try await device.run { store, _ in
            #expect(await eventually { await world.server.reports.count > 2 })
            await world.server.refuse(nil)
            #expect(await eventually { store.device?.life == .enrolled })
        }
    }

    @Test func `a device that is switched on before it is imported waits`() async throws {
        let world = try World(token: false)
        await world.server.refuse(Problem(.unknownDevice))
        let device = Device(world)
        try device.begin()
        try await device.run { store, _ in
            #expect(await eventually { await world.server.reports.count > 2 })
            await world.server.refuse(nil)
            #expect(await eventually { store.device?.life == .enrolled })
        }
    }

    @Test func `a device whose enrolment was cut short waits for the end of its quarantine`()
        async throws
    {
        let world = try World()
        await world.server.refuse(Problem(.deviceQuarantined))
        let device = Device(world)
        try device.begin()
        try await device.run { store, _ in
            #expect(await eventually { await world.server.reports.count > 2 })
            await world.server.refuse(nil)
            #expect(await eventually { store.device?.life == .enrolled })
        }
    }

    @Test func `an enrolled device keeps its keys through any refusal`() async throws {
        let world = try World()
        await world.server.desire(payload, 1, 1)
        let device = Device(world)
        _ = try await device.enrol()
        await world.server.refuse(Problem(.deviceQuarantined))
        try await device.run { store, _ in
            #expect(await eventually { device.log.count("deviceQuarantined") == 1 })
            #expect(lines(store) == ["payload 1 primary"])
        }
    }

    @Test func `a key with an epoch that was used is refused with its kind`() async throws {
        let world = try World()
        await world.server.desire(payload, 2, 1)
        let device = Device(world)
        _ = try await device.enrol()
        await world.server.desire(payload, 1, 9)
        try await device.run { store, _ in
            #expect(await eventually { await !world.server.failures.isEmpty })
            #expect(lines(store) == ["payload 2 primary"])
        }
        #expect(await world.server.failures.first == .unknownEpoch)
    }
}
