internal import Fleet
internal import GRDB
internal import KeyExchange

extension Registry {
    /// Messages to send, oldest first, after row `after`.
    public func takeOutbox(
        after: Int64 = 0,
        limit: Int
    ) async throws(RegistryError) -> [OutboxItem] {
        try store.read { db in
            try Row.fetchAll(
                db,
                sql: "SELECT id, device, kind FROM outbox WHERE id > ? ORDER BY id LIMIT ?",
                arguments: [after, page(limit)]
            ).map { row in
                OutboxItem(
                    id: row[0],
                    device: try row.name(1, as: DeviceID.self),
                    kind: try row.value(2, as: OutboxItem.Kind.self)
                )
            }
        }
    }

    /// Forgets messages that were sent.
    public func outboxDone(_ ids: [Int64]) async throws(RegistryError) {
        try await writer.perform(.cannotWait) { transaction in
            for id in ids { try transaction.run("DELETE FROM outbox WHERE id = ?", [id]) }
        }
    }

    /// Ticks after every commit that left something in the outbox, and once at the start.
    ///
    /// Several commits may share one tick. Each call makes a stream of its own.
    public func outboxSignals() -> AsyncStream<Void> { changes.outbox() }

    /// Ticks after every commit that changed an account of the broker, and once at the start.
    public func accountSignals() -> AsyncStream<Void> { changes.accounts() }
}
