extension Schema {
    /// Generations of the server's own identity, the fleet's settings, and orders in the outbox.
    ///
    /// The first generation is made when the root key is at hand: see `Store.foundAnchors`.
    static let anchors = """
        CREATE TABLE anchor (
            generation INTEGER PRIMARY KEY,
            state INTEGER NOT NULL,
            credential BLOB NOT NULL,
            -- NULL once the generation is out of use.
            sealed_identity BLOB,
            command_key BLOB NOT NULL,
            sealed_command_key BLOB NOT NULL,
            created_at INTEGER NOT NULL,
            changed_at INTEGER NOT NULL
        );
        CREATE TABLE policy (
            name TEXT PRIMARY KEY,
            value TEXT NOT NULL
        );
        -- The highest generation that a device spoke of; a later one is numbered above it.
        ALTER TABLE fleet ADD COLUMN anchor_seen INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE bundle ADD COLUMN anchor INTEGER NOT NULL DEFAULT 1;
        -- The generation under which the device talked last, and the newest that it says it knows:
        -- NULL for an agent that knows nothing of them.
        ALTER TABLE device ADD COLUMN anchor INTEGER NOT NULL DEFAULT 1;
        ALTER TABLE device ADD COLUMN pinned INTEGER;
        -- The generation that it was told of last, and nudged for.
        ALTER TABLE device ADD COLUMN told INTEGER NOT NULL DEFAULT 0;
        -- Those that a switch could cut off: enrolled (2) and quarantined (5).
        CREATE INDEX device_by_anchor ON device (anchor, name) WHERE state IN (2, 5);
        -- Few have keys to give up at a time, and each of them has an order at the broker.
        CREATE INDEX device_by_retirement ON device (name) WHERE retire_keys IS NOT NULL;
        ALTER TABLE outbox ADD COLUMN kind INTEGER NOT NULL DEFAULT 0;
        """
}
