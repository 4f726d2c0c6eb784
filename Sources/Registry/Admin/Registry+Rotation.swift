internal import Fleet
internal import GRDB
public import KeyExchange

extension Registry {
    /// Marks keys as due and nudges their devices; returns how many keys were marked.
    ///
    /// `key` nil means every key. A large group is marked in several commits. A key whose next
    /// generation is on its way already counts as marked; a suspended or retired one is left out, and
    /// for one device and a key by name it is a `conflict`.
    public func rotate(
        _ scope: KeyScope,
        key: KeyName?,
        actor: String,
        now: Int64
    ) async throws(RegistryError) -> Int {
        let order = KeyOrder(kind: .rotationOrdered, key: key, actor: actor, now: now)
        let isOne = if case .device = scope { true } else { false }
        return try await change(scope, order) { transaction, device in
            let count = try transaction.markDue(device, key: key, now: now)
            if count == 0, isOne, let key { try transaction.explain(key, of: device) }
            return count
        }
    }
}

extension Transaction {
    /// Marks the newest live generation of each key; one that was withdrawn may be tried again.
    ///
    /// Not a withdrawn one that another has followed: nobody would ever take the mark off it.
    func markDue(_ device: Registry.DeviceEntry, key: KeyName?, now: Int64) throws -> Int {
        let states = """
            state IN (1, 2, 3, 7) AND name NOT IN
                (SELECT name FROM device_key WHERE device_id = ? AND state = 9)
                AND name NOT IN (\(Self.retiredNames))
                AND (state <> 2 OR NOT EXISTS (SELECT 1 FROM device_key AS later
                    WHERE later.device_id = device_key.device_id
                        AND later.name = device_key.name AND later.epoch > device_key.epoch))
            """
        let condition = key == nil ? states : "\(states) AND name = ?"
        var arguments: StatementArguments = [now, device.id, device.id, device.id, device.id]
        if let key { arguments += [key.description] }
        let names = try rows(
            """
            UPDATE device_key SET rotate_at = CASE state WHEN 1 THEN NULL ELSE ? END, nudge_at = NULL
            WHERE device_id = ? AND \(condition) RETURNING name
            """,
            arguments
        ).map { $0[0] as String }
        let count = Set(names).count
        if count > 0 { try nudge(device.name, now: now) }
        return count
    }

    /// Keys that were retired for a device or for its group, given its number twice.
    private static let retiredNames = """
        SELECT name FROM retired_key WHERE device_id = ?
        UNION ALL SELECT name FROM key_spec
        WHERE group_id = (SELECT group_id FROM device WHERE id = ?) AND retired_at IS NOT NULL
        """

    fileprivate func explain(_ key: KeyName, of device: Registry.DeviceEntry) throws {
        let retired = try row(
            "SELECT 1 FROM (\(Self.retiredNames)) WHERE name = ?",
            [device.id, device.id, key.description]
        )
        guard retired == nil else {
            throw RegistryError(.conflict, "key \(key) of device \(device.name) is retired")
        }
        let suspended = try row(
            "SELECT epoch FROM device_key WHERE device_id = ? AND name = ? AND state = 9",
            [device.id, key.description]
        )
        guard let suspended else { return }
        throw RegistryError(
            .conflict,
            "key \(key) \(try suspended.epoch(0)) of device \(device.name) is suspended: "
                + "resume it first, or declare it compromised to have it replaced"
        )
    }
}
