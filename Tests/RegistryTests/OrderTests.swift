import EDHOC
import Fleet
import Foundation
import KeyExchange
import MbedCrypto
import Testing

@testable import Registry

@Suite struct OrderTests {
    private let home: Home

    init() throws { home = try Home() }

    private func read(
        _ bytes: [UInt8],
        for lamp: DeviceID,
        by anchor: ServerAnchor
    ) throws -> Order {
        try Order.verify(
            bytes,
            commandKey: anchor.commandKey.publicKey,
            fleet: FleetID(parsing: "house"),
            device: lamp,
            crypto: home.crypto
        )
    }

    @Test func `the order and the retirement in a session are one`() async throws {
        let registry = try await home.lights()
        var lamp = try FakeDevice("lamp-1")
        _ = try await lamp.enrol(with: registry.bundle(), at: registry)
        #expect(try await registry.order(for: lamp.id, now: 5).isEmpty)
        _ = try await registry.retireDevice(lamp.id, actor: "a", now: 5)
        let order = try read(
            try await registry.order(for: lamp.id, now: 5),
            for: lamp.id,
            by: registry.newestAnchor
        )
        let retire = try #require(try await registry.reconcile(lamp.contact()).retire)
        #expect(order.operation == retire.operation && order.counter == retire.counter)
        #expect(order.scope == .device && retire.scope == .device)
        #expect(order.issuedAt == 5 && order.expiresAt == nil)
        #expect(try await registry.devicesUnderOrder(limit: 10) == [lamp.id])
        let receipt = Receipt(operation: order.operation, counter: order.counter, destroyed: [])
        _ = try await registry.acknowledge(device: lamp.id, receipt, now: 6)
        #expect(try await registry.order(for: lamp.id, now: 7).isEmpty)
        #expect(try await registry.devicesUnderOrder(limit: 10).isEmpty)
        #expect(
            try await registry.takeOutbox(limit: 10).map(\.kind) == [.order, .nudge, .order]
        )
        // Whoever comes back under its name gets its retirement, and nothing else.
        #expect(try await registry.reconcile(lamp.contact()).retire == retire)
        #expect(try await registry.reconcile(lamp.contact(byValue: nil)).retire == retire)
    }

    @Test func `an order survives a restart, and so does the wish to clear it`() async throws {
        var registry = try await home.lights()
        var lamp = try FakeDevice("lamp-1")
        _ = try await lamp.enrol(with: registry.bundle(), at: registry)
        _ = try await registry.retireDevice(lamp.id, actor: "a", now: 5)
        let before = try read(
            try await registry.order(for: lamp.id, now: 5),
            for: lamp.id,
            by: registry.newestAnchor
        )
        await registry.close()
        registry = try home.open()
        let after = try read(
            try await registry.order(for: lamp.id, now: 9),
            for: lamp.id,
            by: registry.newestAnchor
        )
        #expect(after.operation == before.operation && after.counter == before.counter)
        let receipt = Receipt(operation: after.operation, counter: after.counter, destroyed: [])
        _ = try await registry.acknowledge(device: lamp.id, receipt, now: 6)
        await registry.close()
        registry = try home.open()
        #expect(try await registry.takeOutbox(limit: 10).last?.kind == .order)
        #expect(try await registry.order(for: lamp.id, now: 9).isEmpty)
    }

    @Test func `an order ends when the policy says so, by the clock of its signing`() async throws {
        let registry = try await home.lights()
        var lamp = try FakeDevice("lamp-1")
        _ = try await lamp.enrol(with: registry.bundle(), at: registry)
        _ = try await registry.retireDevice(lamp.id, actor: "a", now: 5)
        _ = try await registry.setPolicy("orderLifeDays", to: "3", actor: "a", now: 5)
        for now in [Int64(100), 0, -5, 4_000_000_000] {
            let order = try read(
                try await registry.order(for: lamp.id, now: now),
                for: lamp.id,
                by: registry.newestAnchor
            )
            #expect(order.issuedAt == UInt64(max(0, now)))
            #expect(order.expiresAt == order.issuedAt + 3 * 86_400)
        }
    }

    @Test func `a device that a switch has left behind is ordered by the key that it trusts`()
        async throws
    {
        let registry = try await home.lights()
        var left = try FakeDevice("left")
        _ = try await left.enrol(with: registry.bundle(), at: registry)
        let first = registry.newestAnchor
        _ = try await registry.announceAnchor(actor: "a", now: 1)
        _ = try await registry.switchAnchor(stranding: 1, actor: "a", now: 1)
        var lamp = try FollowingDevice("lamp-1", at: registry)
        try await lamp.enrol(with: registry.bundle())
        for id in [left.id, lamp.id] {
            _ = try await registry.retireDevice(id, actor: "a", now: 2)
        }
        _ = try read(try await registry.order(for: left.id, now: 2), for: left.id, by: first)
        let newer = try await registry.order(for: lamp.id, now: 2)
        _ = try read(newer, for: lamp.id, by: registry.newestAnchor)
        #expect(throws: OrderError.self) { _ = try read(newer, for: lamp.id, by: first) }
        await registry.close()
        let again = try home.open()
        _ = try read(try await again.order(for: left.id, now: 2), for: left.id, by: first)
    }

    @Test func `devices under order are listed in pages`() async throws {
        let registry = try await home.lights()
        let bundle = try await registry.bundle()
        for number in 1...5 {
            var lamp = try FakeDevice("lamp-\(number)")
            _ = try await lamp.enrol(with: bundle, at: registry)
            if number != 3 { _ = try await registry.retireDevice(lamp.id, actor: "a", now: 1) }
        }
        let first = try await registry.devicesUnderOrder(limit: 3)
        let rest = try await registry.devicesUnderOrder(after: first.last, limit: 3)
        #expect((first + rest).map(\.description) == ["lamp-1", "lamp-2", "lamp-4", "lamp-5"])
    }

    @Test func `nobody is ordered who was never told to go`() async throws {
        let registry = try await home.lights()
        #expect(try await registry.order(for: DeviceID(parsing: "nobody"), now: 1).isEmpty)
        let key = try home.crypto.generateAgreementKey(.p256).publicKey
        let csv = "name,group,public_key\nlamp-1,lights,\(hexadecimal(key))"
        _ = try await registry.importDevices(csv: csv, actor: "a", now: 1)
        let id = try DeviceID(parsing: "lamp-1")
        #expect(try await registry.order(for: id, now: 1).isEmpty)
        // Never heard, it holds nothing: it is retired without an order.
        _ = try await registry.retireDevice(id, actor: "a", now: 1)
        #expect(try await registry.order(for: id, now: 1).isEmpty)
        #expect(try await registry.takeOutbox(limit: 10).isEmpty)
    }
}
