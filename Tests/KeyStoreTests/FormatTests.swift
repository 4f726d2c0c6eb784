import EDHOC
import Glibc
import KeyExchange
import KeyStore
import MbedCrypto
import Testing

/// A state folder as agents wrote it before there were anchors and the server's time: `payload` 1 in
/// use, 2 pending, `signing` retired by order 4.
@Suite struct FormatTests {
    let scratch = Scratch()

    init() throws {
        let folder = #filePath.split(separator: "/").dropLast().map { "/" + $0 }.joined()
        for name in ["device", "keys", "kek"] {
            let file = unsafe open("\(folder)/Fixtures/v1/\(name)", O_RDONLY | O_CLOEXEC)
            defer { close(file) }
            try #require(file >= 0)
            var buffer = [UInt8](repeating: 0, count: 4096)
            let count = unsafe buffer.withUnsafeMutableBytes {
                unsafe read(file, $0.baseAddress, $0.count)
            }
            scratch.write(name, Array(buffer.prefix(count)))
        }
    }

    @Test func `the first format opens, and nothing is written for it`() throws {
        let before = ["device", "keys"].map(scratch.modified)
        let store = try open(scratch)
        let device = try #require(store.device)
        #expect(device.name == lamp && device.fleet == fleet && device.life == .enrolled)
        #expect(device.order == 4 && device.receipt.map(\.name) == [signing])
        #expect(isSame(device.account, secret(3, count: 24)))
        #expect(lines(store.keys) == ["payload 1 primary", "payload 2 pending"])
        #expect(device.anchors.map(\.generation) == [0])
        #expect(device.newestAnchor.commandKey == nil && store.serverTime == nil)
        #expect(device.newestAnchor.server == (try bundle().server.encoded))
        #expect(["device", "keys"].map(scratch.modified) == before)
    }

    @Test func `each record is brought up to date when it is written`() throws {
        var store: KeyStore? = try open(scratch)
        store?.note(serverTime: 1_800_000_000)
        _ = try store?.apply([activate(payload, 2)])
        #expect(scratch.read("device").first == 1 && scratch.read("keys").first == 2)
        store = nil
        store = try open(scratch)
        #expect(store?.serverTime == 1_800_000_000)
        let pin = try #require(store?.device?.newestAnchor)
        let anchor = Anchor(
            generation: 1,
            fleet: fleet,
            server: try bundle().server,
            commandKey: [UInt8](repeating: 4, count: 64)
        )
        #expect(try store?.pin(anchor, besides: pin) == true)
        #expect(scratch.read("device").first == 2)
        store = nil
        store = try open(scratch)
        #expect(store?.device?.anchors.map(\.generation) == [1])
        #expect(store?.device?.newestAnchor.commandKey == anchor.commandKey)
        #expect(store.map { lines($0.keys) } == ["payload 1 grace", "payload 2 primary"])
        #expect(store?.device?.order == 4)
    }

    @Test func `a retirement that the first format remembered is repeated, and another one is not`()
        throws
    {
        let store = try open(scratch)
        let receipt = try #require(store.device).receipt
        let again = try store.retire(operation(1), counter: 4, scope: .keys([signing]))
        #expect(again == receipt && again.map(\.name) == [signing])
        let gone = try store.retire(operation(2), counter: 4, scope: .device)
        #expect(gone.map(\.name) == [payload, payload] && store.device?.life == .retiring)
        let device = try #require(try StoreView(scratch.path, crypto: crypto).device)
        #expect(device.retirement?.operations == [operation(2)] && device.receipt == gone)
    }

    @Test func `what a retirement of the first format destroyed is used up still`() throws {
        let store = try open(scratch)
        #expect(store.install([offer(signing, 1, 9)]).results.map(\.failure) == [.unknownEpoch])
        let report = store.report(agentVersion: "1", instance: [UInt8](repeating: 7, count: 8))
        let gone = report.keys.filter { $0.epochs.map(\.state) == [.gone] }
        #expect(gone.map(\.name) == [signing])
    }

    @Test func `a format cannot be changed without the key`() throws {
        for name in ["device", "keys"] {
            let file = scratch.read(name)
            for format in [UInt8(0), 2, 3] {
                scratch.write(name, [format] + file.dropFirst())
                #expect(throws: StoreError.self) { try open(scratch) }
            }
            scratch.write(name, file)
        }
        _ = try open(scratch)
    }
}

