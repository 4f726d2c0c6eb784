import KeyExchange
import KeyStore
import Testing

@Suite struct LendingTests {
    @Test(arguments: [
        (Report.EpochState.primary, Lending.full), (.pending, .readOnly), (.grace, .readOnly),
        (.suspended, .none(.suspended)),
    ])
    func `without a lease the state decides, whenever the server was heard`(
        state: Report.EpochState,
        lending: Lending
    ) {
        for silence in [nil, .zero, Duration.seconds(Int64(UInt32.max) * 100)] {
            #expect(Lending(state, leaseSeconds: 0, silence: silence) == lending)
        }
    }

    @Test(arguments: Report.EpochState.allCases.filter { $0 != .suspended })
    func `a lease ends at its second, and not before`(state: Report.EpochState) {
        let lent = Lending(state, leaseSeconds: 0, silence: nil)
        for silence in [Duration.zero, .seconds(59), .seconds(59.999)] {
            #expect(Lending(state, leaseSeconds: 60, silence: silence) == lent)
        }
        for silence in [Duration.seconds(60), .seconds(61), .seconds(1 << 40)] {
            #expect(Lending(state, leaseSeconds: 60, silence: silence) == .none(.leaseOver))
        }
        #expect(Lending(state, leaseSeconds: 60, silence: nil) == .none(.notHeard))
        let longest = Lending(state, leaseSeconds: .max, silence: .seconds(4_294_967_294))
        #expect(longest == lent)
    }

    @Test func `suspension outweighs a lease`() {
        #expect(Lending(.suspended, leaseSeconds: 60, silence: nil) == .none(.suspended))
    }

    @Test func `when the last word is lost, each side reads what the other protects`() throws {
        let scratch = Scratch()
        let store = try enrolledLamp(scratch)
        _ = store.install([offer(payload, 2, 2)])
        let key = try #require(store.keys.first)
        // The server has confirmed 2, keeps 1 for its grace, and protects with 2.
        #expect(key.protecting(after: nil)?.epoch == epoch(1))
        #expect(key.reading(after: nil).map(\.epoch) == [epoch(2), epoch(1)])
        _ = try store.apply([activate(payload, 2)])
        let later = try #require(store.keys.first)
        #expect(later.protecting(after: nil)?.epoch == epoch(2))
        #expect(later.reading(after: nil).map(\.epoch) == [epoch(2), epoch(1)])
    }

    @Test func `a suspended key protects and reads nothing`() throws {
        let scratch = Scratch()
        let store = try enrolledLamp(scratch)
        _ = try store.apply([Verdict(name: payload, action: .suspend(epoch(1)))])
        let key = try #require(store.keys.first)
        #expect(key.protecting(after: .zero) == nil && key.reading(after: .zero).isEmpty)
    }

    @Test func `the next end is the nearest of those that are left`() throws {
        let scratch = Scratch()
        let store = try enrolledLamp(scratch)
        #expect(!Leases.exist(in: store.keys))
        #expect(Leases(of: store.keys, after: nil).over.isEmpty)
        _ = store.install([offer(payload, 2, 2, lease: 100), offer(signing, 1, 3, lease: 40)])
        #expect(Leases.exist(in: store.keys))
        let first = Leases(of: store.keys, after: .seconds(10))
        #expect(first.next == .seconds(30) && first.over.isEmpty)
        let second = Leases(of: store.keys, after: .seconds(40))
        #expect(second.next == .seconds(60) && second.over.map(\.name) == [signing])
        let never = Leases(of: store.keys, after: nil)
        #expect(never.next == nil && never.over.map(\.name) == [payload, signing])
    }
}

@Suite struct LastWordTests {
    let state = Scratch()
    let runtime = Scratch()
    let device: DeviceRecord

    init() throws {
        let store = try enrolledLamp(state)
        device = try #require(store.device)
    }

    private let name = "meadow.lamp-1.last-word"

    private func read(boot: String? = "boot-1", now: Duration = .seconds(1000)) -> Duration? {
        LastWord.silence(in: runtime.path, of: device, now: now, bootID: boot)
    }

    @Test func `a word is known to the next start in the same boot`() throws {
        let word = try LastWord(in: runtime.path, of: device, bootID: "boot-1")
        #expect(word.read(now: .seconds(1000)) == nil && read() == nil)
        try word.keep(.seconds(940.9))
        #expect(word.read(now: .seconds(1000)) == .seconds(940) && read() == .seconds(60))
        try word.keep(.seconds(990))
        #expect(read() == .seconds(10))
    }

