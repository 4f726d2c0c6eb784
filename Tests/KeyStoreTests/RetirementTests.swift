import Glibc
import KeyExchange
import KeyStore
import Secrets
import Synchronization
import Testing

@Suite struct RetirementTests {
    let scratch = Scratch()

    @Test func `a retired device has no secret left and takes no bundle`() throws {
        do {
            let store = try enrolledLamp(scratch)
            let gone = try store.retire(operation(1), counter: 1, scope: .device)
            #expect(gone.map(\.name) == [payload])
            let thumbprint = Thumbprint(of: secret(1, count: 32).secret, crypto: crypto)
            #expect(gone.map(\.thumbprint) == [thumbprint])
            #expect(store.keys.isEmpty && store.device?.life == .retiring)
            // The identity dies last: it authenticates the receipt.
            #expect(store.device?.privateKey != nil)
            try store.finishRetirement()
        }
        let store = try open(scratch)
        let device = try #require(store.device)
        #expect(device.life == .retired && device.order == 1)
        #expect(device.privateKey == nil && device.account == nil && device.enrolPassword == nil)
        #expect(throws: StoreError(.refused, "")) { try store.begin(with: bundle(), name: lamp) }
    }

    @Test func `a repeated retirement gives the same receipt, over a restart too`() throws {
        let first = try enrolledLamp(scratch).retire(operation(3), counter: 3, scope: .device)
        let store = try open(scratch)
        #expect(try store.retire(operation(3), counter: 3, scope: .device) == first)
        #expect(store.report(agentVersion: "1").lastOrder == 3)
    }

    @Test func `some keys can be retired alone`() throws {
        let store = try enrolledLamp(scratch)
        _ = store.install([offer(signing, 1, 4)])
        let gone = try store.retire(operation(1), counter: 1, scope: .keys([payload]))
        #expect(gone.map(\.name) == [payload])
        #expect(lines(store.keys) == ["signing 1 pending"] && store.device?.life == .enrolled)
        try store.finishRetirement()
        #expect(store.device?.life == .enrolled)
    }

    @Test func `a device that is retiring takes no key any more`() throws {
        let store = try enrolledLamp(scratch)
        _ = try store.retire(operation(1), counter: 1, scope: .device)
        let (results, fault) = store.install([offer(payload, 2, 2), offer(signing, 1, 4)])
        #expect(results.map(\.failure) == [.rejected, .rejected] && fault == nil)
        #expect(store.keys.isEmpty)
    }

