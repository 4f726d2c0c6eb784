public import EDHOC
internal import Fleet
internal import GRDB
internal import KeyExchange

extension Registry {
    /// The most rows of one page.
    static let maximumPage = 1000

    /// Rows of the audit log after `after`, oldest first, at most `limit`.
    public func auditList(
        _ filter: AuditFilter = AuditFilter(),
        after: Int64 = 0,
        limit: Int = 100
    ) async throws(RegistryError) -> [AuditRow] {
        var conditions = ["sequence > ?"]
        var arguments: StatementArguments = [after]
        func demand(_ condition: String, _ value: (any DatabaseValueConvertible)?) {
            guard let value else { return }
            conditions.append(condition)
            arguments += [value]
        }
        demand("device = ?", filter.device)
        demand("kind = ?", filter.kind?.rawValue)
        demand("time >= ?", filter.since)
        demand("time < ?", filter.until)
        let sql = """
            SELECT sequence, time, kind, actor, device, key_name, epoch, details, hash
            FROM audit WHERE \(conditions.joined(separator: " AND "))
            ORDER BY sequence LIMIT \(page(limit))
            """
        return try store.read { [arguments] db in
            try Row.fetchAll(db, sql: sql, arguments: arguments).map { row in
                guard let event = row.auditEvent() else {
                    throw RegistryError(
                        .damaged,
                        "row \(row[0] as Int64) of the audit log was edited"
                    )
                }
                return AuditRow(sequence: row[0], event: event, hash: row.bytes(8))
            }
        }
    }

    /// Reads the whole audit log in bounded memory and names the first bad row.
    public func auditVerify() async throws(RegistryError) -> AuditVerification {
        try store.read { db in try db.verifyAudit(vault: vault) }
    }

    /// Reads the whole audit log of a fleet that no server has open, even one that cannot be opened
    /// because its log was forged.
    public static func auditVerify(
        folder: String,
        rootKey: RootKeySource,
        crypto: any Crypto
    ) throws(RegistryError) -> AuditVerification {
        let lock = try FolderLock(folder: folder)
        defer { withExtendedLifetime(lock) {} }
        let store = try Store(folder: folder, mustExist: true)
        let root = try store.openRootKey(rootKey, crypto: crypto)
        return try store.read { db in
            let name = try Row.fetchOne(db, sql: "SELECT name FROM fleet")
            guard let fleet = try name?.name(0, as: FleetID.self) else {
                throw RegistryError(.missing, "the database holds no fleet: \(store.path)")
            }
            return try db.verifyAudit(vault: Vault(root: root, fleet: fleet, crypto: crypto))
        }
    }

    /// A page's length within its bounds.
    func page(_ limit: Int) -> Int { min(max(limit, 1), Self.maximumPage) }
}
