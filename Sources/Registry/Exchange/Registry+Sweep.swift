internal import Fleet
internal import GRDB
internal import KeyExchange

extension Registry {
    /// Nudges that one sweep leaves at the most: the rest waits for the next one, which spreads them.
    static let nudgesPerSweep = 4 * chunk

    /// Ends what is due by time: graces; returns how many generations were destroyed.
    ///
    /// Some hundreds to a commit, so that devices need not wait for it. A row that cannot be read is
    /// passed over and noticed.
    public func sweep(now: Int64) async throws(RegistryError) -> Int {
        var sum = 0
        while true {
            let (found, destroyed) = try await writer.perform { transaction in
                try transaction.endGraces(now: now, limit: Self.chunk)
            }
            sum += destroyed
            if found < Self.chunk { return sum }
        }
    }

    /// Nudges the devices of which a key has become due by its period or its age, each once; returns
    /// how many.
    public func nudgeDue(now: Int64) async throws(RegistryError) -> Int {
        var sum = 0
        for _ in 0..<(Self.nudgesPerSweep / Self.chunk) {
            let (found, nudged) = try await writer.perform { transaction in
                try transaction.nudgeDue(now: now, limit: Self.chunk)
            }
            sum += nudged
            if found < Self.chunk { break }
        }
        return sum
    }
}

extension Transaction {
    /// A row of a key that is due, its key columns as they are.
    private struct DueRow {
        let device: Int64
        let name: DatabaseValue
        let epoch: DatabaseValue
        let deviceName: DatabaseValue

        init(_ row: Row) {
            device = row[0]
            name = row[1]
            epoch = row[2]
            deviceName = row[3]
        }
    }

    fileprivate func endGraces(now: Int64, limit: Int) throws -> (found: Int, destroyed: Int) {
        let due = try rows(
            """
            SELECT device_id, device_key.name, epoch, device.name
            FROM device_key JOIN device ON device.id = device_id
            WHERE grace_until <= ? ORDER BY grace_until LIMIT ?
            """,
            [now, limit]
        )
        var destroyed = 0
        for row in due {
            do {
                var keys = Keys(
                    id: row[0],
                    name: try row.name(3, as: DeviceID.self),
                    actor: "server",
                    now: now,
                    in: self
                )
                let (name, epoch) = (try row.name(1, as: KeyName.self), try row.epoch(2))
                try keys.load(name, epoch)
                guard let index = keys.index(name, epoch),
                    keys.records[index].state == .superseded
                else {
                    throw RegistryError(.damaged, "a grace of what is not superseded")
                }
                try keys.destroy(index)
                destroyed += 1
            } catch let error as RegistryError where error.code == .damaged {
                // It would be met again at every sweep, and keep those behind it from their end.
                try setAside(DueRow(row), because: error, now: now)
            }
        }
        return (due.count, destroyed)
    }

    private func setAside(_ row: DueRow, because error: RegistryError, now: Int64) throws {
        try run(
            """
            UPDATE device_key SET grace_until = NULL
            WHERE device_id = ? AND name = ? AND epoch = ?
            """,
            [row.device, row.name, row.epoch]
        )
        try notice(.damaged, about: row.device, now: now)
        try audit(
            AuditEvent(
                time: now,
                kind: .rowDamaged,
                actor: "server",
                device: String.fromDatabaseValue(row.deviceName)
                    .flatMap { try? DeviceID(parsing: $0) }?.description,
                details: ["reason": error.detail]
            )
        )
    }

    fileprivate func nudgeDue(now: Int64, limit: Int) throws -> (found: Int, nudged: Int) {
        let due = try rows(
            """
            SELECT device_id, device_key.name, epoch, device.name, device.state
            FROM device_key JOIN device ON device.id = device_id
            WHERE nudge_at <= ? ORDER BY nudge_at LIMIT ?
            """,
            [now, limit]
        )
        var nudged: Set<Int64> = []
        for row in due {
            let key = DueRow(row)
            try run(
                """
                UPDATE device_key SET nudge_at = NULL
                WHERE device_id = ? AND name = ? AND epoch = ?
                """,
                [key.device, key.name, key.epoch]
            )
            guard let text = String.fromDatabaseValue(key.deviceName),
                let device = try? DeviceID(parsing: text),
                Int.fromDatabaseValue(row[4]) == DeviceState.enrolled.rawValue
            else { continue }
            if nudged.insert(key.device).inserted { try nudge(device, now: now) }
        }
        return (due.count, nudged.count)
    }
}
