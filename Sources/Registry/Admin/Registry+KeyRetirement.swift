internal import Fleet
internal import GRDB
public import KeyExchange

extension Registry {
    /// Retires a key: for one device, or for a group and every device that it will ever have.
    ///
    /// It is not offered any more, and campaigns leave it out. Each device that has it is told to destroy
    /// it at its next contact, and by a signed order that needs no session; when it has said which
    /// generations it destroyed, the server destroys its own. Returns how many devices have it still.
    /// Doing it twice changes nothing, and finishes what a crash in the middle of a group has left
    /// undone; there is no way back, a new key has a new name.
    public func retireKey(
        _ scope: KeyScope,
        key: KeyName,
        actor: String,
        now: Int64
    ) async throws(RegistryError) -> Int {
        let order = KeyOrder(kind: .keyRetirementOrdered, key: key, actor: actor, now: now)
        switch scope {
        case .device(let name):
            return try await writer.perform(order.urgency) { transaction in
                try transaction.retire(key, of: name, order)
            }
        case .group(let name):
            let group = try await writer.perform(order.urgency) { transaction in
                try transaction.retire(key, of: name, order)
            }
            return try await forEachDevice(
                in: group,
                states: Self.mayLoseKeys,
                now: now,
                order.urgency
            ) { transaction, device in
                try transaction.orderAway(key, of: device.name, now: now) ? 1 : 0
            }
        case .query(let query):
            try await writer.perform(order.urgency) { transaction in
                try transaction.audit(order, device: nil, group: nil, query: query)
            }
            return try await forEachDevice(
                matching: query,
                states: Self.mayLoseKeys,
                now: now,
                order.urgency
            ) { transaction, device in
                guard try transaction.has(key, device.id) else { return 0 }
                return try transaction.retire(key, of: device.name, order)
            }
        }
    }

    /// States of a device in which a key of it can be retired; in others it loses all of them.
    fileprivate static let mayLoseKeys: Set<DeviceState> = [.registered, .enrolled, .quarantined]
}

extension Transaction {
    fileprivate func retire(
        _ key: KeyName,
        of name: DeviceID,
        _ order: Registry.KeyOrder
    ) throws -> Int {
        let device = try device(named: name, in: Registry.mayLoseKeys)
        let group = try group(device.group)
        let isSpecified = group.specs.contains { $0.name == key } || group.retired.contains(key)
        guard try isSpecified || has(key, device.id) else {
            throw RegistryError(.notFound, "device \(name) has no key \(key)")
        }
        let isNew = try self.row(
            """
            INSERT INTO retired_key (device_id, name, retired_at) VALUES (?, ?, ?)
            ON CONFLICT (device_id, name) DO NOTHING RETURNING name
            """,
            [device.id, key.description, order.now]
        )
        if isNew != nil {
            try run("UPDATE device SET has_retired_keys = 1 WHERE id = ?", [device.id])
            try audit(order, device: name, group: nil)
        }
        return try orderAway(key, of: name, now: order.now) ? 1 : 0
    }

    /// Tells the device to destroy what was retired, and its campaigns that they have lost it; whether
    /// the server still holds a generation of the key.
    fileprivate func orderAway(_ key: KeyName, of name: DeviceID, now: Int64) throws -> Bool {
        guard let device = try device(named: name) else {
            throw RegistryError(.notFound, "there is no device \(name)")
        }
        try campaigns(leave: device.id, key: key, because: .keyRetired, now: now)
        try forgetRotations(of: key, device.id)
        guard try has(key, device.id) else { return false }
        let keys = try Keys(of: device, actor: "server", now: now, in: self)
        let retired = try retiredKeys(of: device, in: try group(device.group))
        _ = try retirement(of: retired, keys, device, counter: device.orderCounter, now: now)
        if device.state == .enrolled { try nudge(name, now: now) }
        return true
    }

    fileprivate func retire(
        _ key: KeyName,
        of name: GroupName,
        _ order: Registry.KeyOrder
    ) throws -> Int64 {
        let group = try groupID(name)
        let entry = try self.group(group)
        if entry.retired.contains(key) { return group }
        guard entry.specs.contains(where: { $0.name == key }) else {
            throw RegistryError(.notFound, "group \(name) has no key spec \(key)")
        }
        try run(
            "UPDATE key_spec SET retired_at = ? WHERE group_id = ? AND name = ?",
            [order.now, group, key.description]
        )
        forget(group: group)
        try audit(order, device: nil, group: name)
        return group
    }

    /// Has no generation of a key, or of every key, due any more: none will follow it.
    func forgetRotations(of key: KeyName? = nil, _ device: Int64) throws {
        try run(
            """
            UPDATE device_key SET rotate_at = NULL, nudge_at = NULL
            WHERE device_id = ? AND (? IS NULL OR name = ?) AND rotate_at IS NOT NULL
            """,
            [device, key?.description, key?.description]
        )
    }

    /// Whether the server holds material of the key for the device.
    func has(_ key: KeyName, _ device: Int64) throws -> Bool {
        try row(
            """
            SELECT epoch FROM device_key
            WHERE device_id = ? AND name = ? AND sealed IS NOT NULL LIMIT 1
            """,
            [device, key.description]
        ) != nil
    }
}
