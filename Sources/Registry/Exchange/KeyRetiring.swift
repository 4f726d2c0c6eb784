internal import Fleet
internal import Foundation
internal import GRDB
internal import KeyExchange

/// Keys that are to go while their device stays.
extension Transaction {
    /// Keys that were retired for the device or for its group.
    func retiredKeys(of device: DeviceRow, in group: GroupEntry) throws -> Set<KeyName> {
        guard device.hasRetiredKeys else { return group.retired }
        let own = try rows(
            "SELECT name FROM retired_key WHERE device_id = ? ORDER BY name",
            [device.id]
        )
        return group.retired.union(try own.map { row in try row.name(0, as: KeyName.self) })
    }

    /// The order to destroy those of them that the server still has; nil when it has none.
    ///
    /// As long as the same keys are meant it is the same order, so a device that asks again obeys once;
    /// a new one is left for the device's topic of orders, too.
    func retirement(
        of retired: Set<KeyName>,
        _ keys: Keys,
        _ device: DeviceRow,
        counter: UInt64,
        now: Int64
    ) throws -> Retire? {
        let open = Set(
            keys.records.filter { retired.contains($0.name) && $0.state.hasMaterial }.map(\.name)
        )
        guard !open.isEmpty else { return nil }
        let names = Array(open.sorted().prefix(MessageLimits.keys))
        let text = names.map(\.description).joined(separator: " ")
        if let operation = device.retireOperation, device.retireKeys == text,
            counter == device.orderCounter
        {
            return Retire(operation: operation, counter: counter, scope: .keys(names))
        }
        let order = Retire(
            operation: try OperationID(crypto: vault.crypto),
            counter: Registry.orderNumber(after: counter, now: now),
            scope: .keys(names)
        )
        try run(
            """
            UPDATE device SET order_counter = ?, retire_operation = ?, retire_keys = ?
            WHERE id = ?
            """,
            [Int64(order.counter), Data(order.operation.bytes), text, device.id]
        )
        try self.order(device.name, now: now)
        return order
    }

    /// The device has destroyed them; what else it holds goes on at its next contact.
    func endKeys(of device: DeviceRow, receipt: Receipt, now: Int64) throws {
        var keys = try Keys(of: device, actor: "device", now: now, in: self)
        for part in device.retireKeys.split(separator: " ") {
            guard let name = try? KeyName(parsing: part) else { continue }
            let indices = keys.records.indices.filter { keys.records[$0].name == name }
            let held = indices.map { keys.records[$0] }.filter(\.state.hasMaterial)
            for index in indices { try keys.destroy(index) }
            try keys.forgetUnreadable(of: name)
            try audit(
                AuditEvent(
                    time: now,
                    kind: .keyRetired,
                    actor: "device",
                    device: device.name.description,
                    key: name,
                    details: receipt.details(
                        of: receipt.destroyed.filter { $0.name == name },
                        expecting: held.map(\.thumbprint)
                    )
                )
            )
        }
        try run("UPDATE device SET retire_keys = NULL WHERE id = ?", [device.id])
        try order(device.name, now: now)
        try nudge(device.name, now: now)
    }
}
