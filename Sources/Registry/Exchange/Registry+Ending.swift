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
        try await writer.perform(.cannotWait) { transaction in
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
            } else if !row.retireKeys.isEmpty {
                try transaction.endKeys(of: row, receipt: receipt, now: now)
            }
            return Settle(
                operation: receipt.operation,
                verdicts: [],
                time: UInt64(clamping: now)
            )
        }
    }
}

extension Transaction {
    fileprivate func end(_ device: DeviceRow, receipt: Receipt, now: Int64) throws {
        var keys = try Keys(of: device, actor: "device", now: now, in: self)
        let held = keys.records.filter(\.state.hasMaterial).map(\.thumbprint)
        for index in keys.records.indices { try keys.destroy(index) }
        try keys.forgetUnreadable()
        try run(
            "UPDATE device SET state = ? WHERE id = ?",
            [DeviceState.retired.rawValue, device.id]
        )
        count(.retired, leaving: .retiring)
        try order(device.name, now: now)
        try audit(
            AuditEvent(
                time: now,
                kind: .deviceRetired,
                actor: "device",
                device: device.name.description,
                details: receipt.details(of: receipt.destroyed, expecting: held)
            )
        )
    }
}

extension Receipt {
    /// What the audit log keeps of it: the thumbprints of what was destroyed, and how many generations
    /// the server knew of that the device did not name.
    func details(
        of destroyed: [DestroyedKey],
        expecting held: [Thumbprint]
    ) -> [String: String] {
        let seen = destroyed.map(\.thumbprint)
        var details = [
            "operation": operation.description, "counter": "\(counter)",
            "destroyed": seen.map(\.description).joined(separator: " "),
        ]
        let unseen = held.count { !seen.contains($0) }
        if unseen > 0 { details["notReported"] = "\(unseen)" }
        return details
    }
}
