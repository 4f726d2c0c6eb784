internal import Fleet
internal import GRDB
public import KeyExchange

extension Registry {
    /// Devices that one commit of a large change touches, so that others wait only a moment.
    static let chunk = 500

    /// A device in passing.
    struct DeviceEntry: Sendable {
        let id: Int64
        let name: DeviceID
    }

    /// Marks keys as due and nudges their devices; returns how many keys were marked.
    ///
    /// `key` nil means every key. A large group is marked in several commits. A key whose next
    /// generation is on its way already counts as marked.
    public func rotate(
        _ scope: RotationScope,
        key: KeyName?,
        actor: String,
        now: Int64
    ) async throws(RegistryError) -> Int {
        switch scope {
        case .device(let name):
            return try await writer.perform { transaction in
                let device = try transaction.enrolledDevice(name)
                let count = try transaction.markDue(device, key: key, now: now)
                if let key, count == 0 {
                    throw RegistryError(.notFound, "device \(name) has no key \(key)")
                }
                try transaction.auditRotation(
                    device: name,
                    group: nil,
                    key: key,
                    actor: actor,
                    now: now
                )
                return count
            }
        case .group(let name):
            let group = try await writer.perform { transaction in
                let group = try transaction.groupID(name)
                if let key, !(try transaction.group(group).specs.contains { $0.name == key }) {
                    throw RegistryError(.notFound, "group \(name) has no key spec \(key)")
                }
                try transaction.auditRotation(
                    device: nil,
                    group: name,
                    key: key,
                    actor: actor,
                    now: now
                )
                return group
            }
            return try await forEachEnrolled(in: group) { transaction, device in
                try transaction.markDue(device, key: key, now: now)
            }
        case .query(let query):
            try await writer.perform { transaction in
                try transaction.auditRotation(
                    device: nil,
                    group: nil,
                    query: query,
                    key: key,
                    actor: actor,
                    now: now
                )
            }
            return try await forEachEnrolled(matching: query, now: now) { transaction, device in
                try transaction.markDue(device, key: key, now: now)
            }
        }
    }

    /// Runs a change for each enrolled device of a group, some hundreds to a commit; returns the sum.
    @discardableResult
    func forEachEnrolled(
        in group: Int64,
        _ body: @escaping @Sendable (Transaction, DeviceEntry) throws -> Int
    ) async throws(RegistryError) -> Int {
        var sum = 0
        var after = ""
        while true {
            let (count, last) = try await writer.perform { [after] transaction in
                let devices = try transaction.rows(
                    """
                    SELECT id, name FROM device WHERE group_id = ? AND name > ? AND state = 2
                    ORDER BY name LIMIT \(Self.chunk)
                    """,
                    [group, after]
                ).map { row in
                    DeviceEntry(id: row[0], name: try row.name(1, as: DeviceID.self))
                }
                let count = try devices.reduce(0) { $0 + (try body(transaction, $1)) }
                return (count, devices.count < Self.chunk ? nil : devices.last?.name.description)
            }
            sum += count
            guard let last else { return sum }
            after = last
        }
    }

    func forEachEnrolled(
        in group: Int64,
        _ body: @escaping @Sendable (Transaction, DeviceEntry) throws -> Void
    ) async throws(RegistryError) {
        try await forEachEnrolled(in: group) { transaction, device in
            try body(transaction, device)
            return 0
        }
    }
}

extension Transaction {
    fileprivate func enrolledDevice(_ name: DeviceID) throws -> Registry.DeviceEntry {
        guard let device = try device(named: name) else {
            throw RegistryError(.notFound, "there is no device \(name)")
        }
        guard device.state == .enrolled else {
            throw RegistryError(
                .conflict,
                "device \(name) is \(device.state): only an enrolled one has keys"
            )
        }
        return Registry.DeviceEntry(id: device.id, name: name)
    }

    /// Marks the newest live generation of each key; one that was withdrawn may be tried again.
    func markDue(
        _ device: Registry.DeviceEntry,
        key: KeyName?,
        now: Int64
    ) throws -> Int {
        let states = "state IN (1, 2, 3)"
        let condition = key == nil ? states : "name = ? AND \(states)"
        var arguments: StatementArguments = [now, device.id]
        if let key { arguments += [key.description] }
        let names = try rows(
            """
            UPDATE device_key SET rotate_at = CASE state WHEN 1 THEN NULL ELSE ? END
            WHERE device_id = ? AND \(condition) RETURNING name
            """,
            arguments
        ).map { $0[0] as String }
        let count = Set(names).count
        if count > 0 { try nudge(device.name, now: now) }
        return count
    }

    fileprivate func auditRotation(
        device: DeviceID?,
        group: GroupName?,
        query: Query? = nil,
        key: KeyName?,
        actor: String,
        now: Int64
    ) throws {
        var details: [String: String] = [:]
        details["group"] = group?.description
        details["query"] = query?.description
        try audit(
            AuditEvent(
                time: now,
                kind: .rotationOrdered,
                actor: actor,
                device: device?.description,
                key: key,
                details: details
            )
        )
    }
}