@Suite struct AnchorTests {
    let scratch = Scratch()
    let store: KeyStore

    init() throws { store = try enrolledLamp(scratch) }

    private func anchor(
        _ generation: UInt32,
        _ byte: UInt8,
        beside: UInt32? = nil
    ) throws -> Anchor {
        let ccs = CCS.encode(
            subject: nil,
            kid: [UInt8](repeating: byte, count: 8),
            curve: .p256,
            publicKey: try crypto.generateAgreementKey(.p256).publicKey
        )
        return Anchor(
            generation: generation,
            fleet: fleet,
            server: try Credential(ccs: ccs, sentByValue: false),
            commandKey: [UInt8](repeating: byte, count: 64),
            beside: beside
        )
    }

    private func pinned() throws -> [UInt32] {
        try #require(store.device).anchors.map(\.generation)
    }

    /// The first command key, told by the server of the bundle.
    private func first() throws -> PinnedAnchor {
        let own = Anchor(
            generation: 1,
            fleet: fleet,
            server: try bundle().server,
            commandKey: [UInt8](repeating: 1, count: 64)
        )
        _ = try store.pin(own, besides: try #require(store.device).newestAnchor)
        return try #require(store.device).newestAnchor
    }

    @Test func `a new anchor stands beside the old one, durably, and is reported`() throws {
        let first = try first()
        #expect(try store.pin(try anchor(2, 2), besides: first))
        #expect(try pinned() == [1, 2])
        let view = try StoreView(scratch.path, crypto: crypto)
        #expect(view.device?.anchors.map(\.generation) == [1, 2])
        let report = store.report(agentVersion: "t", instance: [UInt8](repeating: 0, count: 8))
        #expect(report.anchor == 2)
        #expect(store.report(agentVersion: "t").anchor == 0)
    }

    @Test func `the third takes the place of the one that did not vouch`() throws {
        let first = try first()
        _ = try store.pin(try anchor(2, 2), besides: first)
        // The server never switched to 2.
        #expect(try store.pin(try anchor(3, 3), besides: first))
        #expect(try pinned() == [1, 3])
        let third = try #require(store.device).newestAnchor
        #expect(try store.pin(try anchor(4, 4), besides: third))
        #expect(try pinned() == [3, 4])
    }

    @Test func `the one that the server works with stays, however many are announced`() throws {
        let first = try first()
        _ = try store.pin(try anchor(2, 2, beside: 1), besides: first)
        let second = try #require(store.device).newestAnchor
        // Talked under 2 already, which the server has not switched to.
        #expect(try store.pin(try anchor(3, 3, beside: 1), besides: second))
        #expect(try pinned() == [1, 3])
        let third = try #require(store.device).newestAnchor
        // It works with 2 by now, which this device no longer has: then who vouches stays.
        #expect(try store.pin(try anchor(4, 4, beside: 2), besides: third))
        #expect(try pinned() == [3, 4])
    }

    @Test func `what is older, known, or has a number that is taken is not pinned`() throws {
        let first = try first()
        let second = try anchor(2, 2)
        #expect(try store.pin(second, besides: first))
        let before = scratch.modified("device")
        #expect(try !store.pin(second, besides: first))
        #expect(try !store.pin(try anchor(2, 3), besides: first))
        #expect(try !store.pin(try anchor(1, 4), besides: first))
        // Nor on the word of one that is no longer pinned.
        _ = try store.pin(try anchor(3, 3), besides: try #require(store.device).newestAnchor)
        #expect(try !store.pin(try anchor(9, 9), besides: first))
        #expect(try pinned() == [2, 3])
        #expect(scratch.modified("device") != before)
    }

    @Test func `a full disk pins nothing, and the next word does`() throws {
        let path = Scratch()
        do {
            let store = try enrolledLamp(path)
            _ = store.keys
        }
        let full = try open(path) { $0 == .written ? ENOSPC : nil }
        let pin = try #require(full.device).newestAnchor
        #expect(throws: StoreError.self) { try full.pin(try anchor(2, 2), besides: pin) }
        #expect(full.device?.anchors.map(\.generation) == [0])
    }
}
