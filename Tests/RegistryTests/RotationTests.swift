import Fleet
import KeyExchange
import Registry
import Testing

@Suite struct RotationTests {
    private let home: Home
    private let lights: GroupName

    init() throws {
        home = try Home()
        lights = try GroupName(parsing: "lights")
    }

    private func enrolled(
        _ registry: Registry,
        _ name: String = "lamp-1"
    ) async throws -> FakeDevice {
        var lamp = try FakeDevice(name)
        _ = try await lamp.enrol(with: registry.bundle(), at: registry)
        return lamp
    }

    private func rotate(
        _ registry: Registry,
        _ lamp: FakeDevice,
        key: String? = nil
    )
        async throws -> Int
    {
        try await registry.rotate(
            .device(lamp.id),
            key: key.map { try KeyName(parsing: $0) },
            actor: "uid:root",
            now: Home.now
        )
    }

    @Test func `rotation makes before it breaks, and the old key ends with its grace`()
        async throws
    {
        let registry = try await home.lights(grace: 60)
        var lamp = try await enrolled(registry)
        #expect(try await rotate(registry, lamp) == 1)
        #expect(try await registry.takeOutbox(limit: 10).map(\.device) == [lamp.id])
        #expect(try await registry.status(now: Home.now).overdueKeys == 1)

        let answer = try await registry.reconcile(lamp.contact())
        #expect(try await registry.keys(of: lamp) == ["door 1 active", "door 2 offered"])
        let offer = try #require(answer.offer)
        let outcomes = lamp.install(offer)
        lamp.obey(
            try await registry.confirm(
                device: lamp.id,
                operation: offer.operation,
                outcomes: outcomes,
                verdicts: [],
                now: Home.now
            )
        )
        #expect(try await registry.keys(of: lamp) == ["door 1 superseded", "door 2 active"])
        #expect(lamp.inShort == ["door 1 grace", "door 2 primary"])
        #expect(try await registry.status(now: Home.now).overdueKeys == 0)

        // Until the device says that it uses the new one, the old one stays, for however long.
        #expect(try await registry.sweep(now: Home.now + 1_000_000) == 0)
        _ = try await lamp.talk(to: registry)
        #expect(try await registry.sweep(now: Home.now + 59) == 0)
        #expect(try await registry.sweep(now: Home.now + 60) == 1)
        #expect(try await registry.sweep(now: Home.now + 60) == 0)
        #expect(try await registry.keys(of: lamp) == ["door 1 destroyed", "door 2 active"])
        #expect(
            try home.number(
                "SELECT COUNT(*) FROM device_key WHERE epoch = 1 AND sealed IS NOT NULL"
            ) == 0
        )
        #expect(
            try await registry.kinds(of: "lamp-1").suffix(6) == [
                .rotationOrdered, .keyOffered, .keySuperseded, .keyActivated,
                .keyDeactivated, .keyDestroyed,
            ]
        )
        #expect(try await registry.auditVerify().fault == nil)
    }

    @Test func `a device that never heard SETTLE keeps a key that the server accepts`() async throws
    {
        let registry = try await home.lights(grace: 60)
        var lamp = try await enrolled(registry)
        _ = try await rotate(registry, lamp)
        let offer = try #require(try await registry.reconcile(lamp.contact()).offer)
        let outcomes = lamp.install(offer)
        // The answer to this is lost, and the device stays away for a year.
        _ = try await registry.confirm(
            device: lamp.id,
            operation: offer.operation,
            outcomes: outcomes,
            verdicts: [],
            now: Home.now
        )
        _ = try await registry.sweep(now: Home.now + 31_536_000)
        #expect(lamp.inShort == ["door 1 primary", "door 2 pending"])
        #expect(try await registry.keys(of: lamp) == ["door 1 superseded", "door 2 active"])
        _ = try await lamp.talk(to: registry)
        #expect(lamp.inShort == ["door 1 grace", "door 2 primary"])
    }

    @Test func `a confirmation that is repeated gets the same verdicts`() async throws {
        let registry = try await home.lights()
        var lamp = try await enrolled(registry)
        _ = try await rotate(registry, lamp)
        let offer = try #require(try await registry.reconcile(lamp.contact()).offer)
        let outcomes = lamp.install(offer)
        var settles: [Settle] = []
        for _ in 0..<3 {
            settles.append(
                try await registry.confirm(
                    device: lamp.id,
                    operation: offer.operation,
                    outcomes: outcomes,
                    verdicts: [],
                    now: Home.now
                )
            )
        }
        #expect(Set(settles).count == 1)
        #expect(settles[0].verdicts.count == 1)
        let count = try await registry.kinds(of: "lamp-1").filter { $0 == .keyActivated }.count
        #expect(count == 2)
    }

    @Test func `a lost settle is made good at the next contact`() async throws {
        let registry = try await home.lights()
        var lamp = try await enrolled(registry)
        _ = try await rotate(registry, lamp)
        let offer = try #require(try await registry.reconcile(lamp.contact()).offer)
        let outcomes = lamp.install(offer)
        _ = try await registry.confirm(
            device: lamp.id,
            operation: offer.operation,
            outcomes: outcomes,
            verdicts: [],
            now: Home.now
        )
        #expect(lamp.inShort == ["door 1 primary", "door 2 pending"])
        _ = try await lamp.talk(to: registry)
        #expect(lamp.inShort == ["door 1 grace", "door 2 primary"])
    }

    @Test func `a lost confirmation is made good with the same key`() async throws {
        let registry = try await home.lights()
        var lamp = try await enrolled(registry)
        _ = try await rotate(registry, lamp)
        let first = try #require(try await registry.reconcile(lamp.contact()).offer)
        _ = lamp.install(first)
        let second = try #require(try await lamp.talk(to: registry).offer)
        #expect(first.keys[0].thumbprint == second.keys[0].thumbprint)
        #expect(lamp.inShort == ["door 1 grace", "door 2 primary"])
    }

    @Test(arguments: FailureKind.allCases)
    func `a key that could not be taken is withdrawn and its number stays used`(
        kind: FailureKind
    ) async throws {
        let registry = try await home.lights()
        var lamp = try await enrolled(registry)
        _ = try await rotate(registry, lamp)
        let offer = try #require(try await registry.reconcile(lamp.contact()).offer)
        let failed = offer.keys.map {
            KeyOutcome(name: $0.name, epoch: $0.epoch, failure: kind)
        }
        let settle = try await registry.confirm(
            device: lamp.id,
            operation: offer.operation,
            outcomes: failed,
            verdicts: [],
            now: Home.now
        )
        #expect(settle.verdicts.map(\.action) == [.discard(failed[0].epoch)])
        #expect(try await registry.keys(of: lamp) == ["door 1 active", "door 2 withdrawn"])
        #expect(
            try home.number("SELECT COUNT(*) FROM device_key WHERE sealed IS NOT NULL") == 1
        )
        let row = try #require(
            try await registry.auditList(AuditFilter(kind: .keyWithdrawn)).last
        )
        #expect(row.event.details["failure"] == kind.description)

        let next = try await lamp.talk(to: registry)
        #expect((next.offer?.keys.first?.epoch.number == 3) == kind.isRetryable)
        if !kind.isRetryable {
            #expect(try await rotate(registry, lamp) == 1)
            #expect(try await lamp.talk(to: registry).offer?.keys.first?.epoch.number == 3)
        }
        #expect(lamp.inShort == ["door 1 grace", "door 3 primary"])
    }

    @Test func `a first key that was rejected waits for an admin`() async throws {
        let registry = try await home.lights()
        let lamp = try FakeDevice("lamp-1")
        let claim = lamp.claim(try await registry.bundle())
        let offer = try #require(
            try await registry.reconcile(lamp.contact(byValue: claim)).offer
        )
        _ = try await registry.confirm(
            device: lamp.id,
            operation: offer.operation,
            outcomes: [KeyOutcome(name: offer.keys[0].name, epoch: .first, failure: .rejected)],
            verdicts: [],
            now: Home.now
        )
        #expect(try await registry.reconcile(lamp.contact()).settle != nil)
        #expect(try await rotate(registry, lamp, key: "door") == 1)
        let next = try await registry.reconcile(lamp.contact()).offer
        #expect(next?.keys.first?.epoch.number == 2)
    }

    @Test func `a period makes a key due by itself, at most a tenth early`() async throws {
        let registry = try await home.lights(rotation: 1000)
        var lamp = try await enrolled(registry)
        let due = try #require(try await registry.device(lamp.id).keys[0].rotateAt)
        #expect((Home.now + 900...Home.now + 1000).contains(due))
        #expect(try await lamp.talk(to: registry, now: due - 1).settle != nil)
        #expect(try await lamp.talk(to: registry, now: due).offer != nil)
        #expect(lamp.inShort == ["door 1 grace", "door 2 primary"])
    }

    @Test func `a group rotates as one, and every device is nudged`() async throws {
        let registry = try await home.lights(keys: ["door", "window"])
        for number in 1...5 { _ = try await enrolled(registry, "lamp-\(number)") }
        let all = try await registry.rotate(
            .group(lights),
            key: nil,
            actor: "uid:root",
            now: Home.now
        )
        #expect(all == 10)
        let one = try await registry.rotate(
            .group(lights),
            key: KeyName(parsing: "door"),
            actor: "uid:root",
            now: Home.now
        )
        #expect(one == 5)
        let items = try await registry.takeOutbox(limit: 100)
        #expect(items.count == 10)
        try await registry.outboxDone(items.map(\.id))
        #expect(try await registry.status(now: Home.now).outbox == 0)
    }

    @Test func `what is not there is not rotated`() async throws {
        let registry = try await home.lights()
        let lamp = try await enrolled(registry)
        await #expect(throws: RegistryError.self) {
            try await rotate(registry, FakeDevice("nobody"))
        }
        await #expect(throws: RegistryError.self) {
            try await rotate(registry, lamp, key: "window")
        }
        await #expect(throws: RegistryError.self) {
            try await registry.rotate(
                .group(GroupName(parsing: "doors")),
                key: nil,
                actor: "",
                now: 1
            )
        }
        await #expect(throws: RegistryError.self) {
            try await registry.rotate(
                .group(lights),
                key: KeyName(parsing: "window"),
                actor: "",
                now: 1
            )
        }
        _ = try await registry.retireDevice(lamp.id, actor: "uid:root", now: 1)
        await #expect(throws: RegistryError.self) { try await rotate(registry, lamp) }
    }

    @Test func `a device that lost its store gets the same key again`() async throws {
        let registry = try await home.lights()
        var lamp = try await enrolled(registry)
        let before = lamp.report
        lamp.held = [:]
        _ = try await lamp.talk(to: registry)
        #expect(lamp.report == before)
        #expect(try await registry.keys(of: lamp) == ["door 1 active"])
    }

    @Test func `a new key spec reaches devices that are there already`() async throws {
        let registry = try await home.lights()
        var lamp = try await enrolled(registry)
        let spec = try KeySpec(
            group: lights,
            name: KeyName(parsing: "alarm"),
            algorithm: .hmacSHA256
        )
        try await registry.createKeySpec(spec, actor: "uid:root", now: 1)
        #expect(try await registry.takeOutbox(limit: 10).map(\.device) == [lamp.id])
        _ = try await lamp.talk(to: registry)
        #expect(lamp.inShort == ["alarm 1 primary", "door 1 primary"])
    }

    @Test func `fifty rotations leave a bounded memory`() async throws {
        let registry = try await home.lights(grace: 0)
        var lamp = try await enrolled(registry)
        for step in 1...50 {
            _ = try await rotate(registry, lamp)
            _ = try await lamp.talk(to: registry)
            lamp.held = lamp.held.mapValues { $0.filter { $0.state == .primary } }
            _ = try await lamp.talk(to: registry)
            _ = try await registry.sweep(now: Home.now + Int64(step))
        }
        #expect(lamp.inShort == ["door 51 primary"])
        #expect(try home.number("SELECT COUNT(*) FROM device_key") < 12)
    }
}
