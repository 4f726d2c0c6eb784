import AgentKit
import Glibc
import KeyExchange
import KeyStore
import Testing

@Suite struct LeaseTests {
    let world: World
    let device: Device

    init() throws {
        world = try World()
        device = Device(world)
    }

    private func silence() throws -> Duration? {
        let record = try #require(try device.open().device)
        return LastWord.silence(in: device.runtime.path, of: record)
    }

    @Test func `a lease ends without the server, and its word renews it`() async throws {
        await world.server.desire(payload, 1, 1, lease: 1)
        try device.begin()
        try await device.run { store, _ in
            #expect(await eventually { lines(store) == ["payload 1 primary"] })
            #expect(await eventually { device.log.count("a lease is over") == 1 })
            world.nudge()
            #expect(await eventually { device.log.count("a lease is renewed") == 1 })
            #expect(lines(store) == ["payload 1 primary"])
        }
        #expect(try silence() != nil)
    }

    @Test func `a refusal renews nothing`() async throws {
        await world.server.desire(payload, 1, 1, lease: 1)
        try device.begin()
        try await device.run { _, _ in
            #expect(await eventually { device.log.count("settled") >= 2 })
            await world.server.refuse(Problem(.deviceQuarantined))
            world.nudge()
            #expect(await eventually { device.log.count("the server refuses") >= 1 })
            let renewed = device.log.count("a lease is renewed")
            #expect(await eventually { device.log.count("a lease is over") == renewed + 1 })
            world.nudge()
            #expect(await eventually { device.log.count("the server refuses") >= 2 })
            #expect(device.log.count("a lease is renewed") == renewed)
        }
    }

    @Test
    func `a restart knows when the server was heard, and a device without leases keeps nothing`()
        async throws
    {
        await world.server.desire(payload, 1, 1)
        _ = try await device.enrol()
        try await device.run { _, _ in
            #expect(await eventually { device.log.count("settled") >= 2 })
        }
        #expect(try silence() == nil)
        await world.server.desire(payload, 2, 2, lease: 3600)
        try await device.run { store, _ in
            #expect(await eventually { lines(store).contains("payload 2 primary") })
        }
        #expect(try silence() != nil)
        world.setUp(false)
        try await device.run { _, _ in
            #expect(await eventually { device.log.count("no connection") >= 1 })
        }
        #expect(device.log.count("a lease is over") == 0)
    }

    @Test func `nobody knows after a reboot, so a lease waits for the server`() async throws {
        await world.server.desire(payload, 1, 1, lease: 3600)
        _ = try await device.enrol()
        device.runtime.empty()
        world.setUp(false)
        try await device.run { _, _ in
            #expect(await eventually { device.log.count("a lease is over") == 1 })
            world.setUp(true)
            #expect(await eventually { device.log.count("a lease is renewed") == 1 })
        }
    }

    @Test func `a folder in memory that is not fit is told once, and used when it is`()
        async throws
    {
        await world.server.desire(payload, 1, 1, lease: 3600)
        try device.begin()
        unsafe chmod(device.runtime.path, 0o755)
        try await device.run { store, _ in
            #expect(await eventually { lines(store) == ["payload 1 primary"] })
            for next: UInt32 in 2...4 {
                await world.server.desire(payload, next, UInt8(next), lease: 3600)
                world.nudge()
                #expect(await eventually { lines(store).contains("payload \(next) primary") })
            }
            #expect(device.log.count("others may enter") == 1)
            unsafe chmod(device.runtime.path, 0o700)
            await world.server.desire(payload, 5, 5, lease: 3600)
            world.nudge()
            #expect(await eventually { lines(store).contains("payload 5 primary") })
        }
        #expect(try silence() != nil)
    }

    @Test func `suspend and resume reach the device`() async throws {
        await world.server.desire(payload, 1, 1)
        try device.begin()
        try await device.run { store, _ in
            #expect(await eventually { lines(store) == ["payload 1 primary"] })
            // The fake offers what is not in use; a real server does not rotate a suspended key.
            await world.server.satisfy()
            await world.server.say([Verdict(name: payload, action: .suspend(.first))])
            world.nudge()
            #expect(
                await eventually { lines(store) == ["payload 1 suspended"] },
                "\(device.log.all)"
            )
            await world.server.say([Verdict(name: payload, action: .resume(.first))])
            world.nudge()
            #expect(await eventually { lines(store) == ["payload 1 primary"] })
        }
    }
}
