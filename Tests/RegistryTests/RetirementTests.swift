import EDHOC
import Fleet
import KeyExchange
import MbedCrypto
import Registry
import Testing

@Suite struct RetirementTests {
    private let home: Home

    init() throws { home = try Home() }

    private func receipt(
        _ retire: Retire,
        _ registry: Registry,
        _ lamp: FakeDevice
    )
        async throws -> Receipt
    {
        Receipt(
            operation: retire.operation,
            counter: retire.counter,
            destroyed: try await registry.device(lamp.id).keys.map {
                DestroyedKey(name: $0.name, epoch: $0.epoch, thumbprint: $0.thumbprint)
            }
        )
    }

    @Test func `a device retires with a receipt, and is told again whenever it comes back`()
        async throws
    {
        let registry = try await home.lights()
        var lamp = try FakeDevice("lamp-1")
        _ = try await lamp.enrol(with: registry.bundle(), at: registry)
        let device = try await registry.retireDevice(lamp.id, actor: "uid:root", now: 1)
        #expect(device.state == .retiring)
        let outbox = try await registry.takeOutbox(limit: 10)
        #expect(outbox.map(\.device) == [lamp.id, lamp.id])
        #expect(outbox.map(\.kind) == [.order, .nudge])
        let order = try #require(try await registry.reconcile(lamp.contact()).retire)
        #expect(order.counter == 1 && order.scope == .device)
        #expect(try await registry.reconcile(lamp.contact()).retire == order)

        let receipt = try await receipt(order, registry, lamp)
        let thumbprint = receipt.destroyed[0].thumbprint
        let settle = try await registry.acknowledge(device: lamp.id, receipt, now: 2)
        #expect(settle.operation == order.operation && settle.verdicts.isEmpty)
        #expect(try await registry.acknowledge(device: lamp.id, receipt, now: 2) == settle)
        #expect(try await registry.device(lamp.id).device.state == .retired)
        #expect(try await registry.keys(of: lamp) == ["door 1 destroyed"])
        #expect(
            try home.number("SELECT COUNT(*) FROM device_key WHERE sealed IS NOT NULL") == 0
        )
        let rows = try await registry.auditList(AuditFilter(kind: .deviceRetired))
        #expect(rows.map { $0.event.details["destroyed"] } == [thumbprint.description])

        #expect(try await registry.reconcile(lamp.contact()).retire == order)
        #expect(try await registry.reconcile(lamp.contact(byValue: nil)).retire == order)
        #expect(try await registry.status(now: 1).devices[.retired] == 1)
    }

    @Test func `a receipt of another order changes nothing`() async throws {
        let registry = try await home.lights()
        var lamp = try FakeDevice("lamp-1")
        _ = try await lamp.enrol(with: registry.bundle(), at: registry)
        let early = Receipt(
            operation: try OperationID(crypto: home.crypto),
            counter: 0,
            destroyed: []
        )
        await #expect(throws: RegistryError.self) {
            try await registry.acknowledge(device: lamp.id, early, now: 1)
        }
        _ = try await registry.retireDevice(lamp.id, actor: "uid:root", now: 1)
        let order = try #require(try await registry.reconcile(lamp.contact()).retire)
        for wrong in [
            Receipt(operation: order.operation, counter: 2, destroyed: []),
            Receipt(operation: early.operation, counter: 1, destroyed: []),
        ] {
            await #expect(throws: RegistryError.self) {
                try await registry.acknowledge(device: lamp.id, wrong, now: 1)
            }
        }
        #expect(try await registry.keys(of: lamp) == ["door 1 active"])
    }

    @Test func `an order that is given twice is one order`() async throws {
        let registry = try await home.lights()
        var lamp = try FakeDevice("lamp-1")
        _ = try await lamp.enrol(with: registry.bundle(), at: registry)
        _ = try await registry.retireDevice(lamp.id, actor: "uid:root", now: 1)
        _ = try await registry.retireDevice(lamp.id, actor: "uid:root", now: 2)
        #expect(try await registry.device(lamp.id).orderCounter == 1)
        #expect(try await registry.kinds().filter { $0 == .retirementOrdered }.count == 1)
    }

    @Test func `a device that was never heard is retired at once`() async throws {
        let registry = try await home.lights()
        let key = try home.crypto.generateAgreementKey(.p256).publicKey
        let csv = "name,group,public_key\nlamp-1,lights,\(hexadecimal(key))"
        _ = try await registry.importDevices(csv: csv, actor: "uid:root", now: 1)
        let lamp = try FakeDevice("lamp-1", publicKey: key)
        let device = try await registry.retireDevice(lamp.id, actor: "uid:root", now: 1)
        #expect(device.state == .retired)
        #expect(try await registry.reconcile(lamp.contact(byValue: nil)).retire != nil)
    }

    @Test func `a retirement in the middle of an offer does not lose the key`() async throws {
        let registry = try await home.lights()
        var lamp = try FakeDevice("lamp-1")
        let claim = lamp.claim(try await registry.bundle())
        let offer = try #require(
            try await registry.reconcile(lamp.contact(byValue: claim)).offer
        )
        _ = try await registry.retireDevice(lamp.id, actor: "uid:root", now: 1)
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
        #expect(lamp.inShort == ["door 1 primary"])
        #expect(try await registry.reconcile(lamp.contact()).retire != nil)
    }

    @Test func `nobody is retired, quarantined or released who is not there`() async throws {
        let registry = try await home.lights()
        let nobody = try DeviceID(parsing: "nobody")
        await #expect(throws: RegistryError.self) {
            try await registry.retireDevice(nobody, actor: "", now: 1)
        }
        await #expect(throws: RegistryError.self) {
            try await registry.quarantineDevice(nobody, actor: "", now: 1)
        }
        await #expect(throws: RegistryError.self) {
            try await registry.reinstateDevice(nobody, actor: "", now: 1)
        }
        await #expect(throws: RegistryError.self) { try await registry.device(nobody) }
    }
}
