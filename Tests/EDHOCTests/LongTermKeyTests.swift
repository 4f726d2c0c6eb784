import EDHOC
import Secrets
import Synchronization
import Testing

/// A long-term key like one in a TPM: slow, and it may fail.
@Suite struct LongTermKeyTests {
    /// Answers when the test says so.
    final class SlowKey: LongTermKey {
        private let key: SoftwareKey
        private let gate: AsyncStream<Void>
        private let opener: AsyncStream<Void>.Continuation
        let hasStarted = Mutex(false)

        init(_ key: SoftwareKey) {
            self.key = key
            (gate, opener) = AsyncStream.makeStream()
        }

        func perform(
            _ operation: LongTermOperation
        ) async throws(CryptoError) -> LongTermResult {
            hasStarted.withLock { $0 = true }
            for await _ in gate { break }
            return try key.performNow(operation)
        }

        func answer() { opener.yield() }
    }

    struct BrokenKey: LongTermKey {
        func perform(
            _ operation: LongTermOperation
        ) async throws(CryptoError) -> LongTermResult {
            throw .library(0x101)
        }
    }

    private func respond(
        _ handshake: Handshake,
        _ key: any LongTermKey,
        to message1: [UInt8]
    ) async throws -> ResponderSent {
        let waiting = try handshake.responder.receive(message1: message1).prepare(
            connectionID: handshake.hallID
        )
        let result = try await key.perform(waiting.operation)
        return try waiting.finish(result)
    }

    @Test(arguments: Method.allCases)
    func `other handshakes go on while one waits for its key`(_ method: Method) async throws {
        let handshake = try Handshake(method)
        let slow = SlowKey(handshake.hall.key)
        let initiator = try handshake.initiator()
        let message1 = initiator.message1
        let waiting = Task { try await respond(handshake, slow, to: message1).message2 }
        while !slow.hasStarted.withLock({ $0 }) { await Task.yield() }
        for _ in 0..<5 { #expect(try handshake.run().agrees) }
        slow.answer()
        let message2 = try await waiting.value
        #expect(try handshake.conclude(initiator, message2).message3.isEmpty == false)
    }

    @Test(arguments: Method.allCases)
    func `a key that sleeps gives the same result`(_ method: Method) async throws {
        struct SleepyKey: LongTermKey {
            let key: SoftwareKey
            func perform(
                _ operation: LongTermOperation
            ) async throws(CryptoError) -> LongTermResult {
                try? await Task.sleep(for: .milliseconds(60))
                return try key.performNow(operation)
            }
        }
        let handshake = try Handshake(method)
        let initiator = try handshake.initiator()
        let sent = try await respond(
            handshake,
            SleepyKey(key: handshake.hall.key),
            to: initiator.message1
        )
        let finished = try handshake.conclude(initiator, sent.message2)
        let verified = try sent.receive(message3: finished.message3)
            .verify(peer: handshake.lamp.credential)
        #expect(
            clear(verified.exporter(label: 1, context: [], count: 16))
                == clear(finished.exporter(label: 1, context: [], count: 16))
        )
    }

    @Test func `a key that fails ends its own handshake and no other`() async throws {
        let handshake = try Handshake()
        let message1 = try handshake.initiator().message1
        await #expect(throws: CryptoError.library(0x101)) {
            _ = try await respond(handshake, BrokenKey(), to: message1).message2
        }
        #expect(try handshake.run().agrees)
    }

    @Test func `a key of the wrong kind says so`() throws {
        let agreeing = try Handshake(.staticDH)
        let signing = try Handshake(.signatures)
        let toAgree = try agreeing.responder.receive(message1: agreeing.initiator().message1)
            .prepare(connectionID: agreeing.hallID).operation
        #expect(throws: CryptoError.unsupported) {
            let result = try signing.hall.key.performNow(toAgree)
            _ = consume result
        }
        let toSign = try signing.responder.receive(message1: signing.initiator().message1)
            .prepare(connectionID: signing.hallID).operation
        #expect(throws: CryptoError.unsupported) {
            let result = try agreeing.hall.key.performNow(toSign)
            _ = consume result
        }
    }

    @Test(arguments: [0, 63, 65, 72])
    func `a signature of a wrong length never leaves`(_ count: Int) throws {
        let handshake = try Handshake(.signatures)
        #expect(throws: EDHOCError(.crypto(.invalidKey), "")) {
            _ = try handshake.responder.receive(message1: handshake.initiator().message1)
                .prepare(connectionID: handshake.hallID)
                .finish(.signature([UInt8](repeating: 1, count: count)))
        }
    }

    @Test func `a hundred handshakes at once do not mix`() async throws {
        let handshake = try Handshake()
        try await withThrowingTaskGroup(of: [UInt8].self) { group in
            for _ in 0..<100 {
                group.addTask {
                    let outcome = try handshake.run()
                    #expect(outcome.agrees)
                    return outcome.lampOut
                }
            }
            var seen: Set<[UInt8]> = []
            for try await key in group { seen.insert(key) }
            #expect(seen.count == 100)
        }
    }
}
