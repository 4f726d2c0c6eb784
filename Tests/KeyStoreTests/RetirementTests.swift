import KeyExchange
import KeyStore
import Secrets
import Testing

@Suite struct RetirementTests {
    let scratch = Scratch()

    @Test func `a retired device has no secret left and takes no bundle`() throws {
        do {
            let store = try enrolledLamp(scratch)
            let gone = try store.retire(counter: 1, scope: .device)
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
        let first = try enrolledLamp(scratch).retire(counter: 3, scope: .device)
        let store = try open(scratch)
        #expect(try store.retire(counter: 3, scope: .device) == first)
        #expect(store.report(agentVersion: "1").lastOrder == 3)
    }

    @Test func `some keys can be retired alone`() throws {
        let store = try enrolledLamp(scratch)
        _ = store.install([offer(signing, 1, 4)])
        let gone = try store.retire(counter: 1, scope: .keys([payload]))
        #expect(gone.map(\.name) == [payload])
        #expect(lines(store.keys) == ["signing 1 pending"] && store.device?.life == .enrolled)
        try store.finishRetirement()
        #expect(store.device?.life == .enrolled)
    }

    @Test func `a device that is retiring takes no key any more`() throws {
        let store = try enrolledLamp(scratch)
        _ = try store.retire(counter: 1, scope: .device)
        let (results, fault) = store.install([offer(payload, 2, 2), offer(signing, 1, 4)])
        #expect(results.map(\.failure) == [.rejected, .rejected] && fault == nil)
        #expect(store.keys.isEmpty)
    }

    @Test func `an older order is refused`() throws {
        let store = try enrolledLamp(scratch)
        _ = try store.retire(counter: 5, scope: .keys([signing]))
        #expect(throws: StoreError(.refused, "")) { try store.retire(counter: 4, scope: .device) }
        #expect(lines(store.keys) == ["payload 1 primary"])
    }

    @Test func `a retirement that a crash cut in two is finished at the next start`() throws {
        do {
            let store = try enrolledLamp(scratch)
            let keys = scratch.read("keys")
            _ = try store.retire(counter: 1, scope: .device)
            scratch.write("keys", keys)
        }
        let store = try open(scratch)
        #expect(store.keys.isEmpty && store.device?.life == .retiring)
        #expect(store.device?.receipt.count == 1)
    }
}
