import AgentKit
import EDHOC
import Glibc
import KeyExchange
import KeyStore
import MbedCrypto
import Synchronization
import Testing

@Suite struct OrderTests {
    let world: World
    let device: Device

    init() throws {
        world = try World()
        device = Device(world)
    }

    private func order(
        _ counter: UInt64,
        _ scope: RetireScope = .device,
        device: DeviceID = lamp,
        fleet: FleetID = fleet,
        expires: UInt64? = nil,
        by key: (any SigningKey)? = nil
    ) throws -> [UInt8] {
        try Order.sign(
            Order(
                fleet: fleet,
                device: device,
                operation: try OperationID(crypto: crypto),
                counter: counter,
                scope: scope,
                issuedAt: 1_700_000_000,
                expiresAt: expires
            ),
            with: key ?? world.commandKey
        )
    }

    /// Runs a lamp that holds `payload` 1 and `signing` 1 and has settled on its own account.
    private func live(_ body: (KeyStore, Agent) async throws -> Void) async throws {
        await world.server.desire(payload, 1, 1)
        await world.server.desire(signing, 1, 2)
        _ = try await device.enrol()
        try await device.run { store, agent in
            #expect(await eventually { device.log.count("settled with the server") >= 2 })
            try await body(store, agent)
        }
    }

    @Test func `an order without a server ends with no key, and waits for the receipt`()
        async throws
    {
        try await live { store, _ in
            // Nothing but the broker answers from here on.
            world.setFate { topic, _ in topic.hasSuffix("/up") ? .drop : .pass }
            world.order(try order(3))
            #expect(await eventually { store.device?.life == .retiring })
            #expect(store.keys.isEmpty && store.device?.order == 3)
        }
        #expect(device.log.count("an order is obeyed") == 1)
        // The server comes back, and gets the receipt of the same counter.
        world.setFate { _, _ in .pass }
        try await world.server.retire(.device, counter: 3)
        guard case .retired = try await device.run(.enrolment) else {
            Issue.record("not retired")
            return
        }
        #expect(await world.server.receipt?.destroyed.map(\.name) == [payload, signing])
        #expect(await world.server.reports.last?.lastOrder == 3)
        #expect(try device.open().device?.privateKey == nil)
    }

    @Test func `an order for one key leaves the others, and is obeyed once`() async throws {
        try await live { store, _ in
            await world.server.satisfy()
            let payload = try order(1, .keys([payload]))
            for _ in 0..<3 { world.order(payload) }
            #expect(await eventually { lines(store) == ["signing 1 primary"] })
            #expect(await eventually { device.log.count("was obeyed, or replaced") >= 1 })
            #expect(store.device?.life == .enrolled && store.device?.order == 1)
        }
        #expect(device.log.count("an order is obeyed") == 1)
        // The next start sees the retained message again.
        try await device.run { store, _ in
            world.order(try order(1, .keys([signing])))
            #expect(await eventually { device.log.count("was obeyed, or replaced") >= 2 })
            #expect(lines(store) == ["signing 1 primary"])
        }
    }

