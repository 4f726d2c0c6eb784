import EDHOC
import Fleet
import Foundation
import KeyExchange
import Testing

@testable import Registry

/// A fleet of one lamp that has its keys, and what becomes of them.
struct LampStory {
    let home: Home
    private(set) var registry: Registry
    var lamp: FakeDevice
    let door: KeyName
    private let backup: String

    static func begin(
        grace: UInt32 = 60,
        rotation: UInt32? = nil,
        keys: [String] = ["door"],
        registry: Registry? = nil,
        home: Home? = nil
    ) async throws -> LampStory {
        let home = try home ?? Home()
        let registry =
            if let registry { registry } else {
                try await home.lights(grace: grace, rotation: rotation, keys: keys)
            }
        var lamp = try FakeDevice("lamp-1")
        lamp.instance = [1, 1, 1, 1, 1, 1, 1, 1]
        _ = try await lamp.enrol(with: registry.bundle(), at: registry)
        return try LampStory(home: home, registry: registry, lamp: lamp)
    }

    private init(home: Home, registry: Registry, lamp: FakeDevice) throws {
        self.home = home
        self.registry = registry
        self.lamp = lamp
        door = try KeyName(parsing: "door")
        backup = home.folder + "/backup"
    }

    var here: KeyScope { .device(lamp.id) }
    /// What the server believes, in short: `door 1 active`.
    var states: [String] { get async throws { try await registry.keys(of: lamp) } }
    var kinds: [AuditKind] { get async throws { try await registry.kinds(of: "lamp-1") } }
    var details: DeviceDetails { get async throws { try await registry.device(lamp.id) } }
    var notices: [NoticeKind] { get async throws { try await details.notices.map(\.kind) } }

    @discardableResult
    mutating func talk(now: Int64 = Home.now) async throws -> Answer {
        try await lamp.talk(
            to: registry,
            lamp.contact(began: registry.ticket(), now: now),
            now: now
        )
    }

    /// The server has the next generation in use, and the lamp does not know it.
    @discardableResult
    mutating func confirmWithoutSettle(now: Int64 = Home.now) async throws -> Offer {
        let offer = try #require(
            try await registry.reconcile(lamp.contact(now: now)).offer
        )
        _ = try await confirm(offer, now: now)
        return offer
    }

    mutating func confirm(_ offer: Offer, now: Int64 = Home.now) async throws -> Settle {
        try await registry.confirm(
            device: lamp.id,
            operation: offer.operation,
            outcomes: lamp.install(offer),
            verdicts: [],
            now: now
        )
    }

    /// A session in which the lamp takes nothing of what it is offered, which there must be.
    mutating func refuse(_ failure: FailureKind, now: Int64 = Home.now) async throws {
        let answer = try await registry.reconcile(lamp.contact(now: now))
        guard case .offer(let device, let offer, let verdicts) = answer else {
            throw RegistryError(.failed, "nothing is offered: \(answer)")
        }
        lamp.obey(
            try await registry.confirm(
                device: device,
                operation: offer.operation,
                outcomes: offer.keys.map {
                    KeyOutcome(name: $0.name, epoch: $0.epoch, failure: failure)
                },
                verdicts: verdicts,
                now: now
            )
        )
    }

    func rotate(now: Int64 = Home.now) async throws {
        _ = try await registry.rotate(here, key: door, actor: "a", now: now)
    }

    /// One whole rotation, after which the older generation has its grace.
    mutating func rotateThrough(now: Int64 = Home.now) async throws {
        try await rotate(now: now)
        try await talk(now: now)
        try await talk(now: now)
    }

    mutating func restart(faults: @escaping ChangeFaults = { _ in nil }) async throws {
        await registry.close()
        registry = try home.open(faults: faults)
    }

    /// Copies the database away.
    mutating func backUp() async throws {
        await registry.close()
        try? FileManager.default.removeItem(atPath: backup)
        try FileManager.default.copyItem(atPath: home.data, toPath: backup)
        registry = try home.open()
    }

    /// Puts the copy in the place of the database.
    mutating func restore() async throws {
        await registry.close()
        try FileManager.default.removeItem(atPath: home.data)
        try FileManager.default.copyItem(atPath: backup, toPath: home.data)
        registry = try home.open()
    }

    /// Forgets what waits to be sent.
    func calm() async throws {
        try await registry.outboxDone(registry.takeOutbox(limit: 1000).map(\.id))
    }

    func orders() async throws -> Int {
        try await registry.takeOutbox(limit: 1000).count { $0.kind == .order }
    }

    /// The signed order as the device reads it; nil when its topic is to be empty.
    func order(now: Int64 = Home.now) async throws -> Order? {
        let bytes = try await registry.order(for: lamp.id, now: now)
        guard !bytes.isEmpty else { return nil }
        return try Order.verify(
            bytes,
            commandKey: registry.newestAnchor.commandKey.publicKey,
            fleet: registry.fleet,
            device: lamp.id,
            crypto: home.crypto
        )
    }
}

extension Order {
    /// What a session would say.
    var retire: Retire { Retire(operation: operation, counter: counter, scope: scope) }
}

/// The kind of fault that a change ends in; nil when it succeeds.
func fault(_ body: () async throws -> Void) async -> RegistryError.Code? {
    do {
        try await body()
        return nil
    } catch {
        return (error as? RegistryError)?.code ?? .failed
    }
}
