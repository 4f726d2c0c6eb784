public import Fleet
internal import Foundation
internal import GRDB
public import KeyExchange
internal import Secrets

extension Registry {
    /// Makes devices known by their public keys, all of the file or none of it.
    ///
    /// The text is CSV with the header `name,group,public_key`. Throws `invalid` with one line of
    /// `rows` for each bad row.
    public func importDevices(
        csv: String,
        actor: String,
        now: Int64
    ) async throws(RegistryError) -> Int {
        let groups = Set(try await listGroups().map(\.name))
        let rows: [ImportRow]
        do { rows = try DeviceImport.parse(csv, groups: groups, crypto: vault.crypto) } catch {
            throw RegistryError(invalidRows: error.faults)
        }
        return try await importDevices(rows, actor: actor, now: now)
    }

    /// Makes devices known, all or none; `rows` were read by `DeviceImport.parse`.
    public func importDevices(
        _ rows: [ImportRow],
        actor: String,
        now: Int64
    ) async throws(RegistryError) -> Int {
        try await writer.perform { transaction in
            var faults: [ImportFault] = []
            for row in rows {
                do { try transaction.register(row, actor: actor, now: now) } catch let fault
                    as ImportFault
                { faults.append(fault) }
            }
            guard faults.isEmpty else { throw RegistryError(invalidRows: faults) }
            return rows.count
        }
    }

    /// Devices by name after `after`, at most `limit`.
    public func listDevices(
        _ filter: DeviceFilter = DeviceFilter(),
        after: DeviceID? = nil,
        limit: Int = 100
    ) async throws(RegistryError) -> [Device] {
        let sql = Self.listQuery(filter, limit: page(limit))
        var arguments: StatementArguments = [after?.description ?? ""]
        if let group = filter.group { arguments += [group.description] }
        return try store.read { [arguments] db in
            if let group = filter.group { try db.demand(group: group) }
            return try db.devices(try Row.fetchAll(db, sql: sql, arguments: arguments))
        }
    }

    /// One device with its keys; `notFound` if there is none.
    public func device(_ id: DeviceID) async throws(RegistryError) -> DeviceDetails {
        try store.read { db in
            let row = try Row.fetchOne(
                db,
                sql: """
                    \(Row.deviceColumns), public_key, kid, report, order_counter, pinned
                    FROM device JOIN device_group ON device_group.id = group_id
                    WHERE device.name = ?
                    """,
                arguments: [id.description]
            )
            guard let row else { throw RegistryError(.notFound, "there is no device \(id)") }
            let number: Int64 = row[9]
            let keys = try StoredKeys(
                try Row.fetchAll(
                    db,
                    sql: """
                        SELECT \(Row.keyColumns), NULL
                        FROM device_key WHERE device_id = ? ORDER BY name, epoch
                        """,
                    arguments: [number]
                )
            )
            let retired = try Row.fetchAll(
                db,
                sql: "SELECT name FROM retired_key WHERE device_id = ? ORDER BY name",
                arguments: [number]
            ).map { row in try row.name(0, as: KeyName.self) }
            let notices = try Row.fetchAll(
                db,
                sql: """
                    SELECT kind, first_at, last_at FROM notice WHERE device_id = ? ORDER BY kind
                    """,
                arguments: [number]
            ).compactMap { row in row.notice(about: id) }
            return DeviceDetails(
                device: try row.device(),
                publicKey: row.bytes(10),
                kid: row.bytesIfAny(11),
                keys: keys.records,
                damage: keys.unreadable.map(\.description),
                reported: ReportRecord.decode(row.bytes(12)),
                orderCounter: try row.count(13, as: UInt64.self),
                anchor: try row.number(14, as: UInt32.self).flatMap { $0 > 0 ? $0 : nil },
                retiredKeys: retired,
                notices: notices
            )
        }
    }

    /// The query behind a list; a state stands in the text, so that its partial index is used.
    static func listQuery(_ filter: DeviceFilter, limit: Int) -> String {
        var conditions = ["device.name > ?"]
        if filter.group != nil {
            conditions.append(
                "group_id = (SELECT id FROM device_group WHERE device_group.name = ?)"
            )
        }
        if let state = filter.state { conditions.append("state = \(state.rawValue)") }
        return """
            \(Row.deviceColumns)
            FROM device JOIN device_group ON device_group.id = group_id
            WHERE \(conditions.joined(separator: " AND "))
            ORDER BY device.name LIMIT \(limit)
            """
    }
}

extension RegistryError {
    fileprivate init(invalidRows faults: [ImportFault]) {
        self.init(
            .invalid,
            "\(faults.count) bad lines, nothing was imported",
            rows: faults.sorted { $0.line < $1.line }.map(\.description)
        )
    }
}

extension Database {
    /// Devices from rows of `Row.deviceFields`.
    func devices(_ rows: [Row]) throws -> [Device] {
        try rows.map { row in try row.device() }
    }

    fileprivate func demand(group: GroupName) throws {
        let row = try Row.fetchOne(
            self,
            sql: "SELECT id FROM device_group WHERE name = ?",
            arguments: [group.description]
        )
        if row == nil { throw RegistryError(.notFound, "there is no group \(group)") }
    }
}

extension Row {
    static let deviceColumns = "SELECT \(deviceFields)"
    static let deviceFields = """
        device.name, device_group.name, device.state, store, security_level, agent_version,
            device.created_at, last_seen, contact_interval, device.id
        """

    /// The columns above.
    func device() throws -> Device {
        Device(
            id: try name(0, as: DeviceID.self),
            group: try name(1, as: GroupName.self),
            state: try value(2, as: DeviceState.self),
            store: try number(3, as: UInt64.self).flatMap { Report.StoreKind(rawValue: $0) },
            level: try number(4, as: UInt64.self).flatMap { Report.SecurityLevel(rawValue: $0) },
            agentVersion: text(5),
            createdAt: try count(6, as: Int64.self),
            lastSeen: try number(7),
            contactInterval: try number(8)
        )
    }
}

extension Transaction {
    fileprivate func register(_ row: ImportRow, actor: String, now: Int64) throws {
        let group = try groupID(row.group)
        let taken = try self.row(
            "SELECT name FROM device WHERE name = ? UNION SELECT name FROM device WHERE public_key = ?",
            [row.name.description, Data(row.publicKey)]
        )
        if let taken {
            let isName = taken[0] == row.name.description
            throw ImportFault(
                line: row.line,
                reason: isName
                    ? "there is a device \(row.name) already"
                    : "the public key is that of device \(taken[0] as String)"
            )
        }
        try run(
            """
            INSERT INTO device (name, group_id, state, public_key, created_at, order_counter)
            VALUES (?, ?, ?, ?, ?, 0)
            """,
            [
                row.name.description, group, DeviceState.registered.rawValue,
                Data(row.publicKey), now,
            ]
        )
        count(.registered)
        try audit(
            AuditEvent(
                time: now,
                kind: .deviceRegistered,
                actor: actor,
                device: row.name.description,
                details: [
                    "group": row.group.description, "publicKey": hexadecimal(row.publicKey),
                ]
            )
        )
    }
}
