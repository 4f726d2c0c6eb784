internal import Dispatch
internal import Fleet
internal import GRDB
internal import Synchronization

/// Commits the changes of many callers together: one sync of the disk for each batch.
///
/// A change that fails is undone alone. A caller hears of its change when the commit is durable.
final class Writer: Sendable {
    /// Changes that may wait; more are refused with `busy`.
    static let capacity = 4096
    /// Changes of one commit.
    static let batch = 256

    private struct Work: Sendable {
        let urgency: Urgency
        let run: @Sendable (Transaction) throws -> Void
        let finish: @Sendable (RegistryError?) -> Void
    }

    private struct Waiting: Sendable {
        var works: [Work] = []
        var isRunning = false
        var isClosed = false
    }

    private let store: Store
    private let room: DiskRoom
    private let vault: Vault
    private let changes: Changes
    private let tickets: Tickets
    private let faults: ChangeFaults
    private let queue = DispatchQueue(label: "latchkey.registry.writer")
    private let waiting = Mutex(Waiting())
    private let memory: Mutex<Transaction.Memory>
    private let capacity: Int

    init(
        store: Store,
        room: DiskRoom,
        vault: Vault,
        changes: Changes,
        tickets: Tickets = Tickets(),
        head: AuditHead,
        capacity: Int = Writer.capacity,
        faults: @escaping ChangeFaults = { _ in nil }
    ) {
        self.faults = faults
        self.store = store
        self.room = room
        self.vault = vault
        self.changes = changes
        self.tickets = tickets
        self.capacity = capacity
        memory = Mutex(Transaction.Memory(head: head))
    }

    /// Runs one change in the next commit; it may run in a second try, so it only touches the database.
    func perform<Result: Sendable>(
        _ urgency: Urgency = .canWait,
        _ body: @escaping @Sendable (Transaction) throws -> Result
    ) async throws(RegistryError) -> Result {
        let outcome: Swift.Result<Result, RegistryError> = await withCheckedContinuation {
            continuation in
            let slot = Slot<Result>()
            let work = Work(
                urgency: urgency,
                run: { transaction in slot.fill(try body(transaction)) },
                finish: { error in
                    if let error {
                        continuation.resume(returning: .failure(error))
                    } else {
                        continuation.resume(returning: .success(slot.value))
                    }
                }
            )
            if let refusal = enqueue(work) { continuation.resume(returning: .failure(refusal)) }
        }
        return try outcome.get()
    }

    /// Takes no more, and returns when everything that was taken is committed.
    func close() async {
        waiting.withLock { $0.isClosed = true }
        await withCheckedContinuation { continuation in queue.async { continuation.resume() } }
    }

    private func enqueue(_ work: Work) -> RegistryError? {
        let refusal: RegistryError? = waiting.withLock { waiting in
            if waiting.isClosed { return RegistryError(.failed, "the registry is closed") }
            if waiting.works.count >= capacity {
                return RegistryError(.busy, "\(capacity) changes wait already: try again later")
            }
            waiting.works.append(work)
            if !waiting.isRunning {
                waiting.isRunning = true
                queue.async { self.drain() }
            }
            return nil
        }
        return refusal
    }

    private func drain() {
        while true {
            let works: [Work] = waiting.withLock { waiting in
                let next = Array(waiting.works.prefix(Self.batch))
                waiting.works.removeFirst(next.count)
                waiting.isRunning = !next.isEmpty
                return next
            }
            if works.isEmpty { return }
            commit(works)
        }
    }

    private func commit(_ works: [Work]) {
        var errors = room.isShort() ? works.map { _ in .noRoom } : outcomes(of: works)
        room.note(isFull: errors.contains { $0?.code == .diskFull })
        let urgent = works.indices.filter {
            works[$0].urgency == .cannotWait && errors[$0]?.code == .diskFull
        }
        if !urgent.isEmpty {
            for (index, error) in zip(urgent, outcomesWithoutRoom(of: urgent.map { works[$0] })) {
                errors[index] = error
            }
        }
        for (work, error) in zip(works, errors) { work.finish(error) }
    }

    /// Commits what cannot wait, and gives up the reserve when nothing else helps.
    private func outcomesWithoutRoom(of works: [Work]) -> [RegistryError?] {
        let errors = outcomes(of: works, isShort: true)
        let needsReserve = errors.contains { $0?.code == .diskFull && $0 != .noRoom }
        return needsReserve && room.giveUp() ? outcomes(of: works, isShort: true) : errors
    }

    private func outcomes(of works: [Work], isShort: Bool = false) -> [RegistryError?] {
        do {
            do {
                return try transact(works, isCareful: false, isShort: isShort)
            } catch  where works.count > 1 {
                // One of them failed, and undid the others: now each stands for itself.
                return try transact(works, isCareful: true, isShort: isShort)
            }
        } catch {
            let error = RegistryError(wrapping: error)
            return works.map { _ in error }
        }
    }

    /// Commits a batch; savepoints cost a copy of every page touched, so only a careful run has them.
    private func transact(
        _ works: [Work],
        isCareful: Bool,
        isShort: Bool
    ) throws -> [RegistryError?] {
        var errors: [RegistryError?] = []
        let before = memory.withLock { $0 }
        try store.pool.writeWithoutTransaction { db in
            let transaction = Transaction(
                db: db,
                vault: vault,
                memory: before,
                tickets: tickets,
                isShort: isShort,
                faults: faults
            )
            try db.inTransaction(.immediate) {
                for work in works {
                    if isCareful {
                        errors.append(try transaction.attempt(work.run))
                    } else {
                        try work.run(transaction)
                        errors.append(nil)
                    }
                }
                try transaction.finish()
                try transaction.reached(.committing)
                return .commit
            }
            // Behind the commit it counts, whatever comes now.
            memory.withLock { $0 = transaction.memory }
            changes.announce(transaction.effects)
            try transaction.reached(.committed)
        }
        return errors
    }
}

/// A result on its way from the writer to its caller.
private final class Slot<Value: Sendable>: Sendable {
    private let content = Mutex<Value?>(nil)

    func fill(_ value: Value) { content.withLock { $0 = value } }

    var value: Value {
        content.withLock { content in
            guard let content else { preconditionFailure("a change ended without a result") }
            return content
        }
    }
}
