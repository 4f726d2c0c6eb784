internal import Fleet
internal import GRDB
public import KeyExchange

extension Registry {
    /// The most labels of one device.
    public static let maximumLabels = 32

    /// A device's labels by name; `notFound` if there is no such device.
    public func labels(of device: DeviceID) async throws(RegistryError) -> [String: String] {
        try store.read { db in
            let row = try Row.fetchOne(
                db,
                sql: "SELECT id FROM device WHERE name = ?",
                arguments: [device.description]
            )
            guard let row else { throw RegistryError(.notFound, "there is no device \(device)") }
            return try db.labels(of: row[0])
        }
    }

    /// Sets and removes labels of devices in any state; returns how many devices were changed.
    ///
    /// `invalid` for a label that can't be, and for a device that would have more than `maximumLabels`:
    /// of many devices, those before it are changed already, and asking again goes on. Doing it twice
    /// changes nothing more.
    public func label(
        _ scope: KeyScope,
        set: [String: String] = [:],
        remove: Set<String> = [],
        actor: String,
        now: Int64
    ) async throws(RegistryError) -> Int {
        let change = try LabelChange(set: set, remove: remove, actor: actor, now: now)
        switch scope {
        case .device(let name):
            return try await writer.perform { transaction in
                guard let device = try transaction.device(named: name) else {
                    throw RegistryError(.notFound, "there is no device \(name)")
                }
                return try transaction.label(DeviceEntry(id: device.id, name: name), change)
            }
        case .group(let name):
            let group = try await writer.perform { transaction in try transaction.groupID(name) }
            return try await forEachDevice { transaction, after in
                try transaction.entries(
                    """
                    SELECT id, name FROM device WHERE group_id = ? AND name > ?
                    ORDER BY name LIMIT \(Self.chunk)
                    """,
                    [group, after]
                )
            } then: { transaction, device in
                try transaction.label(device, change)
            }
        case .query(let query):
            // The order of a page stays when a label changes, so that none is passed over.
            let pages = QueryPages(query, now: now)
            return try await forEachDevice { transaction, after in
                let (sql, arguments) = pages.page(
                    select: "device.id, device.name",
                    after: after,
                    limit: Self.chunk
                )
                return try Row.fetchAll(transaction.db, sql: sql, arguments: arguments)
                    .map(DeviceEntry.init(row:))
            } then: { transaction, device in
                try transaction.label(device, change)
            }
        }
    }

    /// Runs a change for each device of a list, some hundreds to a commit; returns the sum.
    private func forEachDevice(
        _ list: @escaping @Sendable (Transaction, String) throws -> [DeviceEntry],
        then body: @escaping @Sendable (Transaction, DeviceEntry) throws -> Int
    ) async throws(RegistryError) -> Int {
        var sum = 0
        var after = ""
        while true {
            let (count, last) = try await writer.perform { [after] transaction in
                let devices = try list(transaction, after)
                let count = try devices.reduce(0) { $0 + (try body(transaction, $1)) }
                return (count, devices.count < Self.chunk ? nil : devices.last?.name.description)
            }
            sum += count
            guard let last else { return sum }
            after = last
        }
    }
}

private struct LabelChange: Sendable {
    let set: [String: String]
    let remove: Set<String>
    let actor: String
    let now: Int64

    init(
        set: [String: String],
        remove: Set<String>,
        actor: String,
        now: Int64
    ) throws(RegistryError) {
        guard !set.isEmpty || !remove.isEmpty else {
            throw RegistryError(.invalid, "no label to set or to remove: name one")
        }
        guard set.count <= Registry.maximumLabels, remove.count <= Registry.maximumLabels else {
            throw RegistryError(
                .invalid,
                "too many labels at once: want at most \(Registry.maximumLabels)"
            )
        }
        if let both = set.keys.sorted().first(where: remove.contains) {
            throw RegistryError(
                .invalid,
                "label \(both) is to be set and to be removed: want one of them"
            )
        }
        do throws(FleetError) {
            for (name, value) in set { try LabelRule.check(name: name, value: value) }
            for name in remove { try LabelRule.check(name: name, value: "") }
        } catch {
            throw RegistryError(.invalid, error.description)
        }
        self.set = set
        self.remove = remove
        self.actor = actor
        self.now = now
    }
}

extension Registry.DeviceEntry {
    fileprivate init(row: Row) throws {
        self.init(id: row[0], name: try row.name(1, as: DeviceID.self))
    }
}

extension Transaction {
    fileprivate func entries(
        _ sql: String,
        _ arguments: StatementArguments
    ) throws -> [Registry.DeviceEntry] {
        try rows(sql, arguments).map { row in try Registry.DeviceEntry(row: row) }
    }

    fileprivate func label(_ device: Registry.DeviceEntry, _ change: LabelChange) throws -> Int {
        let before = try db.labels(of: device.id)
        let set = change.set.filter { before[$0.key] != $0.value }.sorted { $0.key < $1.key }
        let removed = change.remove.filter { before[$0] != nil }.sorted()
        if set.isEmpty && removed.isEmpty { return 0 }
        let count = before.count - removed.count + set.count { before[$0.key] == nil }
        guard count <= Registry.maximumLabels else {
            throw RegistryError(
                .invalid,
                "device \(device.name) would have \(count) labels: want at most "
                    + "\(Registry.maximumLabels)"
            )
        }
        for name in removed {
            try run(
                "DELETE FROM device_label WHERE device_id = ? AND label = ?",
                [device.id, name]
            )
        }
        for (name, value) in set {
            try run(
                """
                INSERT INTO device_label (device_id, label, value) VALUES (?, ?, ?)
                ON CONFLICT (device_id, label) DO UPDATE SET value = excluded.value
                """,
                [device.id, name, value]
            )
        }
        var details: [String: String] = [:]
        // A sign first: what was removed has no value.
        for (name, value) in set { details["+\(name)"] = value }
        for name in removed { details["-\(name)"] = "" }
        try audit(
            AuditEvent(
                time: change.now,
                kind: .deviceLabelled,
                actor: change.actor,
                device: device.name.description,
                details: details
            )
        )
        try campaigns(meet: device.id, now: change.now)
        return 1
    }
}

extension Database {
    /// The labels of the device with this row number, by name.
    fileprivate func labels(of device: Int64) throws -> [String: String] {
        let rows = try Row.fetchAll(
            self,
            sql: "SELECT label, value FROM device_label WHERE device_id = ?",
            arguments: [device]
        )
        return Dictionary(
            rows.map { ($0[0] as String, $0[1] as String) },
            uniquingKeysWith: { $1 }
        )
    }
}
