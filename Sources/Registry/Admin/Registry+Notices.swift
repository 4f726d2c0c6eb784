public import Fleet
internal import GRDB
public import KeyExchange

extension Registry {
    /// Notices of one kind by device after `after`, at most `limit`.
    public func notices(
        _ kind: NoticeKind,
        after: DeviceID? = nil,
        limit: Int = 100
    ) async throws(RegistryError) -> [Notice] {
        try store.read { db in
            // Ordered by row number, as the index has it: no sorting of a million notices.
            let start = try after.flatMap { name in
                try Int64.fetchOne(
                    db,
                    sql: "SELECT id FROM device WHERE name = ?",
                    arguments: [name.description]
                )
            }
            return try Row.fetchAll(
                db,
                sql: """
                    SELECT kind, first_at, last_at, device.name
                    FROM notice JOIN device ON device.id = device_id
                    WHERE kind = ? AND device_id > ? ORDER BY device_id LIMIT \(page(limit))
                    """,
                arguments: [kind.rawValue, start ?? 0]
            ).compactMap { row in row.notice(about: try row.name(3, as: DeviceID.self)) }
        }
    }

    /// Takes a notice off the list; false when there is none, which is no fault.
    public func dismissNotice(
        _ kind: NoticeKind,
        of device: DeviceID,
        actor: String,
        now: Int64
    ) async throws(RegistryError) -> Bool {
        try await writer.perform { transaction in
            guard let row = try transaction.device(named: device) else {
                throw RegistryError(.notFound, "there is no device \(device)")
            }
            let gone = try transaction.row(
                "DELETE FROM notice WHERE device_id = ? AND kind = ? RETURNING kind",
                [row.id, kind.rawValue]
            )
            guard gone != nil else { return false }
            try transaction.audit(
                AuditEvent(
                    time: now,
                    kind: .noticeDismissed,
                    actor: actor,
                    device: device.description,
                    details: ["notice": kind.rawValue]
                )
            )
            return true
        }
    }
}

extension Row {
    /// `kind, first_at, last_at`; nil for the word of a newer program.
    func notice(about device: DeviceID) -> Notice? {
        guard let kind = (self[0] as String?).flatMap(NoticeKind.init(rawValue:)) else {
            return nil
        }
        return Notice(device: device, kind: kind, firstAt: self[1], lastAt: self[2])
    }
}