    @Test func `forged, misdirected and old orders change nothing, and are said once`() async throws
    {
        try await live { store, _ in
            let stranger = try crypto.generateSigningKey(.es256)
            let good = try order(9)
            var flipped = good
            flipped[flipped.count - 1] ^= 1
            let bad: [[UInt8]] = [
                try order(9, by: stranger), flipped, Array(good.dropLast()), good + [0], [0x84],
                try order(9, device: DeviceID(checked: "lamp-2")),
                try order(9, fleet: FleetID(checked: "valley")),
                // The server said 1,800,000,000 in its last word.
                try order(9, expires: 1_799_999_999), try order(9, expires: 1_800_000_000), [],
                [UInt8](repeating: 0, count: Order.maximumLength + 1),
            ]
            for payload in bad { world.order(payload) }
            #expect(await eventually { device.log.count("an order is refused") >= 7 })
            #expect(lines(store) == ["payload 1 primary", "signing 1 primary"])
            #expect(store.device?.order == 0)
            // One that ends later than the server's last word is good.
            world.order(try order(9, expires: 1_800_000_001))
            #expect(await eventually { store.keys.isEmpty })
        }
        let warned = device.log.all.filter {
            $0.contains("level=warning msg=\"an order is refused")
        }
        #expect(
            warned.count
                == Set(warned.map { $0.split(separator: " ").first { $0.hasPrefix("kind=") } })
                .count
        )
    }

    @Test func `a restored server may give a counter out twice, and no order is obeyed twice`()
        async throws
    {
        try await live { store, agent in
            await world.server.satisfy()
            let first = try order(1, .keys([payload]))
            world.order(first)
            #expect(await eventually { lines(store) == ["signing 1 primary"] })
            // From the backup it goes on with a key of the same name, and the broker with its old order.
            await world.server.desire(payload, 2, 3)
            agent.contact()
            #expect(
                await eventually { lines(store) == ["payload 2 primary", "signing 1 primary"] }
            )
            world.order(try order(1, .keys([signing])))
            #expect(await eventually { lines(store) == ["payload 2 primary"] })
            world.order(first)
            world.order(try order(1))
            #expect(await eventually { store.device?.life == .retiring })
            #expect(store.keys.isEmpty)
        }
        #expect(device.log.count("an order is obeyed") == 3)
        #expect(device.log.count("was obeyed, or replaced") == 1)
    }

    @Test func `a server whose clock was ahead is believed again`() async throws {
        try await live { store, agent in
            for time in [UInt64(2_180_000_000), 1_800_000_000] {
                await world.server.setTime(time)
                agent.contact()
                #expect(await eventually { store.serverTime == time })
            }
            world.order(try order(1, .keys([payload]), expires: 1_900_000_000))
            #expect(await eventually { lines(store) == ["signing 1 primary"] })
        }
        #expect(device.log.count("an order is refused") == 0)
    }

    @Test func `an order that a wrong clock ended is obeyed when the clock is right`() async throws
    {
        try await live { store, agent in
            await world.server.setTime(2_180_000_000)
            agent.contact()
            #expect(await eventually { store.serverTime == 2_180_000_000 })
            world.order(try order(1, .device, expires: 1_900_000_000))
            #expect(await eventually { device.log.count("kind=expired") == 1 })
            await world.server.setTime(1_800_000_000)
            agent.contact()
            #expect(await eventually { store.keys.isEmpty })
        }
    }

    @Test func `a flood of orders is thinned, and the right one gets through when it comes again`()
        async throws
    {
        try await live { store, _ in
            let stranger = try crypto.generateSigningKey(.es256)
            for number in 1...200 { world.order(try order(UInt64(number), by: stranger)) }
            let right = try order(1)
            let isObeyed = await eventually {
                world.order(right)
                return store.keys.isEmpty
            }
            #expect(isObeyed)
            #expect(device.log.count("an order is refused") < 50)
        }
    }

    @Test(arguments: 0..<10)
    func `an order on a disk that takes nothing is obeyed when there is room`(
        point: Int
    ) async throws {
        let left = Mutex<Int?>(nil)
        device.setFaults { _ in
            left.withLock { left in
                guard let count = left else { return nil }
                guard count > 0 else { return ENOSPC }
                left = count - 1
                return nil
            }
        }
        try await live { store, _ in
            world.setFate { topic, _ in topic.hasSuffix("/up") ? .drop : .pass }
            left.withLock { $0 = point }
            world.order(try order(5))
            let isFull = await eventually {
                device.log.count("an order can't be obeyed yet") >= 1 || store.keys.isEmpty
            }
            #expect(isFull)
            left.withLock { $0 = nil }
            #expect(await eventually { store.keys.isEmpty && store.device?.life == .retiring })
        }
        device.setFaults { _ in nil }
        let store = try device.open()
        #expect(store.keys.isEmpty && store.device?.order == 5)
    }

    @Test func `a device of an old bundle obeys no order before it has a command key`() async throws
    {
        let world = try World(isOld: true)
        let device = Device(world)
        await world.server.desire(payload, 1, 1)
        _ = try device.begin()
        try await device.run { store, agent in
            #expect(await eventually { device.log.count("settled with the server") >= 2 })
            let order = try Order.sign(
                Order(
                    fleet: fleet,
                    device: lamp,
                    operation: try OperationID(crypto: crypto),
                    counter: 1,
                    scope: .device,
                    issuedAt: 1,
                    expiresAt: nil
                ),
                with: world.commandKey
            )
            world.order(order)
            #expect(await eventually { device.log.count("kind=noCommandKey") == 1 })
            #expect(lines(store) == ["payload 1 primary"])
            let first = Anchor(
                generation: 1,
                fleet: fleet,
                server: world.bundle.server,
                commandKey: world.commandKey.publicKey
            )
            await world.server.announce(try Anchor.announce(first, signedBy: world.commandKey))
            agent.contact()
            #expect(await eventually { store.device?.newestAnchor.generation == 1 })
            await world.server.announce(nil)
            world.order(order)
            #expect(await eventually { store.keys.isEmpty })
        }
    }
}

