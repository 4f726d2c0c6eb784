public import Fleet
internal import Foundation
internal import GRDB
public import KeyExchange

extension Registry {
    /// Orders a device to destroy everything; doing it twice is no fault.
    ///
    /// A device that was never heard holds nothing, and is retired at once.
    public func retireDevice(
        _ id: DeviceID,
        actor: String,
        now: Int64
    ) async throws(RegistryError) -> Device {
        try await change(id) { transaction, device in
            switch device.state {
            case .retiring, .retired: return
            case .registered, .enrolled, .quarantined: break
            }
            _ = try transaction.retire(device, after: device.orderCounter, actor: actor, now: now)
            // The order reaches a device that can hold no session, the nudge one that can.
            if device.state != .registered { try transaction.nudge(id, now: now) }
        }
    }

    /// Refuses an enrolled device until it is released.
    public func quarantineDevice(
        _ id: DeviceID,
        actor: String,
        now: Int64
    ) async throws(RegistryError) -> Device {
        try await change(id) { transaction, device in
            guard
                try transaction.move(
                    device,
                    from: .enrolled,
                    to: .quarantined,
                    event: AuditEvent(
                        time: now,
                        kind: .deviceQuarantined,
                        actor: actor,
                        device: id.description
                    )
                )
            else { return }
            try transaction.campaigns(leave: device.id, because: .quarantined, now: now)
        }
    }

    /// Ends a quarantine, and takes the next contact as the first: what the device says then is not held
    /// against what it said before.
    public func reinstateDevice(
        _ id: DeviceID,
        actor: String,
        now: Int64
    ) async throws(RegistryError) -> Device {
        try await change(id) { transaction, device in
            guard
                try transaction.move(
                    device,
                    from: .quarantined,
                    to: .enrolled,
                    event: AuditEvent(
                        time: now,
                        kind: .deviceReleased,
                        actor: actor,
                        device: id.description
                    )
                )
            else { return }
            try transaction.run(
                """
                UPDATE device SET instance = NULL, earlier_instances = NULL, run = NULL, ticket = NULL
                WHERE id = ?
                """,
                [device.id]
            )
            try transaction.run(
                "DELETE FROM notice WHERE device_id = ? AND kind = ?",
                [device.id, NoticeKind.cloned.rawValue]
            )
            // What was ordered meanwhile waits for it.
            try transaction.nudge(id, now: now)
        }
    }

    private func change(
        _ id: DeviceID,
        _ body: @escaping @Sendable (Transaction, DeviceRow) throws -> Void
    ) async throws(RegistryError) -> Device {
        try await writer.perform(.cannotWait) { transaction in
            guard let device = try transaction.device(named: id) else {
                throw RegistryError(.notFound, "there is no device \(id)")
            }
            try body(transaction, device)
            let row = try transaction.row(
                """
                \(Row.deviceColumns)
                FROM device JOIN device_group ON device_group.id = group_id
                WHERE device.id = ?
                """,
                [device.id]
            )
            guard let row else { throw RegistryError(.damaged, "device \(id) is gone") }
            guard let device = try transaction.db.devices([row]).first else {
                preconditionFailure("one row is one device")
            }
            return device
        }
    }
}

extension Registry {
    /// The number of the next order to a device: above the last one, and not below the clock.
    ///
    /// A server that came back from an old copy of itself does not know which numbers it gave out since.
    /// They were not above the clock of their day, so the clock of today is above all of them.
    static func orderNumber(after last: UInt64, now: Int64) -> UInt64 {
        max(last + 1, min(UInt64(clamping: now), Transaction.plausibleOrder - 1))
    }
}

extension Transaction {
    /// Orders a device to destroy everything, under a number above `counter`.
    func retire(
        _ device: DeviceRow,
        after counter: UInt64,
        actor: String,
        now: Int64,
        details: [String: String] = [:]
    ) throws -> Retire {
        let order = Retire(
            operation: try OperationID(crypto: vault.crypto),
            counter: Registry.orderNumber(after: counter, now: now),
            scope: .device
        )
        let next = device.state == .registered ? DeviceState.retired : .retiring
        try run(
            """
            UPDATE device SET state = ?, order_counter = ?, retire_operation = ?,
                retire_keys = NULL WHERE id = ?
            """,
            [next.rawValue, Int64(order.counter), Data(order.operation.bytes), device.id]
        )
        count(next, leaving: device.state)
        let operation = ["operation": order.operation.description]
        try audit(
            AuditEvent(
                time: now,
                kind: .retirementOrdered,
                actor: actor,
                device: device.name.description,
                details: details.merging(operation) { $1 }
            )
        )
        try campaigns(leave: device.id, because: .deviceRetired, now: now)
        try forgetRotations(device.id)
        if next == .retiring { try self.order(device.name, now: now) }
        return order
    }

    /// Whether it was not there already.
    fileprivate func move(
        _ device: DeviceRow,
        from: DeviceState,
        to: DeviceState,
        event: AuditEvent
    ) throws -> Bool {
        if device.state == to { return false }
        guard device.state == from else {
            throw RegistryError(
                .conflict,
                "device \(device.name) is \(device.state): want \(from)"
            )
        }
        try run("UPDATE device SET state = ? WHERE id = ?", [to.rawValue, device.id])
        count(to, leaving: from)
        try audit(event)
        return true
    }
}
