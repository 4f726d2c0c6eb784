import Fleet
import Testing

@testable import Registry

@Suite struct PolicyTests {
    private let home: Home

    init() throws { home = try Home() }

    @Test func `what was never set is on the safe side`() throws {
        let policy = try home.create().policy()
        #expect(policy == Policy())
        #expect(policy.cloneResponse == .quarantine && policy.anchorCoverage == 100)
        #expect(!policy.secondApproval && policy.orderLifeDays == 0)
    }

    @Test func `a setting holds, is kept over a restart, and stands in the audit log`() async throws
    {
        let registry = try home.create()
        let set = try await registry.setPolicy("anchorCoverage", to: "095", actor: "a", now: 7)
        #expect(set.anchorCoverage == 95)
        #expect(try registry.policy() == set)
        _ = try await registry.setPolicy("anchorCoverage", to: "95", actor: "a", now: 8)
        let rows = try await registry.auditList(AuditFilter(kind: .policyChanged))
        #expect(
            rows.map(\.event.details) == [["name": "anchorCoverage", "from": "100", "to": "95"]]
        )
        #expect(rows.map(\.event.actor) == ["a"])
        await registry.close()
        #expect(try home.open().policy() == set)
    }

    @Test(arguments: [
        ("cloneResponse", "ignore"), ("cloneResponse", ""), ("secondApproval", "true"),
        ("anchorCoverage", "101"), ("anchorCoverage", "-1"), ("anchorCoverage", "99.5"),
        ("anchorCoverage", "٩"), ("anchorCoverage", ""), ("orderLifeDays", "1"),
        ("orderLifeDays", "3651"), ("orderLifeDays", "99999999999999999999"),
    ])
    func `a value that makes no sense is refused, and nothing changes`(
        name: String,
        value: String
    ) async throws {
        let registry = try home.create()
        await #expect {
            try await registry.setPolicy(name, to: value, actor: "a", now: 1)
        } throws: {
            ($0 as? RegistryError)?.code == .invalid
        }
        #expect(try registry.policy() == Policy())
        #expect(try await registry.auditList(AuditFilter(kind: .policyChanged)).isEmpty)
    }

    @Test(arguments: ["", "AnchorCoverage", "anchor", "secondApproval\n"])
    func `an unknown name is refused`(name: String) async throws {
        let registry = try home.create()
        await #expect { try await registry.setPolicy(name, to: "on", actor: "a", now: 1) } throws: {
            ($0 as? RegistryError)?.code == .notFound
        }
    }

    @Test func `every setting can be set to each value that it shows`() throws {
        for name in PolicyName.allCases {
            var policy = Policy()
            try policy.set(name, to: policy[name])
            #expect(policy == Policy())
        }
    }
}