@Suite struct AnchorRotationTests {
    let world: World
    let device: Device
    let key: any AgreementKey
    let second: Anchor

    init() throws {
        world = try World()
        device = Device(world)
        key = try crypto.generateAgreementKey(.p256)
        let ccs = CCS.encode(
            subject: nil,
            kid: Array(11...18),
            curve: .p256,
            publicKey: key.publicKey
        )
        second = Anchor(
            generation: 2,
            fleet: fleet,
            server: try Credential(ccs: ccs, sentByValue: false),
            commandKey: try crypto.generateSigningKey(.es256).publicKey
        )
    }

    private func generations(_ store: KeyStore) -> [UInt32] {
        store.device?.anchors.map(\.generation) ?? []
    }

    @Test func `an announcement is pinned, used, and the old one found again`() async throws {
        await world.server.desire(payload, 1, 1)
        await world.server.announce(try Anchor.announce(second, signedBy: world.commandKey))
        try device.begin()
        try await device.run { store, agent in
            #expect(await eventually { generations(store) == [1, 2] })
            await world.server.announce(nil)
            // Switched: only those who name the second generation are answered.
            await world.server.take(2, second.server, key)
            await world.server.setSwitched(true)
            await world.server.desire(payload, 2, 2)
            agent.contact()
            #expect(await eventually { lines(store).contains("payload 2 primary") })
            #expect(await world.server.reports.last?.anchor == 2)
            // Restored from before the announcement: only the first is known.
            await world.server.forgetNext()
            await world.server.setSwitched(false)
            await world.server.desire(payload, 3, 3)
            agent.contact()
            #expect(await eventually { lines(store).contains("payload 3 primary") })
            // And forth.
            await world.server.take(2, second.server, key)
            await world.server.setSwitched(true)
            await world.server.desire(payload, 4, 4)
            agent.contact()
            #expect(await eventually { lines(store).contains("payload 4 primary") })
            #expect(generations(store) == [1, 2])
        }
        // The next start begins with the newest.
        let failures = device.log.count("the session broke")
        let reports = await world.server.reports.count
        try await device.run { _, _ in
            #expect(await eventually { await world.server.reports.count > reports })
        }
        #expect(device.log.count("the session broke") == failures)
    }

    @Test func `a running agent talks under the new identity as soon as it is pinned`() async throws
    {
        await world.server.desire(payload, 1, 1)
        _ = try await device.enrol()
        await world.server.take(2, second.server, key)
        await world.server.announce(try Anchor.announce(second, signedBy: world.commandKey))
        try await device.run { store, agent in
            #expect(await eventually { generations(store) == [1, 2] })
            // The server answers under both: only what the agent asks for decides.
            agent.contact()
            #expect(await eventually { await world.server.hints.last == 2 })
            #expect(device.log.count("the session broke") == 0)
        }
    }

    @Test func `an announcement that the pinned command key did not sign is not pinned`()
        async throws
    {
        let stranger = try crypto.generateSigningKey(.es256)
        let forged = try Anchor.announce(second, signedBy: stranger)
        for bad in [
            forged, [], [0x84],
            Array(try Anchor.announce(second, signedBy: world.commandKey).dropLast()),
        ] {
            let world = world
            await world.server.announce(bad)
            await world.server.desire(payload, 1, 1)
            let device = Device(world)
            try device.begin()
            try await device.run { store, _ in
                #expect(await eventually { device.log.count("next identity is not pinned") >= 1 })
                #expect(generations(store) == [1])
                #expect(await eventually { lines(store) == ["payload 1 primary"] })
            }
        }
    }

    @Test func `two starts are two instances`() async throws {
        _ = try await device.enrol()
        try await device.run { _, agent in
            #expect(await eventually { await world.server.reports.count == 2 })
            agent.contact()
            #expect(await eventually { await world.server.reports.count == 3 })
        }
        let instances = await world.server.reports.compactMap(\.instance)
        #expect(
            instances.count == 3 && instances[1] == instances[2] && instances[0] != instances[1]
        )
    }
}
