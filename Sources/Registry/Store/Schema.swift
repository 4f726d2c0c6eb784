internal import GRDB

/// The layout of the database, as the steps that lead to it.
///
/// A step that was released is never changed; a new layout is a new step.
enum Schema {
    /// The layout that this program reads and writes.
    static var version: Int { steps.count }

    /// Brings an older database up to date; a newer one is left alone and refused.
    ///
    /// Each step commits with its number, so a crash between two is no harm.
    static func migrate(_ db: Database) throws {
        let found = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
        guard found <= version else {
            throw RegistryError(
                .newerVersion,
                "the database has layout \(found), this program knows \(version): "
                    + "run the newer program that wrote it"
            )
        }
        for (index, step) in steps.enumerated().dropFirst(found) {
            try db.inTransaction(.immediate) {
                try db.execute(sql: step)
                if step == campaigns { try orderAgents(db) }
                try db.execute(sql: "PRAGMA user_version = \(index + 1)")
                return .commit
            }
        }
    }

    private static let steps = [first, lifecycle, campaigns, anchors, timeZones, evidence]

    static let first = """
        CREATE TABLE fleet (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            name TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            broker_host TEXT NOT NULL,
            broker_port INTEGER NOT NULL,
            broker_authority BLOB NOT NULL,
            enrol_password BLOB NOT NULL,
            identity BLOB NOT NULL,
            credential BLOB NOT NULL
        );
        CREATE TABLE root_key (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            check_value BLOB NOT NULL,
            salt BLOB,
            iterations INTEGER
        );
        CREATE TABLE device_group (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            sealed_key BLOB NOT NULL,
            created_at INTEGER NOT NULL
        );
        CREATE TABLE key_spec (
            group_id INTEGER NOT NULL REFERENCES device_group (id),
            name TEXT NOT NULL,
            algorithm INTEGER NOT NULL,
            key_use INTEGER NOT NULL,
            rotation_seconds INTEGER,
            grace_seconds INTEGER NOT NULL,
            lease_seconds INTEGER NOT NULL,
            PRIMARY KEY (group_id, name)
        );
        CREATE TABLE bundle (
            id BLOB PRIMARY KEY,
            group_id INTEGER NOT NULL REFERENCES device_group (id),
            sealed_secret BLOB NOT NULL,
            uses_allowed INTEGER NOT NULL,
            uses_left INTEGER NOT NULL,
            expires_at INTEGER NOT NULL,
            is_revoked INTEGER NOT NULL,
            created_at INTEGER NOT NULL
        );
        CREATE TABLE device (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            group_id INTEGER NOT NULL REFERENCES device_group (id),
            state INTEGER NOT NULL,
            public_key BLOB NOT NULL UNIQUE,
            kid BLOB UNIQUE,
            credential BLOB,
            store INTEGER,
            security_level INTEGER,
            agent_version TEXT,
            created_at INTEGER NOT NULL,
            last_seen INTEGER,
            report BLOB,
            broker_password_hash TEXT,
            order_counter INTEGER NOT NULL,
            retire_operation BLOB
        );
        CREATE INDEX device_by_group ON device (group_id, name);
        -- Nearly every device is enrolled (2); lists of those go by name.
        CREATE INDEX device_by_state ON device (state, name) WHERE state <> 2;
        -- One row is found by its whole key and is small: no second tree for a row number.
        CREATE TABLE device_key (
            device_id INTEGER NOT NULL REFERENCES device (id),
            name TEXT NOT NULL,
            epoch INTEGER NOT NULL,
            state INTEGER NOT NULL,
            sealed BLOB,
            thumbprint BLOB NOT NULL,
            created_at INTEGER NOT NULL,
            changed_at INTEGER NOT NULL,
            grace_until INTEGER,
            rotate_at INTEGER,
            failure INTEGER,
            PRIMARY KEY (device_id, name, epoch)
        ) WITHOUT ROWID;
        CREATE INDEX device_key_by_grace ON device_key (grace_until)
            WHERE grace_until IS NOT NULL;
        CREATE INDEX device_key_by_rotation ON device_key (rotate_at)
            WHERE rotate_at IS NOT NULL;
        CREATE TABLE audit (
            sequence INTEGER PRIMARY KEY,
            time INTEGER NOT NULL,
            kind TEXT NOT NULL,
            actor TEXT NOT NULL,
            device TEXT,
            key_name TEXT,
            epoch INTEGER,
            details BLOB NOT NULL,
            hash BLOB NOT NULL
        );
        CREATE INDEX audit_by_device ON audit (device) WHERE device IS NOT NULL;
        CREATE INDEX audit_by_kind ON audit (kind);
        CREATE INDEX audit_by_time ON audit (time);
        CREATE TABLE audit_head (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            count INTEGER NOT NULL,
            hash BLOB NOT NULL,
            mac BLOB NOT NULL
        );
        CREATE TABLE state_count (
            state INTEGER PRIMARY KEY,
            devices INTEGER NOT NULL
        );
        CREATE TABLE outbox (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            device TEXT NOT NULL,
            created_at INTEGER NOT NULL
        );
        """
}
