extension Schema {
    /// Layout 2: what the whole life of a key needs, labels, notices, and the rhythm of contact.
    static let lifecycle = """
        ALTER TABLE key_spec ADD COLUMN maximum_age_seconds INTEGER;
        ALTER TABLE key_spec ADD COLUMN retired_at INTEGER;
        -- When an active generation reaches the greatest age that its spec allows.
        ALTER TABLE device_key ADD COLUMN expires_at INTEGER;
        -- When the sweep is to nudge the device because a generation is due; gone once it has.
        ALTER TABLE device_key ADD COLUMN nudge_at INTEGER;
        UPDATE device_key SET nudge_at = rotate_at WHERE rotate_at IS NOT NULL AND state = 3;
        CREATE INDEX device_key_by_expiry ON device_key (expires_at)
            WHERE expires_at IS NOT NULL;
        CREATE INDEX device_key_by_nudge ON device_key (nudge_at)
            WHERE nudge_at IS NOT NULL;
        -- Compromised (7) and suspended (9) generations are few, and an admin wants to see them.
        CREATE INDEX device_key_by_trouble ON device_key (state, device_id)
            WHERE state = 7 OR state = 9;
        -- The process that the agent is, and those that were seen before it, 8 bytes each.
        ALTER TABLE device ADD COLUMN instance BLOB;
        ALTER TABLE device ADD COLUMN earlier_instances BLOB;
        -- The place of the last contact in the order of events: a run of the server, and a number in it.
        ALTER TABLE device ADD COLUMN run INTEGER;
        ALTER TABLE device ADD COLUMN ticket INTEGER;
        -- The mean time between contacts in seconds, newer ones weighing more.
        ALTER TABLE device ADD COLUMN contact_interval INTEGER;
        -- Names of the keys, space between, that the open retirement is about; NULL for the device.
        ALTER TABLE device ADD COLUMN retire_keys TEXT;
        -- Nearly no device has keys that were retired for it alone.
        ALTER TABLE device ADD COLUMN has_retired_keys INTEGER NOT NULL DEFAULT 0;
        CREATE TABLE retired_key (
            device_id INTEGER NOT NULL REFERENCES device (id),
            name TEXT NOT NULL,
            retired_at INTEGER NOT NULL,
            PRIMARY KEY (device_id, name)
        ) WITHOUT ROWID;
        CREATE TABLE device_label (
            device_id INTEGER NOT NULL REFERENCES device (id),
            label TEXT NOT NULL,
            value TEXT NOT NULL,
            PRIMARY KEY (device_id, label)
        ) WITHOUT ROWID;
        CREATE INDEX device_label_by_value ON device_label (label, value);
        CREATE TABLE notice (
            device_id INTEGER NOT NULL REFERENCES device (id),
            kind TEXT NOT NULL,
            first_at INTEGER NOT NULL,
            last_at INTEGER NOT NULL,
            PRIMARY KEY (device_id, kind)
        ) WITHOUT ROWID;
        CREATE INDEX notice_by_kind ON notice (kind);
        """
}