    @Test func `after a reboot nobody knows`() throws {
        try LastWord(in: runtime.path, of: device, bootID: "boot-1").keep(.seconds(10))
        #expect(read(boot: "boot-2", now: .seconds(20)) == nil && read(boot: nil) == nil)
        #expect(throws: StoreError.self) {
            try LastWord(in: runtime.path, of: device, bootID: nil)
        }
    }

    @Test func `a word from the future is no word`() throws {
        try LastWord(in: runtime.path, of: device, bootID: "boot-1").keep(.seconds(1001))
        #expect(read() == nil)
    }

    @Test(arguments: [
        "", "\n", "latchkey-last-word 1 boot-1 10", "latchkey-last-word 2 boot-1 10\n",
        "latchkey-last-word 1 boot-1 -10\n", "latchkey-last-word 1 boot-1 10 \n",
        "latchkey-last-word 1 boot-1 99999999999999999999\n", "latchkey-last-word 1 boot-1\n",
        "latchkey-last-word 1 boot-1 10\nlatchkey-last-word 1 boot-1 10\n",
        String(repeating: "1", count: 60_000) + "\n",
    ])
    func `what is damaged is no word`(text: String) {
        runtime.write(name, Array(text.utf8))
        #expect(read() == nil)
    }

    @Test func `what others may write is no word`() throws {
        runtime.write(name, Array("latchkey-last-word 1 boot-1 10\n".utf8), mode: 0o666)
        #expect(read() == nil)
        runtime.write(name, Array("latchkey-last-word 1 boot-1 10\n".utf8), mode: 0o600)
        #expect(read() == .seconds(990))
        runtime.allow(0o777)
        #expect(read() == nil)
        #expect(throws: StoreError(.tooOpen, "")) { try LastWord(in: runtime.path, of: device) }
    }

    @Test func `the clock goes on, and the kernel names its boot`() {
        let first = BootClock.now()
        #expect(first > .zero && BootClock.now() >= first)
        #expect(BootClock.bootID()?.count == 36)
    }
}

@Suite struct SuspensionTests {
    let scratch = Scratch()
    let store: KeyStore

    init() throws { store = try enrolledLamp(scratch) }

    private func suspend(_ number: UInt32) -> Verdict {
        Verdict(name: payload, action: .suspend(epoch(number)))
    }

    private func resume(_ number: UInt32) -> Verdict {
        Verdict(name: payload, action: .resume(epoch(number)))
    }

    @Test func `suspended and resumed, durably, and reported`() throws {
        _ = try store.apply([suspend(1)])
        #expect(lines(store.keys) == ["payload 1 suspended"])
        #expect(store.report(agentVersion: "t").keys.first?.epochs.map(\.state) == [.suspended])
        let file = scratch.modified("keys")
        _ = try store.apply([suspend(1)])
        #expect(scratch.modified("keys") == file)
        #expect(
            try StoreView(scratch.path, crypto: crypto).keys.first?.epochs[0].state == .suspended
        )
        _ = try store.apply([resume(1)])
        #expect(lines(store.keys) == ["payload 1 primary"])
    }

    @Test func `a newer epoch does not free a suspended one, whose grace runs`() throws {
        _ = try store.apply([suspend(1)])
        _ = store.install([offer(payload, 2, 2)])
        #expect(lines(store.keys) == ["payload 1 suspended", "payload 2 pending"])
        _ = try store.apply([activate(payload, 2, grace: 30)])
        #expect(lines(store.keys) == ["payload 1 suspended", "payload 2 primary"])
        #expect(store.gracePeriods.map(\.duration) == [.seconds(30)])
        // What is resumed too late comes back to read, not into use.
        _ = try store.apply([resume(1)])
        #expect(lines(store.keys) == ["payload 1 grace", "payload 2 primary"])
        _ = try store.apply([suspend(1)])
        #expect(lines(store.keys) == ["payload 1 suspended", "payload 2 primary"])
        #expect(try store.endGrace(of: payload, epoch(1)))
        #expect(lines(store.keys) == ["payload 2 primary"])
    }

    @Test func `without grace the suspended one goes at once`() throws {
        _ = try store.apply([suspend(1)])
        _ = store.install([offer(payload, 2, 2)])
        #expect(try store.apply([activate(payload, 2, grace: 0)]).map(\.epoch) == [epoch(1)])
        #expect(lines(store.keys) == ["payload 2 primary"])
    }

    @Test func `the current epoch has no grace that could end`() throws {
        _ = try store.apply([suspend(1)])
        #expect(store.gracePeriods.isEmpty)
        #expect(try !store.endGrace(of: payload, epoch(1)))
    }

    @Test func `suspending what the device does not use yet supersedes what it does`() throws {
        _ = store.install([offer(payload, 2, 2, grace: 45)])
        _ = try store.apply([suspend(2)])
        #expect(lines(store.keys) == ["payload 1 grace", "payload 2 suspended"])
        #expect(store.gracePeriods.map(\.duration) == [.seconds(45)])
        _ = try store.apply([resume(2)])
        #expect(lines(store.keys) == ["payload 1 grace", "payload 2 primary"])
    }

    @Test func `verdicts apply in their order`() throws {
        _ = store.install([offer(payload, 2, 2)])
        _ = try store.apply([activate(payload, 2), suspend(2)])
        #expect(lines(store.keys) == ["payload 1 grace", "payload 2 suspended"])
        let gone = try store.apply([Verdict(name: payload, action: .discard(epoch(2)))])
        #expect(gone.map(\.epoch) == [epoch(2)])
    }

    @Test func `what is not held, or not suspended, changes nothing`() throws {
        let before = scratch.modified("keys")
        _ = try store.apply([suspend(2), resume(1), resume(7)])
        _ = try store.apply([Verdict(name: signing, action: .suspend(epoch(1)))])
        #expect(lines(store.keys) == ["payload 1 primary"] && scratch.modified("keys") == before)
    }

    @Test func `a suspended key is retired like any other`() throws {
        _ = try store.apply([suspend(1)])
        #expect(
            try store.retire(operation(1), counter: 1, scope: .keys([payload])).map(\.epoch) == [
                epoch(1)
            ]
        )
        #expect(store.keys.isEmpty)
    }
}
