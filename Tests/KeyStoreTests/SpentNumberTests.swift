import KeyExchange
import KeyStore
import Testing

/// What a device remembers of the numbers of keys that it destroyed, for a server that may not.
@Suite struct SpentNumberTests {
    let scratch = Scratch()

    private func reported(_ store: KeyStore) -> [String] {
        store.report(agentVersion: "1", instance: [UInt8](repeating: 7, count: 8)).keys
            .flatMap { key in key.epochs.map { "\(key.name) \($0.epoch) \($0.state)" } }
    }

    @Test func `a number that a retirement has used up is told until a later one is in use`() throws
    {
        var store: KeyStore? = try enrolledLamp(scratch)
        _ = store?.install([offer(payload, 2, 2)])
        _ = try store?.apply([activate(payload, 2, grace: 90)])
        _ = try store?.retire(operation(1), counter: 1, scope: .keys([payload]))
        for _ in 0..<2 {
            #expect(store.map(reported) == ["payload 2 gone"])
            store = nil
            store = try open(scratch)
        }
        #expect(store?.install([offer(payload, 3, 3)]).results.map(\.failure) == [nil])
        #expect(store.map(reported) == ["payload 2 gone", "payload 3 pending"])
        _ = try store?.apply([activate(payload, 3)])
        #expect(store.map(reported) == ["payload 3 primary"])
    }

    @Test func `a suspended generation that is discarded never comes back, under any key`() throws {
        let store = try enrolledLamp(scratch)
        _ = try store.apply([Verdict(name: payload, action: .suspend(epoch(1)))])
        _ = try store.apply([Verdict(name: payload, action: .discard(epoch(1)))])
        #expect(reported(store) == ["payload 1 gone"])
        for seed in [UInt8(1), 9] {
            let results = store.install([offer(payload, 1, seed)]).results
            #expect(results.map(\.failure) == [.unknownEpoch])
        }
    }

    @Test func `a generation that was refused before its use may be offered again`() throws {
        let store = try enrolledLamp(scratch)
        _ = store.install([offer(payload, 2, 2)])
        try store.refuse(payload, epoch(2))
        #expect(reported(store) == ["payload 1 primary"])
        #expect(store.install([offer(payload, 2, 2)]).results.map(\.failure) == [nil])
    }

    @Test func `an older form of the report has no word for it`() throws {
        let store = try enrolledLamp(scratch)
        _ = try store.retire(operation(1), counter: 1, scope: .keys([payload]))
        #expect(store.report(agentVersion: "1").keys.isEmpty)
    }

    @Test func `sixteen keys are remembered, and what is held goes first`() throws {
        let store = try enrolledLamp(scratch)
        for number in 1...20 {
            let name = KeyName(checked: "key-\(number)")
            _ = store.install([offer(name, 1, UInt8(number))])
            _ = try store.retire(operation(1), counter: UInt64(number), scope: .keys([name]))
        }
        let keys = reported(store)
        #expect(keys.count == MessageLimits.keys)
        #expect(keys.contains("payload 1 primary") && keys.contains("key-20 1 gone"))
        #expect(!keys.contains("key-4 1 gone"))
        #expect(lines(store.keys) == ["payload 1 primary"])
    }
}
