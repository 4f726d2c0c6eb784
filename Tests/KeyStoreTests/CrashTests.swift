import Glibc
import KeyExchange
import KeyStore
import Synchronization
import Testing

/// Counts fault points and acts at one of them.
private final class Fuse: Sendable {
    private let left: Mutex<Int>
    private let action: @Sendable () -> CInt?

    init(after count: Int, _ action: @escaping @Sendable () -> CInt?) {
        left = Mutex(count)
        self.action = action
    }

    func reached() -> CInt? {
        let isNow = left.withLock { left in
            left -= 1
            return left < 0
        }
        return isNow ? action() : nil
    }
}

/// One change each, on a lamp that holds `payload` 1 in use and 2 pending.
private enum Change: Int, CaseIterable, Codable, Sendable {
    case install, activate, remove, retireKey, retireDevice

    func make(in store: KeyStore) throws {
        switch self {
        case .install:
            let (_, fault) = store.install([offer(payload, 3, 3), offer(signing, 1, 4)])
            if let fault { throw fault }
        case .activate: _ = try store.apply([KeyStoreTestsSupport.activateTwo])
        case .remove: _ = try store.apply([Verdict(name: payload, action: .remove)])
        case .retireKey: _ = try store.retire(operation(1), counter: 1, scope: .keys([payload]))
        case .retireDevice: _ = try store.retire(operation(1), counter: 1, scope: .device)
        }
    }

    static func prepare(_ path: String) throws {
        let store = try KeyStore(path, crypto: crypto)
        _ = try store.begin(with: bundle(), name: lamp)
        try store.enrolled(account: secret(3, count: 24))
        _ = store.install([offer(payload, 1, 1)])
        _ = try store.apply([KeyStoreTestsSupport.activateOne])
        _ = store.install([offer(payload, 2, 2)])
    }

    /// What may be there after a crash: as before, or as after.
    var allowed: [[String]] {
        let before = ["payload 1 primary", "payload 2 pending"]
        switch self {
        case .install: return [before, before + ["payload 3 pending", "signing 1 pending"]]
        case .activate: return [before, ["payload 1 grace", "payload 2 primary"]]
        case .remove, .retireKey, .retireDevice: return [before, []]
        }
    }
}

private enum KeyStoreTestsSupport {
    static let activateOne = activate(payload, 1)
    static let activateTwo = activate(payload, 2)
}

@Suite struct CrashTests {
    @Test(arguments: Change.allCases)
    private func `a kill at any point leaves the state from before or from after`(
        change: Change
    ) async throws {
        // A change takes five points for each of at most two files.
        for point in 0..<10 {
            let scratch = Scratch()
            let path = scratch.path
            try Change.prepare(path)
            let number = change.rawValue
            let result = await #expect(processExitsWith: .failure) {
                [path = path as String, point = point as Int, number = number as Int] in
                let fuse = Fuse(after: point) {
                    kill(getpid(), SIGKILL)
                    return nil
                }
                let store = try KeyStore(path, crypto: crypto) { _ in fuse.reached() }
                try Change(rawValue: number)!.make(in: store)
                // Past the last point: nothing to interrupt.
                exit(1)
            }
            let store = try open(scratch)
            let found = lines(store.keys)
            #expect(change.allowed.contains(found), "\(change) killed at point \(point)")
            if change == .retireDevice {
                let isOver = found.isEmpty
                #expect(store.device?.life == (isOver ? .retiring : .enrolled))
                #expect(store.device?.receipt.count == (isOver ? 2 : 0))
            }
            #expect(!scratch.files.contains { $0.hasSuffix(".tmp") })
            // The same change again always arrives at the state from after.
            try change.make(in: store)
            #expect(lines(store.keys) == change.allowed[1])
            if result?.exitStatus == .exitCode(1) { break }
        }
    }

    @Test func `a kill at any point of the beginning leaves a folder that can begin again`()
        async throws
    {
        for point in 0..<20 {
            let scratch = Scratch()
            let path = scratch.path
            let result = await #expect(processExitsWith: .failure) {
                [path = path as String, point = point as Int] in
                let fuse = Fuse(after: point) {
                    kill(getpid(), SIGKILL)
                    return nil
                }
                let store = try KeyStore(path, crypto: crypto) { _ in fuse.reached() }
                _ = try store.begin(with: bundle(), name: lamp)
                exit(1)
            }
            let store = try open(scratch)
            #expect(store.device == nil || store.device?.name == lamp)
            #expect(try store.begin(with: bundle(), name: lamp) == .ready)
            #expect(store.device?.life == .enrolling)
            if result?.exitStatus == .exitCode(1) {
                #expect(point == 15)
                return
            }
        }
        Issue.record("the beginning has more than 20 fault points")
    }

    @Test(arguments: [ENOSPC, EDQUOT, EIO], 0..<5)
    func `a disk that takes nothing changes nothing in memory`(error: CInt, point: Int) throws {
        let scratch = Scratch()
        try Change.prepare(scratch.path)
        let fuse = Fuse(after: point) { error }
        let store = try open(scratch) { _ in fuse.reached() }
        let before = lines(store.keys)
        let (results, fault) = store.install([offer(payload, 3, 3)])
        #expect(results.map(\.failure) == [.storeFull])
        #expect(fault?.code == (error == EIO ? .system : .full))
        #expect(lines(store.keys) == before)
        #expect(throws: StoreError.self) { try store.apply([activate(payload, 2)]) }
        #expect(lines(store.keys) == before)
        #expect(!scratch.files.contains { $0.hasSuffix(".tmp") })
    }

    @Test func `a file that may not grow is a full store, and the old one stays`() async throws {
        let scratch = Scratch()
        let path = scratch.path
        try Change.prepare(path)
        await #expect(processExitsWith: .success) { [path = path as String] in
            let store = try KeyStore(path, crypto: crypto)
            signal(SIGXFSZ, SIG_IGN)
            var limit = rlimit(rlim_cur: 64, rlim_max: 64)
            unsafe setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
            let (results, fault) = store.install([offer(signing, 1, 4)])
            let isRight = results.map(\.failure) == [.storeFull] && fault?.code == .full
            exit(isRight ? 0 : 1)
        }
        #expect(lines(try open(scratch).keys) == ["payload 1 primary", "payload 2 pending"])
    }

    @Test func `a kill in the middle of a wipe is finished by the next one`() async throws {
        for point in 0..<10 {
            let scratch = Scratch()
            let path = scratch.path
            try Change.prepare(path)
            let result = await #expect(processExitsWith: .failure) {
                [path = path as String, point = point as Int] in
                let fuse = Fuse(after: point) {
                    kill(getpid(), SIGKILL)
                    return nil
                }
                try KeyStore.wipe(path) { _ in fuse.reached() }
                exit(1)
            }
            try KeyStore.wipe(path)
            #expect(scratch.files == ["lock"])
            if result?.exitStatus == .exitCode(1) { return }
        }
    }
}
