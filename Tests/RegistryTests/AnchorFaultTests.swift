import EDHOC
import Fleet
import KeyExchange
import MbedCrypto
import Synchronization
import Testing

@testable import Registry

/// Every step of an anchor and of a retirement, failed before each of its statements and before its
/// commit: it is whole, or it never was.
@Suite struct AnchorFaultTests {
    private let home: Home

    init() throws { home = try Home() }

    /// Fails the `number`th place that a change passes, once.
    private final class Fuse: Sendable {
        private let left = Mutex<Int?>(nil)

        func arm(_ number: Int) { left.withLock { $0 = number } }
        /// Whether it never came to the place.
        func disarm() -> Bool {
            left.withLock { left in
                defer { left = nil }; return left != nil
            }
        }

        func passed(_ point: ChangePoint) -> RegistryError? {
            guard point != .committed else { return nil }
            let isDue = left.withLock { left in
                guard let number = left else { return false }
                left = number > 0 ? number - 1 : nil
                return number == 0
            }
            return isDue ? RegistryError(.failed, "cut") : nil
        }
    }

    /// Fails a step at each place in turn until it passes; how often it failed.
    private func exhaust(
        _ fuse: Fuse,
        _ registry: Registry,
        _ step: () async throws -> Void
    ) async throws -> Int {
        for number in 0..<200 {
            let before = try await Picture(registry)
            fuse.arm(number)
            do {
                try await step()
            } catch let error as RegistryError where error.detail == "cut" {
                #expect(try await Picture(registry) == before, "place \(number)")
                continue
            }
            #expect(fuse.disarm(), "the step went on over a failure")
            #expect(try await registry.auditVerify().fault == nil)
            return number
        }
        Issue.record("the step never ends")
        return 0
    }

    /// What a step may change.
    private struct Picture: Equatable {
        let anchors: [AnchorEntry]
        let answering: [UInt32]
        let audit: AuditHead
        let outbox: [OutboxItem]
        let devices: [DeviceState: Int]
        let orders: [DeviceID]

        init(_ registry: Registry) async throws {
            anchors = try await registry.anchorOverview(now: 1).entries
            answering = (1...9).filter { registry.anchor(answering: $0) != nil }
            let status = try await registry.status(now: 1)
            (audit, devices) = (status.audit, status.devices)
            outbox = try await registry.takeOutbox(limit: 100)
            orders = try await registry.devicesUnderOrder(limit: 100)
        }
    }

    @Test func `a step that is cut anywhere leaves nothing half done`() async throws {
        await (try home.lights()).close()
        let fuse = Fuse()
        let registry = try home.open { fuse.passed($0) }
        var lamp = try FollowingDevice("lamp-1", at: registry)
        try await lamp.enrol(with: registry.bundle())
        let announced = try await exhaust(fuse, registry) {
            _ = try await registry.announceAnchor(actor: "a", now: 1)
        }
        let switched = try await exhaust(fuse, registry) {
            _ = try await registry.switchAnchor(stranding: 1, actor: "a", now: 1)
        }
        let retired = try await exhaust(fuse, registry) {
            _ = try await registry.retireDevice(lamp.id, actor: "a", now: 1)
        }
        let order = try #require(try await registry.reconcile(lamp.device.contact()).retire)
        let receipt = Receipt(operation: order.operation, counter: order.counter, destroyed: [])
        let acknowledged = try await exhaust(fuse, registry) {
            _ = try await registry.acknowledge(device: lamp.id, receipt, now: 1)
        }
        let set = try await exhaust(fuse, registry) {
            _ = try await registry.setPolicy("secondApproval", to: "on", actor: "a", now: 1)
        }
        // Each of them has several places to fail at.
        for places in [announced, switched, retired, acknowledged, set] { #expect(places > 2) }
        #expect(try registry.policy().secondApproval)
        #expect(try await registry.device(lamp.id).device.state == .retired)
    }
}
