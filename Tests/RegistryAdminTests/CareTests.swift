import AdminAPI
import AdminModel
import KeyExchange
import Registry
import Testing

@testable import ServerKit

@Suite struct CareTests {
    private let home: Home

    init() throws { home = try Home() }

    @Test func `labels are written, found, replaced and taken away, with an audit row each`()
        async throws
    {
        try await home.furnish()
        for number in 1...3 { try await home.enrol("lamp-\(number)") }
        let admin = home.admin
        let set = LabelChange(device: "lamp-1", set: ["floor": "3", "canary": "yes"])
        #expect(try await admin.label(set, by: root).devices == 1)
        // Twice is no fault, and no change.
        #expect(try await admin.label(set, by: root).devices == 0)
        let found = try await admin.listDevices(
            DeviceFilter(query: "label.floor=3"),
            PageRequest()
        )
        #expect(found.items.map(\.id) == ["lamp-1"])
        let all = LabelChange(query: "group=hall and not label.floor=3", set: ["floor": "2"])
        #expect(try await admin.label(all, by: root).devices == 2)
        let moved = LabelChange(query: "label.floor=2", set: ["floor": "3"], remove: ["canary"])
        #expect(try await admin.label(moved, by: root).devices == 2)
        let group = LabelChange(group: "hall", remove: ["canary"])
        #expect(try await admin.label(group, by: root).devices == 1)
        #expect(try await admin.device("lamp-1").labels == ["floor": "3"])
        let rows = try await admin.listAudit(AuditFilter(kind: "deviceLabelled"), PageRequest())
        #expect(rows.items.count == 6)
        #expect(rows.items.first?.details == ["+floor": "3", "+canary": "yes"])
        #expect(rows.items.last?.details == ["-canary": ""])
    }

    @Test(arguments: [
        (LabelChange(device: "lamp-1"), "invalid"),
        (LabelChange(device: "lamp-1", set: [:], remove: []), "invalid"),
        (LabelChange(set: ["a": "1"]), "invalid"),
        (LabelChange(device: "lamp-1", group: "hall", set: ["a": "1"]), "invalid"),
        (LabelChange(device: "lamp-1", set: ["Floor!": "1"]), "invalid"),
        (LabelChange(device: "lamp-1", set: ["": "1"]), "invalid"),
        (LabelChange(device: "lamp-1", set: ["a": "\u{1B}[2J"]), "invalid"),
        (
            LabelChange(device: "lamp-1", set: ["a": String(repeating: "x", count: 9_999)]),
            "invalid"
        ),
        (LabelChange(device: "lamp-1", set: ["a": "1"], remove: ["a"]), "invalid"),
        (LabelChange(query: "flor=1", set: ["a": "1"]), "invalid"),
        (LabelChange(device: "lamp-9", set: ["a": "1"]), "notFound"),
        (LabelChange(group: "attic", set: ["a": "1"]), "notFound"),
    ])
    func `a label that can't be is refused, and nothing is written`(
        change: LabelChange,
        code: String
    ) async throws {
        try await home.furnish()
        try await home.enrol("lamp-1")
        let found = await problem { () throws(AdminProblem) in
            try await home.admin.label(change, by: root)
        }
        #expect(found?.code.rawValue == code)
        #expect(try await home.admin.device("lamp-1").labels == nil)
    }

    @Test func `a device has a limit of labels`() async throws {
        try await home.furnish()
        try await home.enrol("lamp-1")
        for number in 0..<33 {
            let change = LabelChange(device: "lamp-1", set: ["l\(number)": "1"])
            let found = await problem { () throws(AdminProblem) in
                try await home.admin.label(change, by: root)
            }
            #expect(found?.code == (number < 32 ? nil : .invalid))
        }
        #expect(try await home.admin.device("lamp-1").labels?.count == 32)
    }

    @Test func `a device is quarantined and let in again`() async throws {
        try await home.furnish()
        try await home.enrol("lamp-1")
        let admin = home.admin
        #expect(try await admin.quarantineDevice("lamp-1", by: root).state == "quarantined")
        #expect(try await admin.quarantineDevice("lamp-1", by: root).state == "quarantined")
        #expect(try await admin.reinstateDevice("lamp-1", by: root).state == "enrolled")
        _ = try await admin.retireDevice("lamp-1", by: root)
        let late = await problem { () throws(AdminProblem) in
            try await admin.quarantineDevice("lamp-1", by: root)
        }
        #expect(late?.code == .conflict)
        let none = await problem { () throws(AdminProblem) in
            try await admin.reinstateDevice("lamp-9", by: root)
        }
        #expect(none?.code == .notFound)
    }

