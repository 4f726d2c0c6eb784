import AdminAPI
import AdminModel
import BoringCrypto
import KeyExchange
import Secrets
import Testing

@testable import ServerKit

@Suite struct RegistryAdminTests {
    private let home: Home

    init() throws { home = try Home() }

    @Test func `what is made is listed`() async throws {
        try await home.furnish()
        let page = PageRequest()
        #expect(try await home.admin.listGroups(page).items.map(\.name) == ["hall"])
        let specs = try await home.admin.listKeySpecs(group: nil, page)
        #expect(specs.items.map(\.graceSeconds) == [3_600])
        #expect(specs.items.map(\.algorithm) == ["aes-256"])
        #expect(try await home.admin.status().devices.values.reduce(0, +) == 0)
    }

    @Test func `a bundle is one that an agent can read`() async throws {
        try await home.furnish()
        let made = try await home.admin.createBundle(
            BundleCreation(group: "hall", uses: 2, expiresInSeconds: 60),
            by: root
        )
        let bundle = try Bundle(parsing: Array(made.text.utf8).rawSpan, crypto: BoringCrypto())
        #expect(bundle.group.description == "hall")
        #expect(bundle.broker.host == "broker.test")
        #expect(bundle.token.map { hexadecimal($0.id) } == made.id)
        #expect(bundle.expires == UInt64(Home.now + 60))
        let listed = try await home.admin.listBundles(PageRequest()).items
        #expect(listed.map(\.usesLeft) == [2])
        #expect(listed.map(\.state) == ["open"])
        let id = try #require(made.id)
        #expect(try await home.admin.revokeBundle(id, by: root).state == "revoked")
    }

    @Test func `a bundle for registered devices has no token and leaves no trace`() async throws {
        try await home.furnish()
        let made = try await home.admin.createBundle(
            BundleCreation(group: "hall", isForRegistered: true),
            by: root
        )
        let bundle = try Bundle(parsing: Array(made.text.utf8).rawSpan, crypto: BoringCrypto())
        #expect(bundle.token == nil && made.id == nil)
        #expect(try await home.admin.listBundles(PageRequest()).items.isEmpty)
    }

    @Test func `a device is shown with its keys`() async throws {
        try await home.furnish()
        try await home.enrol("lamp-1")
        let detail = try await home.admin.device("lamp-1")
        #expect(detail.device.state == "enrolled")
        #expect(detail.device.store == "file")
        #expect(detail.keys.map(\.state) == ["active"])
        #expect(detail.keys.map(\.thumbprint.count) == [64])
        #expect(detail.keys.map(\.createdAt?.seconds) == [Home.now])
        #expect(detail.keys.map(\.failure) == [nil])
        let devices = try await home.admin.listDevices(
            DeviceFilter(group: "hall", state: "enrolled"),
            PageRequest()
        )
        #expect(devices.items.map(\.id) == ["lamp-1"])
        #expect(try await home.admin.retireDevice("lamp-1", by: root).state == "retiring")
    }

    @Test func `a rotation waits for its device`() async throws {
        try await home.furnish()
        try await home.enrol("lamp-1")
        let selection = KeySelection(group: "hall")
        let settled = RotationProgress(keys: 1, settled: 1, waiting: 0, failed: 0)
        #expect(try await home.admin.progress(of: selection) == settled)
        #expect(try await home.admin.rotate(selection, by: root).keys == 1)
        let waiting = RotationProgress(keys: 1, settled: 0, waiting: 1, failed: 0)
        #expect(try await home.admin.progress(of: selection) == waiting)
        #expect(try await home.admin.progress(of: KeySelection(device: "lamp-1")) == waiting)
        #expect(try await home.admin.progress(of: KeySelection(query: "id=lamp-1")) == waiting)
        let none = RotationProgress(keys: 0, settled: 0, waiting: 0, failed: 0)
        #expect(try await home.admin.progress(of: KeySelection(query: "id=lamp-2")) == none)
        #expect(try await home.admin.progress(of: KeySelection(group: "hall", key: "log")) == none)
    }

    @Test func `devices are found and counted by a query`() async throws {
        try await home.furnish()
        for number in 1...3 { try await home.enrol("lamp-\(number)") }
        let admin = home.admin
        let found = try await admin.listDevices(
            DeviceFilter(group: "hall", state: "enrolled", query: "id in (lamp-1, lamp-3) or id=x"),
            PageRequest()
        )
        #expect(found.items.map(\.id) == ["lamp-1", "lamp-3"])
        let count = try await admin.countDevices(DeviceFilter(query: "not id=lamp-1"))
        #expect(count.devices == 2)
        #expect(try await admin.countDevices(DeviceFilter(group: "hall")).devices == 3)
        #expect(try await admin.countDevices(DeviceFilter(state: "retired")).devices == 0)
        let typo = await problem { () throws(AdminProblem) in
            try await admin.countDevices(DeviceFilter(group: "hall", query: "id=lamp-1 adn x"))
        }
        #expect(typo?.details.first?.column == 11)
        #expect(typo?.details.first?.input == "id=lamp-1 adn x")
        let attic = await problem { () throws(AdminProblem) in
            try await admin.countDevices(DeviceFilter(group: "attic"))
        }
        #expect(attic?.code == .notFound)
    }

    @Test func `the audit log is listed in parts and found intact`() async throws {
        try await home.furnish()
        var kinds: [String] = []
        var after: String?
        repeat {
            let page = try await home.admin.listAudit(
                AuditFilter(),
                PageRequest(after: after, limit: 1)
            )
            kinds += page.items.map(\.kind)
            after = page.next
        } while after != nil
        #expect(kinds == ["fleetCreated", "groupCreated", "keySpecCreated"])
        let verdict = try await home.admin.verifyAudit()
        #expect(verdict.isIntact && verdict.rows == 3)
        #expect(try await home.admin.status().auditHead == verdict.head)
    }

    @Test func `metrics count devices by state`() async throws {
        try await home.furnish()
        try await home.enrol("lamp-1")
        let text = Metric.exposition(of: await home.admin.metrics())
        #expect(text.contains("latchkey_devices{state=\"enrolled\"} 1\n"))
        #expect(text.contains("# TYPE latchkey_offers_total counter"))
    }
}
