internal import EDHOC
internal import Fleet
internal import GRDB
public import KeyExchange

extension Registry {
    /// What a device's topic of orders shall hold now: the retirement that it has not acknowledged,
    /// signed; empty for nothing, which also clears the topic.
    ///
    /// It is the retirement that a session would tell of, so whichever reaches the device first counts.
    /// The signature is by the command key of the generation under which the device talked last: that
    /// one it trusts, even if the server has gone on to another since.
    public func order(for device: DeviceID, now: Int64) async throws(RegistryError) -> [UInt8] {
        let row = try store.read { db in
            try Row.fetchOne(
                db,
                sql: """
                    SELECT state, order_counter, retire_operation, anchor, retire_keys
                    FROM device
                    WHERE name = ?
                    """,
                arguments: [device.description]
            ).map { row in try OpenRetirement(row) }
        }
        guard let open = row ?? nil else { return [] }
        guard let key = anchors.commandKey(open.anchor) else {
            throw RegistryError(.damaged, "there is no command key \(open.anchor)")
        }
        let issuedAt = UInt64(clamping: now)
        let days = UInt64(try policy().orderLifeDays)
        let order = Order(
            fleet: fleet,
            device: device,
            operation: open.operation,
            counter: open.counter,
            scope: open.scope,
            issuedAt: issuedAt,
            expiresAt: days == 0 ? nil : issuedAt + days * 86_400
        )
        do { return try Order.sign(order, with: key) } catch {
            throw RegistryError(.failed, "cannot sign an order: \(error)")
        }
    }

    /// Devices with a retirement that they have not acknowledged, by name after `after`.
    public func devicesUnderOrder(
        after: DeviceID? = nil,
        limit: Int
    ) async throws(RegistryError) -> [DeviceID] {
        try store.read { db in
            // Two short lists, each by its own index: those that go, and those that lose a key.
            let names = try ["state = 3", "retire_keys IS NOT NULL"].flatMap { condition in
                try Row.fetchAll(
                    db,
                    sql: """
                        SELECT name FROM device WHERE \(condition) AND name > ?
                        ORDER BY name LIMIT \(page(limit))
                        """,
                    arguments: [after?.description ?? ""]
                ).map { row in try row.name(0, as: DeviceID.self) }
            }
            return Array(Set(names).sorted().prefix(page(limit)))
        }
    }
}

/// A retirement without a receipt.
private struct OpenRetirement {
    let operation: OperationID
    let counter: UInt64
    let scope: RetireScope
    let anchor: UInt32

    /// Of `state, order_counter, retire_operation, anchor, retire_keys`; nil when none is open.
    init?(_ row: Row) throws {
        switch try row.value(0, as: DeviceState.self) {
        case .retiring: scope = .device
        case .enrolled, .quarantined:
            let parts = (row.text(4) ?? "").split(separator: " ")
            guard !parts.isEmpty else { return nil }
            let names = parts.compactMap { try? KeyName(parsing: $0) }
            guard Set(names).count == parts.count, parts.count <= MessageLimits.keys else {
                throw RegistryError(.damaged, "a retirement of keys that have no such names")
            }
            scope = .keys(names)
        case .registered, .retired: return nil
        }
        counter = try row.count(1, as: UInt64.self)
        anchor = try row.count(3, as: UInt32.self)
        guard let operation = OperationID(bytes: row.bytes(2)), counter > 0 else {
            throw RegistryError(.damaged, "a retirement without an operation")
        }
        self.operation = operation
    }
}
