import Glibc
import KeyExchange
import KeyStore
import Secrets
import Testing

@Suite struct KeyStoreTests {
    let scratch = Scratch()

    @Test func `everything is there after a restart`() throws {
        do {
            let store = try enrolledLamp(scratch)
            _ = store.install([offer(payload, 2, 2), offer(signing, 1, 3, algorithm: .hmacSHA256)])
        }
        let store = try open(scratch)
        #expect(
            lines(store.keys) == ["payload 1 primary", "payload 2 pending", "signing 1 pending"]
        )
        let device = try #require(store.device)
        #expect(device.life == .enrolled && device.name == lamp && device.token == nil)
        #expect(isSame(device.account, secret(3, count: 24)))
        #expect(device.privateKey?.secret.count == 32)
        let material = try #require(store.keys.first?.epochs.last?.material)
        #expect(isSame(material, secret(2, count: 32)))
        #expect(scratch.files == ["device", "kek", "keys", "lock"])
    }

    @Test func `a repeat of the bundle keeps the identity`() throws {
        let first = try open(scratch)
        _ = try first.begin(with: bundle(), name: lamp)
        let before = (first.device?.credential, scratch.modified("device"))
        #expect(try first.begin(with: bundle(), name: lamp) == .ready)
        #expect(first.device?.credential == before.0 && scratch.modified("device") == before.1)
        #expect(try first.begin(with: bundle(token: false), name: lamp) == .ready)
        #expect(first.device?.credential == before.0 && first.device?.token == nil)
    }

    @Test func `another name before the device is let in is another identity`() throws {
        let store = try open(scratch)
        _ = try store.begin(with: bundle(), name: lamp)
        let before = store.device?.credential
        _ = try store.begin(with: bundle(), name: DeviceID(checked: "lamp-2"))
        #expect(store.device?.credential != before)
    }

    @Test func `once enrolled, a bundle of the fleet changes nothing and another is refused`()
        throws
    {
        let store = try enrolledLamp(scratch)
        let before = scratch.modified("device")
        #expect(try store.begin(with: bundle(), name: lamp) == .alreadyEnrolled)
        #expect(scratch.modified("device") == before)
        #expect(throws: StoreError(.refused, "")) {
            try store.begin(with: bundle(fleet: FleetID(checked: "other")), name: lamp)
        }
        #expect(throws: StoreError(.refused, "")) {
            try store.begin(with: bundle(), name: DeviceID(checked: "lamp-2"))
        }
    }

    @Test func `nothing is written when nothing changes`() throws {
        let store = try enrolledLamp(scratch)
        let before = ["device", "keys", "kek", "lock"].map(scratch.modified)
        try store.enrolled(account: secret(3, count: 24))
        #expect(store.install([offer(payload, 1, 1)]).results.map(\.failure) == [nil])
        #expect(try store.apply([activate(payload, 1), activate(signing, 4)]).isEmpty)
        #expect(try !store.endGrace(of: payload, epoch(1)))
        try store.finishRetirement()
        _ = store.report(agentVersion: "1")
        #expect(["device", "keys", "kek", "lock"].map(scratch.modified) == before)
    }

    @Test func `the report names each generation with its check`() throws {
        let store = try enrolledLamp(scratch)
        _ = store.install([offer(payload, 2, 2)])
        let report = store.report(agentVersion: "1.0")
        #expect(report.store == .file && report.level == .software && report.lastOrder == 0)
        let held = try #require(report.keys.first)
        #expect(held.name == payload && held.epochs.map(\.state) == [.primary, .pending])
        let expected = Thumbprint(of: secret(2, count: 32).secret, crypto: crypto)
        #expect(held.epochs.last?.check == expected.check)
    }

    @Test func `the last of the server's times counts, over a restart too`() throws {
        var store: KeyStore? = try enrolledLamp(scratch)
        store?.note(serverTime: 2_180_000_000)
        _ = store?.install([offer(payload, 2, 2)])
        store?.note(serverTime: 1_780_000_000)
        #expect(store?.serverTime == 1_780_000_000)
        store = nil
        store = try open(scratch)
        #expect(store?.serverTime == 1_780_000_000)
        // What only goes on is no reason to write.
        let before = scratch.modified("keys")
        store?.note(serverTime: 1_780_000_001)
        #expect(scratch.modified("keys") == before && store?.serverTime == 1_780_000_001)
    }

    @Test func `a second agent on the folder is refused, a look at it is not`() throws {
        let store = try enrolledLamp(scratch)
        #expect(throws: StoreError(.locked, "")) { try open(scratch) }
        #expect(throws: StoreError(.locked, "")) { try KeyStore.wipe(scratch.path) }
        let view = try StoreView(scratch.path, crypto: crypto)
        #expect(view.device?.name == lamp && lines(view.keys) == lines(store.keys))
    }

    @Test func `the authority's file follows the record`() throws {
        let store = try enrolledLamp(scratch)
        let file = try #require(try store.authorityFile())
        let content = scratch.read("broker-ca.pem")
        #expect(
            file == scratch.path + "/broker-ca.pem" && content == store.device?.broker.authority
        )
        let before = scratch.modified("broker-ca.pem")
        _ = try store.authorityFile()
        #expect(scratch.modified("broker-ca.pem") == before)
        scratch.write("broker-ca.pem", Array("another authority".utf8))
        _ = try store.authorityFile()
        #expect(scratch.read("broker-ca.pem") == content)
    }

    @Test func `a wiped folder is as new`() throws {
        _ = try enrolledLamp(scratch)
        try KeyStore.wipe(scratch.path)
        #expect(scratch.files == ["lock"])
        let store = try open(scratch)
        #expect(store.device == nil && store.keys.isEmpty)
    }
}
