public import Fleet
internal import GRDB
public import KeyExchange

/// How far the keys of some devices are.
public struct KeyProgress: Hashable, Sendable {
    /// Keys that the key specs ask for on enrolled devices, without those that are suspended.
    public let keys: Int
    /// Those whose newest generation is on its way, due, or not yet made.
    public let waiting: Int
    /// Those whose newest generation the device could not take.
    public let failed: Int

    /// The others: in use in the generation wanted.
    public var settled: Int { keys - waiting - failed }
}

extension Registry {
    /// Counts with one statement how far the keys of a device, a group or a query are; `key` nil means
    /// every key.
    public func progress(
        device: DeviceID,
        key: KeyName?,
        now: Int64
    ) async throws(RegistryError) -> KeyProgress {
        let source = "FROM device \(Self.specs) WHERE device.name = ?"
        return try await progress(source, [device.description], key, now) { db in
            guard try Self.exists(db, "SELECT 1 FROM device WHERE name = ?", device.description)
            else { throw RegistryError(.notFound, "there is no device \(device)") }
        }
    }

    /// The same for a group.
    public func progress(
        group: GroupName,
        key: KeyName?,
        now: Int64
    ) async throws(RegistryError) -> KeyProgress {
        let source = """
            FROM device \(Self.specs)
            WHERE device.group_id = (SELECT id FROM device_group WHERE name = ?)
            """
        return try await progress(source, [group.description], key, now) { db in
            let sql = "SELECT 1 FROM device_group WHERE name = ?"
            guard try Self.exists(db, sql, group.description) else {
                throw RegistryError(.notFound, "there is no group \(group)")
            }
        }
    }

    /// The same for the devices that a query asks for.
    public func progress(
        query: Query,
        key: KeyName?,
        now: Int64
    ) async throws(RegistryError) -> KeyProgress {
        let (found, arguments) = QueryPages(query, now: now).all(select: "device.id")
        let source = "FROM device \(Self.specs) WHERE device.id IN (\(found))"
        return try await progress(source, arguments, key, now) { _ in }
    }

    /// What each enrolled device is asked to hold.
    private static let specs = """
        JOIN key_spec ON key_spec.group_id = device.group_id AND key_spec.retired_at IS NULL
        """

    private static func exists(_ db: Database, _ sql: String, _ name: String) throws -> Bool {
        try Row.fetchOne(db, sql: sql, arguments: [name]) != nil
    }

    private func progress(
        _ source: String,
        _ arguments: StatementArguments,
        _ key: KeyName?,
        _ now: Int64,
        _ check: (Database) throws -> Void
    ) async throws(RegistryError) -> KeyProgress {
        let own = "device_key.device_id = device.id AND device_key.name = key_spec.name"
        // The numbers are those of `DeviceState` and `KeyState`: 2 enrolled; 1 offered, 3 active,
        // 9 suspended.
        let sql = """
            SELECT COUNT(*), COALESCE(SUM(is_moving OR NOT (is_failed OR is_active)), 0),
                COALESCE(SUM(is_failed AND NOT is_moving), 0)
            FROM (
                SELECT
                    EXISTS (SELECT 1 FROM device_key WHERE \(own)
                        AND (state = 1 OR rotate_at <= ?)) AS is_moving,
                    (SELECT failure FROM device_key WHERE \(own)
                        ORDER BY epoch DESC LIMIT 1) IS NOT NULL AS is_failed,
                    EXISTS (SELECT 1 FROM device_key WHERE \(own) AND state = 3) AS is_active
                \(source) AND +device.state = 2 AND (? IS NULL OR key_spec.name = ?)
                    AND NOT EXISTS (SELECT 1 FROM device_key WHERE \(own) AND state = 9)
                    AND NOT EXISTS (SELECT 1 FROM retired_key
                        WHERE retired_key.device_id = device.id
                            AND retired_key.name = key_spec.name)
            )
            """
        let all = [now] + arguments + [key?.description, key?.description]
        return try store.read { db in
            try check(db)
            guard let row = try Row.fetchOne(db, sql: sql, arguments: all) else {
                throw RegistryError(.damaged, "a count has no row")
            }
            return KeyProgress(keys: row[0], waiting: row[1], failed: row[2])
        }
    }
}
