import KeyExchange
import KeyStore
import Testing

@Suite struct KeyRingTests {
    let scratch = Scratch()

    @Test func `a new epoch comes beside the old one, and grace follows its activation`() throws {
        let store = try enrolledLamp(scratch)
        _ = store.install([offer(payload, 2, 2)])
        #expect(lines(store.keys) == ["payload 1 primary", "payload 2 pending"])
        #expect(try store.apply([activate(payload, 2, grace: 90)]).isEmpty)
        #expect(lines(store.keys) == ["payload 1 grace", "payload 2 primary"])
        #expect(store.gracePeriods.map(\.duration) == [.seconds(90)])
        #expect(try store.endGrace(of: payload, epoch(1)))
        #expect(lines(store.keys) == ["payload 2 primary"])
    }

    @Test func `without grace the old epoch goes at once`() throws {
        let store = try enrolledLamp(scratch)
        _ = store.install([offer(payload, 2, 2)])
        let gone = try store.apply([activate(payload, 2, grace: 0)])
        #expect(gone.map(\.epoch) == [epoch(1)])
        #expect(lines(store.keys) == ["payload 2 primary"])
    }

    @Test func `an older pending epoch goes when a newer one is activated`() throws {
        let store = try enrolledLamp(scratch)
        _ = store.install([offer(payload, 2, 2)])
        _ = store.install([offer(payload, 3, 3)])
        #expect(try store.apply([activate(payload, 3)]).map(\.epoch) == [epoch(2)])
        #expect(lines(store.keys) == ["payload 1 grace", "payload 3 primary"])
    }

    @Test func `an epoch never goes back`() throws {
        let store = try enrolledLamp(scratch)
        _ = store.install([offer(payload, 2, 2)])
        _ = try store.apply([activate(payload, 2)])
        _ = try store.apply([activate(payload, 1)])
        #expect(lines(store.keys) == ["payload 1 grace", "payload 2 primary"])
        let results = store.install([offer(payload, 1, 9)]).results
        #expect(results.map(\.failure) == [.unknownEpoch])
    }

    @Test func `the same epoch with another key is refused`() throws {
        let store = try enrolledLamp(scratch)
        #expect(store.install([offer(payload, 1, 9)]).results.map(\.failure) == [.unknownEpoch])
        _ = store.install([offer(payload, 2, 2)])
        #expect(store.install([offer(payload, 2, 9)]).results.map(\.failure) == [.unknownEpoch])
        #expect(store.install([offer(payload, 2, 2)]).results.map(\.failure) == [nil])
    }

    @Test func `one refused key does not hold up the others`() throws {
        let store = try enrolledLamp(scratch)
        let results = store.install([offer(payload, 1, 9), offer(signing, 1, 4)]).results
        #expect(results.map(\.failure) == [.unknownEpoch, nil])
        #expect(lines(store.keys) == ["payload 1 primary", "signing 1 pending"])
    }

    @Test func `discard ends a grace`() throws {
        let store = try enrolledLamp(scratch)
        _ = store.install([offer(payload, 2, 2)])
        _ = try store.apply([activate(payload, 2)])
        let gone = try store.apply([Verdict(name: payload, action: .discard(epoch(1)))])
        #expect(gone.map(\.epoch) == [epoch(1)])
        #expect(lines(store.keys) == ["payload 2 primary"])
    }

    @Test func `discard never takes what is in use`() throws {
        let store = try enrolledLamp(scratch)
        _ = store.install([offer(payload, 2, 2)])
        _ = try store.apply([Verdict(name: payload, action: .discard(epoch(1)))])
        #expect(lines(store.keys) == ["payload 1 primary", "payload 2 pending"])
        _ = try store.apply([Verdict(name: payload, action: .discard(epoch(2)))])
        #expect(lines(store.keys) == ["payload 1 primary"])
    }

    @Test func `remove takes every generation`() throws {
        let store = try enrolledLamp(scratch)
        _ = store.install([offer(payload, 2, 2)])
        let gone = try store.apply([Verdict(name: payload, action: .remove)])
        #expect(gone.map(\.epoch) == [epoch(1), epoch(2)] && store.keys.isEmpty)
    }

    @Test func `keys and generations are bounded`() throws {
        let store = try enrolledLamp(scratch)
        for number in 2...8 { _ = store.install([offer(payload, UInt32(number), 2)]) }
        #expect(store.install([offer(payload, 9, 2)]).results.map(\.failure) == [.storeFull])
        for number in 1...15 { _ = store.install([offer(KeyName(checked: "k\(number)"), 1, 2)]) }
        #expect(store.install([offer(signing, 1, 2)]).results.map(\.failure) == [.storeFull])
        let again = Scratch()
        withExtendedLifetime(again) {}
        #expect(store.keys.count == 16)
    }
}