    @Test func `an older order is refused`() throws {
        let store = try enrolledLamp(scratch)
        _ = try store.retire(operation(5), counter: 5, scope: .keys([signing]))
        #expect(throws: StoreError(.refused, "")) {
            try store.retire(operation(4), counter: 4, scope: .device)
        }
        #expect(lines(store.keys) == ["payload 1 primary"])
    }

    @Test func `a retirement that a crash cut in two is finished at the next start`() throws {
        do {
            let store = try enrolledLamp(scratch)
            let keys = scratch.read("keys")
            _ = try store.retire(operation(1), counter: 1, scope: .device)
            scratch.write("keys", keys)
        }
        let store = try open(scratch)
        #expect(store.keys.isEmpty && store.device?.life == .retiring)
        #expect(store.device?.receipt.count == 1)
    }

    @Test func `a counter that a restored server gives out twice is two retirements`() throws {
        let store = try enrolledLamp(scratch)
        _ = store.install([offer(signing, 1, 4)])
        _ = try store.retire(operation(1), counter: 1, scope: .keys([signing]))
        // The backup knew nothing of that one.
        let gone = try store.retire(operation(2), counter: 1, scope: .device)
        #expect(gone.map(\.name) == [payload])
        #expect(store.keys.isEmpty && store.device?.life == .retiring)
        #expect(store.device?.retirement?.operations == [operation(1), operation(2)])
        try store.finishRetirement()
        #expect(store.device?.life == .retired)
    }

    @Test func `a device that is retiring has the same receipt for whoever orders its end`() throws
    {
        var store: KeyStore? = try enrolledLamp(scratch)
        let gone = try store?.retire(operation(1), counter: 1, scope: .device)
        for counter in [UInt64(1), 2] {
            store = nil
            store = try open(scratch)
            let again = try store?.retire(operation(9), counter: counter, scope: .device)
            #expect(again == gone && again?.count == 1)
        }
    }

    @Test func `a generation that a retirement destroyed never comes back`() throws {
        var store: KeyStore? = try enrolledLamp(scratch)
        _ = store?.install([offer(payload, 2, 2)])
        _ = try store?.retire(operation(1), counter: 1, scope: .keys([payload]))
        for number in [UInt32(1), 2] {
            let results = store?.install([offer(payload, number, UInt8(number))]).results
            #expect(results?.map(\.failure) == [.unknownEpoch])
        }
        #expect(store?.keys.isEmpty == true)
        // What a server gives it afterwards is another key, and outlives every start.
        #expect(store?.install([offer(payload, 3, 1)]).results.map(\.failure) == [nil])
        for _ in 0..<2 {
            store = nil
            store = try open(scratch)
            #expect(store.map { lines($0.keys) } == ["payload 3 pending"])
        }
    }

    @Test func `a session that tells the same retirement again ends what came in between`() throws {
        var store: KeyStore? = try enrolledLamp(scratch)
        _ = try store?.retire(operation(1), counter: 1, scope: .keys([payload]))
        // From an older copy of the server, which was put back since to a newer one.
        _ = store?.install([offer(payload, 2, 2), offer(signing, 1, 9)])
        for _ in 1...2 {
            let gone = try store?.retire(operation(1), counter: 1, scope: .keys([payload]))
            #expect(gone?.map(\.epoch) == [epoch(2), epoch(1)])
            #expect(store.map { lines($0.keys) } == ["signing 1 pending"])
            store = nil
            store = try open(scratch)
        }
        #expect(store?.install([offer(payload, 2, 2)]).results.map(\.failure) == [.unknownEpoch])
    }

    @Test func `a crash while a retirement is told again leaves an honest receipt`() throws {
        var store: KeyStore? = try enrolledLamp(scratch)
        _ = try store?.retire(operation(1), counter: 1, scope: .keys([payload]))
        _ = store?.install([offer(payload, 2, 2)])
        _ = try store?.apply([activate(payload, 2)])
        let keys = scratch.read("keys")
        _ = try store?.retire(operation(1), counter: 1, scope: .keys([payload]))
        for _ in 1...2 {
            // As if it had ended when the receipt was written, and the key was still there.
            store = nil
            scratch.write("keys", keys)
            store = try open(scratch)
            #expect(store?.keys.isEmpty == true)
            let gone = try store?.retire(operation(1), counter: 1, scope: .keys([payload]))
            #expect(gone?.map(\.epoch) == [epoch(2), epoch(1)])
        }
    }

    @Test func `a disk that is full while a retirement is told again is no trap`() throws {
        do {
            let store = try enrolledLamp(scratch)
            _ = try store.retire(operation(1), counter: 1, scope: .keys([payload]))
            _ = store.install([offer(payload, 2, 2)])
            _ = try store.apply([activate(payload, 2)])
        }
        // The first record takes its place, the second finds no room.
        for allowed in 0...1 {
            let writes = Mutex(0)
            let full = try open(scratch) { point in
                guard point == .written else { return nil }
                return writes.withLock { count in
                    count += 1
                    return count > allowed ? ENOSPC : nil
                }
            }
            #expect(throws: StoreError.self) {
                try full.retire(operation(1), counter: 1, scope: .keys([payload]))
            }
        }
        let store = try open(scratch)
        let gone = try store.retire(operation(1), counter: 1, scope: .keys([payload]))
        #expect(gone.map(\.epoch) == [epoch(2), epoch(1)] && store.keys.isEmpty)
    }

    @Test func `a device says that it is retiring until its server has the receipt`() throws {
        let store = try enrolledLamp(scratch)
        let instance = [UInt8](repeating: 7, count: 8)
        func says() -> Bool { store.report(agentVersion: "1", instance: instance).isRetiring }
        #expect(!says())
        _ = try store.retire(operation(1), counter: 1, scope: .keys([payload]))
        #expect(!says())
        _ = try store.retire(operation(2), counter: 2, scope: .device)
        #expect(says() && !store.report(agentVersion: "1").isRetiring)
    }

    @Test func `a crash leaves nothing of a retirement that is longer than its receipt`() throws {
        let names = (1...5).map { KeyName(checked: "key-\($0)") }
        do {
            let store = try enrolledLamp(scratch)
            for name in names {
                for number in 1...8 { _ = store.install([offer(name, UInt32(number), 1)]) }
            }
            let keys = scratch.read("keys")
            let gone = try store.retire(operation(1), counter: 1, scope: .keys(names))
            #expect(gone.count == Receipt.limit && gone.count < 5 * 8)
            scratch.write("keys", keys)
        }
        let store = try open(scratch)
        #expect(lines(store.keys) == ["payload 1 primary"])
    }
}
