import AdminAPI
import AdminModel
import BoringCrypto
import KeyExchange
import Registry
import Secrets
import Testing

@testable import ServerKit

/// Policy and anchors, as the admin API has them from the registry.
@Suite struct TrustTests {
    private let home: Home

    init() throws { home = try Home() }

    @Test func `the policy is shown and changed, and nonsense is refused`() async throws {
        let before = try await home.admin.policy()
        #expect(before.settings.allSatisfy { $0.value == $0.standard && !$0.about.isEmpty })
        let change = PolicyChange(name: "anchorCoverage", value: "90")
        let after = try await home.admin.setPolicy(change, by: root)
        #expect(after.settings.first { $0.name == "anchorCoverage" }?.value == "90")
        #expect(try await home.admin.policy() == after)
        for (name, value, code) in [
            ("anchorCoverage", "many", AdminProblem.Code.invalid),
            ("colour", "red", .notFound),
        ] {
            await #expect {
                try await home.admin.setPolicy(PolicyChange(name: name, value: value), by: root)
            } throws: {
                ($0 as? AdminProblem)?.code == code
            }
        }
    }

    @Test func `an anchor is announced, waited for and switched to`() async throws {
        try await home.furnish()
        try await home.enrol("lamp-1")
        #expect(try await home.admin.anchors().anchors.map(\.state) == ["current"])
        #expect(try await home.admin.announceAnchor(by: root).generation == 2)
        let status = try await home.admin.anchors()
        #expect(status.anchors.map(\.devices) == [1, 0])
        #expect(status.devices == 1 && status.requiredPercent == 100)
        let late = try await home.admin.listStragglers(PageRequest())
        #expect(late.items.map(\.device) == ["lamp-1"] && late.next == nil)
        #expect(late.items.map(\.anchor) == [nil])
        for stranding in [nil, 0, 2, -1, Int.max] {
            await #expect {
                try await home.admin.switchAnchor(AnchorSwitch(stranding: stranding), by: root)
            } throws: {
                ($0 as? AdminProblem)?.code == .conflict
            }
        }
        let record = try await home.admin.switchAnchor(AnchorSwitch(stranding: 1), by: root)
        #expect(record.state == "current" && record.generation == 2)
        #expect(try await home.admin.anchors().anchors.map(\.state) == ["former", "current"])
    }

    @Test func `a bundle carries the newest anchor and its command key`() async throws {
        try await home.furnish()
        _ = try await home.admin.announceAnchor(by: root)
        let made = try await home.admin.createBundle(BundleCreation(group: "hall"), by: root)
        let bundle = try Bundle(parsing: Array(made.text.utf8).rawSpan, crypto: BoringCrypto())
        #expect(bundle.anchor == 2)
        let newest = home.registry.newestAnchor
        #expect(bundle.server == newest.credential)
        #expect(bundle.commandKey?.count == 64)
    }
}
