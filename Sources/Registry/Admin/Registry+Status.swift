internal import Fleet
internal import GRDB
public import KeyExchange

extension Registry {
    /// The room that the database has.
    public var disk: DiskStatus {
        let free = room.free
        let level: DiskStatus.Level =
            room.isFull || free == 0 ? .full : free < hold.reservedBytes ? .low : .enough
        return DiskStatus(level: level, freeBytes: free)
    }

    /// Rows of the outbox that the status counts; of more it says so many.
    private static let countedOutbox = 100_000

    /// The state of the fleet at a glance.
    public func status(now: Int64) async throws(RegistryError) -> FleetStatus {
        try store.read { db in
            var devices: [DeviceState: Int] = [:]
            for row in try Row.fetchAll(db, sql: "SELECT state, devices FROM state_count") {
                devices[try row.value(0, as: DeviceState.self)] = row[1]
            }
            var notices: [NoticeKind: Int] = [:]
            for row in try Row.fetchAll(db, sql: "SELECT kind, COUNT(*) FROM notice GROUP BY kind")
            {
                // A word of a newer program.
                guard let kind = (row[0] as String?).flatMap(NoticeKind.init(rawValue:)) else {
                    continue
                }
                notices[kind] = row[1]
            }
            func number(_ sql: String, _ arguments: StatementArguments = []) throws -> Int {
                try Int.fetchOne(db, sql: sql, arguments: arguments) ?? 0
            }
            let pages = try number("PRAGMA page_count") * (try number("PRAGMA page_size"))
            return FleetStatus(
                fleet: fleet,
                schemaVersion: Schema.version,
                databaseBytes: Int64(pages),
                disk: disk,
                devices: devices,
                overdueKeys: try number(
                    // What is suspended (9) is not replaced.
                    "SELECT COUNT(*) FROM device_key WHERE rotate_at <= ? AND state <> 9",
                    [now]
                ),
                keysOverAge: try number(
                    "SELECT COUNT(*) FROM device_key WHERE expires_at <= ?",
                    [now]
                ),
                suspendedKeys: try number("SELECT COUNT(*) FROM device_key WHERE state = 9"),
                compromisedKeys: try number("SELECT COUNT(*) FROM device_key WHERE state = 7"),
                notices: notices,
                // A word to a million devices is a million rows.
                outbox: try number(
                    "SELECT COUNT(*) FROM (SELECT 1 FROM outbox LIMIT \(Self.countedOutbox))"
                ),
                audit: try db.auditHead(vault: vault)
            )
        }
    }

    /// Accounts of the broker by name after `after`, at most `limit`.
    public func brokerAccounts(
        after: DeviceID? = nil,
        limit: Int = 1000
    ) async throws(RegistryError) -> [BrokerAccount] {
        try store.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT name, broker_password_hash FROM device
                    WHERE name > ? AND broker_password_hash IS NOT NULL
                    ORDER BY name LIMIT \(page(limit))
                    """,
                arguments: [after?.description ?? ""]
            ).map { row in
                BrokerAccount(device: try row.name(0, as: DeviceID.self), passwordHash: row[1])
            }
        }
    }
}
