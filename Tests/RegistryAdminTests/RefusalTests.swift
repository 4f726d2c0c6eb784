import AdminAPI
import AdminModel
import Testing

@testable import ServerKit

@Suite struct RefusalTests {
    private let home: Home

    init() throws { home = try Home() }

    @Test(arguments: ["", "Hall", "hall/2", "-hall", "hall ", String(repeating: "x", count: 65)])
    func `a bad name is refused with its field`(name: String) async throws {
        let found = await problem { () throws(AdminProblem) in
            try await home.admin.createGroup(GroupCreation(name: name), by: root)
        }
        #expect(found?.code == .invalid)
        #expect(found?.details.first?.field == "name")
    }

    @Test func `a second group of the same name is a conflict`() async throws {
        try await home.furnish()
        let found = await problem { () throws(AdminProblem) in
            try await home.admin.createGroup(GroupCreation(name: "hall"), by: root)
        }
        #expect(found?.code == .conflict)
    }

    @Test(arguments: [
        (KeySpecCreation(name: "k", group: "attic", algorithm: "aes-256"), "notFound"),
        (KeySpecCreation(name: "k", group: "hall", algorithm: "des"), "invalid"),
        (KeySpecCreation(name: "k", group: "hall", algorithm: "aes-256", use: "all"), "invalid"),
        (KeySpecCreation(name: "K", group: "hall", algorithm: "aes-256"), "invalid"),
        (KeySpecCreation(name: "data", group: "hall", algorithm: "aes-256"), "conflict"),
        (
            KeySpecCreation(name: "k", group: "hall", algorithm: "aes-256", leaseSeconds: 1),
            "invalid"
        ),
        (
            KeySpecCreation(
                name: "k",
                group: "hall",
                algorithm: "aes-256",
                graceSeconds: 7_200,
                rotateEverySeconds: 3_600
            ), "invalid"
        ),
    ])
    func `a key spec that can't be is refused`(
        request: KeySpecCreation,
        code: String
    ) async throws {
        try await home.furnish()
        let found = await problem { () throws(AdminProblem) in
            try await home.admin.createKeySpec(request, by: root)
        }
        #expect(found?.code.rawValue == code)
    }

    @Test(arguments: [
        (BundleCreation(group: "attic"), "notFound"),
        (BundleCreation(group: "attic", isForRegistered: true), "notFound"),
        (BundleCreation(group: "hall", uses: 0), "invalid"),
        (BundleCreation(group: "hall", uses: -1), "invalid"),
        (BundleCreation(group: "hall", uses: 1 << 40), "invalid"),
        (BundleCreation(group: "hall", expiresInSeconds: 0), "invalid"),
        (BundleCreation(group: "hall", uses: 1, isForRegistered: true), "invalid"),
    ])
    func `a bundle that can't be is refused`(
        request: BundleCreation,
        code: String
    ) async throws {
        try await home.furnish()
        let found = await problem { () throws(AdminProblem) in
            try await home.admin.createBundle(request, by: root)
        }
        #expect(found?.code.rawValue == code)
        #expect(try await home.admin.listBundles(PageRequest()).items.isEmpty)
    }

    @Test func `each bad row of an import comes with its line, and none is taken`() async throws {
        try await home.furnish()
        let key = String(repeating: "ab", count: 32)
        let found = await problem { () throws(AdminProblem) in
            try await home.admin.importDevices(
                csv: "name,group,public_key\nLamp,hall,\(key)\nlamp-2,attic,\(key)\nlamp-3,hall\n",
                by: root
            )
        }
        #expect(found?.code == .invalid)
        #expect(found?.details.map(\.line) == [2, 3, 4])
        let devices = try await home.admin.listDevices(DeviceFilter(), PageRequest())
        #expect(devices.items.isEmpty)
    }

    @Test(arguments: [
        KeySelection(), KeySelection(device: "lamp", group: "hall"), KeySelection(device: "Lamp"),
        KeySelection(group: "hall", query: "id=lamp"), KeySelection(query: "id is lamp"),
    ])
    func `a selection of nothing or of two things is refused`(selection: KeySelection) async {
        let rotation = await problem { () throws(AdminProblem) in
            try await home.admin.rotate(selection, by: root)
        }
        let progress = await problem { () throws(AdminProblem) in
            try await home.admin.progress(of: selection)
        }
        #expect(rotation?.code == .invalid)
        #expect(progress?.code == .invalid)
    }

    @Test func `what is not there is not found`() async throws {
        let device = await problem { () throws(AdminProblem) in
            try await home.admin.device("lamp")
        }
        let retired = await problem { () throws(AdminProblem) in
            try await home.admin.retireDevice("lamp", by: root)
        }
        let bundle = await problem { () throws(AdminProblem) in
            try await home.admin.revokeBundle("0011223344556677", by: root)
        }
        let rotation = await problem { () throws(AdminProblem) in
            try await home.admin.rotate(KeySelection(group: "attic"), by: root)
        }
        for found in [device, retired, bundle, rotation] { #expect(found?.code == .notFound) }
    }

    @Test func `a word that is none of ours is refused with those that are`() async throws {
        let state = await problem { () throws(AdminProblem) in
            try await home.admin.listDevices(DeviceFilter(state: "lost"), PageRequest())
        }
        #expect(state?.message.contains("registered, enrolled") == true)
        let kind = await problem { () throws(AdminProblem) in
            try await home.admin.listAudit(AuditFilter(kind: "keyLost"), PageRequest())
        }
        #expect(kind?.message.contains("keyActivated") == true)
        let id = await problem { () throws(AdminProblem) in
            try await home.admin.revokeBundle("xyz", by: root)
        }
        #expect(id?.code == .invalid)
        let row = await problem { () throws(AdminProblem) in
            try await home.admin.listAudit(AuditFilter(), PageRequest(after: "-1"))
        }
        #expect(row?.code == .invalid)
    }
}
