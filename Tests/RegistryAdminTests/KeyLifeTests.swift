import AdminAPI
import AdminModel
import Testing

@testable import ServerKit

/// The life of a key by the admin API, over the real registry.
@Suite struct KeyLifeTests {
    private let home: Home
    private let data = KeyOrder(device: "lamp-1", key: "data")

    init() throws { home = try Home() }

    private func states() async throws -> [String] {
        try await home.admin.device("lamp-1").keys.map { "\($0.epoch) \($0.state)" }
    }

    private func rows(_ kind: String) async throws -> [AuditEntry] {
        try await home.admin.listAudit(AuditFilter(kind: kind), PageRequest()).items
    }

    @Test func `each order changes the key, the status and the log`() async throws {
        try await home.furnish()
        try await home.enrol("lamp-1")
        let admin = home.admin
        #expect(try await admin.suspendKeys(data, by: root).keys == 1)
        #expect(try await states() == ["1 suspended"])
        #expect(try await admin.status().keysSuspended == 1)
        #expect(try await admin.resumeKeys(data, by: root).keys == 1)
        #expect(try await states() == ["1 active"])
        let first = KeyOrder(device: "lamp-1", key: "data", epoch: 1)
        #expect(try await admin.compromiseKeys(first, by: root).keys == 1)
        #expect(try await states() == ["1 compromised"])
        let status = try await admin.status()
        #expect(status.keysSuspended == 0 && status.keysCompromised == 1 && status.keysDue == 1)
        #expect(try await admin.retireKeys(data, by: root).keys == 1)
        // It is destroyed with the receipt; nobody waits for a successor any more.
        #expect(try await states() == ["1 compromised"])
        #expect(try await admin.status().keysDue == 0)
        for (kind, epoch) in [
            ("suspensionOrdered", nil), ("resumptionOrdered", nil), ("compromiseOrdered", 1),
            ("keyRetirementOrdered", nil),
        ] as [(String, UInt32?)] {
            let row = try #require(try await rows(kind).first, "\(kind)")
            #expect(row.actor == root.description && row.device == "lamp-1")
            #expect(row.key == "data" && row.epoch == epoch, "\(kind)")
        }
    }

    @Test func `orders go to a group and to what a query finds, and say what they were about`()
        async throws
    {
        try await home.furnish()
        for number in 1...3 { try await home.enrol("lamp-\(number)") }
        let admin = home.admin
        _ = try await admin.label(LabelChange(device: "lamp-2", set: ["floor": "3"]), by: root)
        let found = KeyOrder(query: "label.floor=3", key: "data")
        #expect(try await admin.suspendKeys(found, by: root).keys == 1)
        let hall = KeyOrder(group: "hall", key: "data")
        #expect(try await admin.suspendKeys(hall, by: root).keys == 3)
        #expect(try await admin.resumeKeys(hall, by: root).keys == 3)
        #expect(try await admin.compromiseKeys(hall, by: root).keys == 3)
        let details = try await rows("suspensionOrdered").map(\.details)
        #expect(details == [["query": "label.floor = 3"], ["group": "hall"]])
        #expect(try await admin.retireKeys(hall, by: root).keys == 3)
        let late = await problem { () throws(AdminProblem) in
            try await admin.rotate(KeySelection(group: "hall", key: "data"), by: root)
        }
        #expect(late?.code == .conflict, "a retired key")
    }

    @Test(arguments: [
        (KeyOrder(key: "data"), "invalid"),
        (KeyOrder(device: "lamp-1", group: "hall", key: "data"), "invalid"),
        (KeyOrder(device: "lamp-1", key: ""), "invalid"),
        (KeyOrder(device: "lamp-1", key: "Data"), "invalid"),
        (KeyOrder(device: "Lamp 1", key: "data"), "invalid"),
        (KeyOrder(query: "label.floor", key: "data"), "invalid"),
        (KeyOrder(query: "", key: "data"), "invalid"),
        (KeyOrder(device: "lamp-9", key: "data"), "notFound"),
        (KeyOrder(device: "lamp-1", key: "other"), "notFound"),
        (KeyOrder(group: "attic", key: "data"), "notFound"),
        (KeyOrder(group: "hall", key: "other"), "notFound"),
    ])
    func `an order that can't be is refused, whatever it asks for, and changes nothing`(
        order: KeyOrder,
        code: String
    ) async throws {
        try await home.furnish()
        try await home.enrol("lamp-1")
        let admin = home.admin
        let before = try await admin.status().auditRows
        let orders: [(String, (KeyOrder) async throws -> KeyChange)] = [
            ("suspend", { try await admin.suspendKeys($0, by: root) }),
            ("resume", { try await admin.resumeKeys($0, by: root) }),
            ("compromise", { try await admin.compromiseKeys($0, by: root) }),
            ("retire", { try await admin.retireKeys($0, by: root) }),
        ]
        for (name, give) in orders {
            do {
                let change = try await give(order)
                Issue.record("\(name) did \(change)")
            } catch let found as AdminProblem {
                // Nothing is in a state to be resumed where there is nothing at all.
                let isRight =
                    found.code.rawValue == code || code == "notFound" && found.code == .conflict
                #expect(isRight, "\(name): \(found)")
            }
        }
        #expect(try await admin.status().auditRows == before)
        #expect(try await states() == ["1 active"])
    }

    @Test func `an epoch belongs to compromise and to destroy, and is one of the device's`()
        async throws
    {
        try await home.furnish()
        try await home.enrol("lamp-1")
        let admin = home.admin
        let first = KeyOrder(device: "lamp-1", key: "data", epoch: 1)
        for give in [admin.suspendKeys, admin.resumeKeys, admin.retireKeys] {
            let found = await problem { () throws(AdminProblem) in try await give(first, root) }
            #expect(found?.details.first?.field == "epoch")
        }
        for (order, code) in [
            (data, "invalid"), (KeyOrder(group: "hall", key: "data", epoch: 1), "invalid"),
            (KeyOrder(device: "lamp-1", key: "data", epoch: 0), "invalid"),
            (KeyOrder(device: "lamp-1", key: "data", epoch: 9), "notFound"), (first, "conflict"),
        ] {
            let found = await problem { () throws(AdminProblem) in
                try await admin.destroyKeys(order, by: root)
            }
            #expect(found?.code.rawValue == code, "\(order)")
        }
        let unknown = await problem { () throws(AdminProblem) in
            try await admin.compromiseKeys(
                KeyOrder(device: "lamp-1", key: "data", epoch: 9),
                by: root
            )
        }
        #expect(unknown?.code == .notFound)
        #expect(try await states() == ["1 active"])
    }
}
