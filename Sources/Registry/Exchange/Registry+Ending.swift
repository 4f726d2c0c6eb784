internal import Fleet
internal import GRDB
public import KeyExchange

extension Registry {
    /// Takes the receipt of a retirement; `conflict` when it is not of the one that was ordered.
    ///
    /// A repeat gets the same answer.
    public func acknowledge(
        device: DeviceID,
        _ receipt: Receipt,
        now: Int64
    ) async throws(RegistryError) -> Settle {
        try await writer.perform { transaction in
            guard let row = try transaction.device(named: device),
                row.retireOperation == receipt.operation, row.orderCounter == receipt.counter
            else {
                throw RegistryError(
                    .conflict,
                    "device \(device) acknowledges a retirement that was not ordered"
                )
            }
            if row.state == .retiring {
                try transaction.end(row, receipt: receipt, now: now)
            }
            return Settle(operation: receipt.operation, verdicts: [])
        }
    }

    /// Ends what is due by time: graces; returns how many generations were destroyed.
    ///
    /// Some hundreds to a commit, so that devices need not wait for it.
    public func sweep(now: Int64) async throws(RegistryError) -> Int {
        var sum = 0
        while true {
            let count = try await writer.perform { transaction in
                try transaction.endGraces(now: now, limit: Self.chunk)
            }
            sum += count
            if count < Self.chunk { return sum }
        }
    }
}

extension Transaction {
    fileprivate func end(_ device: DeviceRow, receipt: Receipt, now: Int64) throws {
        var keys = try Keys(of: device, actor: "device", now: now, in: self)
        let held = keys.records.filter(\.state.hasMaterial).map(\.thumbprint)
        for index in keys.records.indices { try keys.destroy(index) }
        try run(
            "UPDATE device SET state = ? WHERE id = ?",
            [DeviceState.retired.rawValue, device.id]
        )
        count(.retired, leaving: .retiring)
        try order(device.name, now: now)
        let destroyed = receipt.destroyed.map(\.thumbprint)
        var details = [
            "operation": receipt.operation.description, "counter": "\(receipt.counter)",
            "destroyed": destroyed.map(\.description).joined(separator: " "),
        ]
        let unseen = held.filter { !destroyed.contains($0) }
        if !unseen.isEmpty { details["notReported"] = "\(unseen.count)" }
        try audit(
            AuditEvent(
                time: now,
                kind: .deviceRetired,
                actor: "device",
                device: device.name.description,
                details: details
            )
        )
    }

    fileprivate func endGraces(now: Int64, limit: Int) throws -> Int {
        let due = try rows(
            """
            SELECT device_key.name, epoch, device_id, device.name
            FROM device_key JOIN device ON device.id = device_id
            WHERE grace_until <= ? ORDER BY grace_until LIMIT ?
            """,
            [now, limit]
        )
        for row in due {
            var keys = Keys(
                id: row[2],
                name: try row.name(3, as: DeviceID.self),
                actor: "server",
                now: now,
                in: self
            )
            try keys.load()
            let (name, epoch) = (try row.name(0, as: KeyName.self), try row.epoch(1))
            guard let index = keys.index(name, epoch) else { continue }
            try keys.destroy(index)
        }
        return due.count
    }
}