    @Test func `a device is shown with its rhythm, its notices and the keys it lost`() async throws
    {
        try await home.furnish()
        let lamp = try await home.enrol("lamp-1")
        let fresh = try await home.admin.device("lamp-1")
        #expect(fresh.contactSeconds == nil && fresh.notices == nil && fresh.retiredKeys == nil)
        // It has not said which one it trusts, and it is not for the server to guess.
        #expect(fresh.anchor == nil && fresh.damage == nil)
        try await home.visit(lamp, lastOrder: 7, at: Home.now + 3600)
        _ = try await home.admin.retireKeys(KeyOrder(device: "lamp-1", key: "data"), by: root)
        let detail = try await home.admin.device("lamp-1")
        #expect(detail.contactSeconds == 3600 && detail.anchor == 1)
        #expect(detail.notices?.map(\.kind) == ["ahead"])
        #expect(detail.retiredKeys == ["data"])
    }

    @Test func `a key that is older than its spec allows is shown as such`() async throws {
        try await home.furnish()
        _ = try await home.admin.createKeySpec(
            KeySpecCreation(
                name: "short",
                group: "hall",
                algorithm: "aes-256",
                graceSeconds: 60,
                maximumAgeSeconds: 3600
            ),
            by: root
        )
        try await home.enrol("lamp-1")
        let details = try await home.registry.device(DeviceID(parsing: "lamp-1"))
        let specs = try await home.registry.listKeySpecs(group: GroupName(parsing: "hall"))
        func old(at now: Int64) -> [String] {
            DeviceDetail(details, specs: specs, now: now).keys
                .filter { $0.isOverAge == true }.map(\.name)
        }
        #expect(old(at: Home.now + 3599).isEmpty)
        #expect(old(at: Home.now + 3600) == ["short"])
    }

    @Test func `a notice is dismissed once, by whoever the log names`() async throws {
        try await home.furnish()
        let lamp = try await home.enrol("lamp-1")
        try await home.visit(lamp, lastOrder: 7, at: Home.now + 60)
        let dismissal = NoticeDismissal(device: "lamp-1", kind: "ahead")
        #expect(try await home.admin.dismissNotice(dismissal, by: root).devices == 1)
        #expect(try await home.admin.dismissNotice(dismissal, by: root).devices == 0)
        #expect(try await home.admin.device("lamp-1").notices == nil)
        let rows = try await home.admin.listAudit(
            AuditFilter(kind: "noticeDismissed"),
            PageRequest()
        )
        #expect(rows.items.map(\.actor) == ["uid:root"])
    }

    @Test(arguments: [
        (NoticeDismissal(device: "lamp-9", kind: "ahead"), AdminProblem.Code.notFound),
        (NoticeDismissal(device: "lamp-1", kind: "aheda"), .invalid),
        (NoticeDismissal(device: "lamp-1", kind: ""), .invalid),
        (NoticeDismissal(device: "Lamp 1", kind: "ahead"), .invalid),
    ])
    func `a notice of nobody, or of no kind, is not dismissed`(
        dismissal: NoticeDismissal,
        code: AdminProblem.Code
    ) async throws {
        try await home.furnish()
        try await home.enrol("lamp-1")
        let found = await problem { () throws(AdminProblem) in
            try await home.admin.dismissNotice(dismissal, by: root)
        }
        #expect(found?.code == code)
    }

    @Test func `a rotation is asked for by a query, and the log says by which`() async throws {
        try await home.furnish()
        for number in 1...2 { try await home.enrol("lamp-\(number)") }
        let selection = KeySelection(query: "id=lamp-2", key: "data")
        #expect(try await home.admin.rotate(selection, by: root).keys == 1)
        #expect(try await home.admin.progress(of: KeySelection(device: "lamp-1")).waiting == 0)
        #expect(try await home.admin.progress(of: selection).waiting == 1)
        let rows = try await home.admin.listAudit(
            AuditFilter(kind: "rotationOrdered"),
            PageRequest()
        )
        #expect(rows.items.last?.details["query"] == "id = lamp-2")
    }
}
