import EDHOC
import KeyExchange
import ServerKit
import Synchronization

/// An identity key that answers only while its gate is open, as slow hardware does.
final class GatedKey: LongTermKey {
    private let key: SoftwareKey
    private let gate: Gate

    final class Gate: Sendable {
        private let state = Mutex((isOpen: true, waiting: 0))
        var isOpen: Bool {
            get { state.withLock { $0.isOpen } }
            set { state.withLock { $0.isOpen = newValue } }
        }
        /// Operations that wait at the gate.
        var waiting: Int { state.withLock { $0.waiting } }
        func wait() async {
            guard !isOpen else { return }
            state.withLock { $0.waiting += 1 }
            while !isOpen { try? await Task.sleep(for: .milliseconds(1)) }
            state.withLock { $0.waiting -= 1 }
        }
    }

    init(_ key: SoftwareKey, _ gate: Gate) {
        self.key = key
        self.gate = gate
    }

    func perform(_ operation: LongTermOperation) async throws(CryptoError) -> LongTermResult {
        await gate.wait()
        return try key.performNow(operation)
    }
}

/// An identity key whose hardware has failed.
struct BrokenKey: LongTermKey {
    func perform(_ operation: LongTermOperation) async throws(CryptoError) -> LongTermResult {
        throw .library(-1)
    }
}
