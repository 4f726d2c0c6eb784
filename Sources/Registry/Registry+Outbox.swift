extension Registry {
    /// Messages to send, oldest first, after row `after`.
    public func takeOutbox(
        after: Int64 = 0, limit: Int
    ) async throws(RegistryError) -> [OutboxItem] { todo() }

    /// Forgets messages that were sent.
    public func outboxDone(_ ids: [Int64]) async throws(RegistryError) { todo() }

    /// Ticks after every commit that left something in the outbox, and once at the start.
    ///
    /// Several commits may share one tick. Each call makes a stream of its own.
    public func outboxSignals() -> AsyncStream<Void> { todo() }

    /// Ticks after every commit that changed an account of the broker, and once at the start.
    public func accountSignals() -> AsyncStream<Void> { todo() }
}
