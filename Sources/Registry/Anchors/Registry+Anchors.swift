internal import EDHOC
internal import Fleet
internal import GRDB
public import KeyExchange

extension Registry {
    /// Who answers a device that has pinned a generation, or names none: the oldest in service then.
    ///
    /// Nil for a generation that is not in service.
    public func anchor(answering hint: UInt32?) -> ServerAnchor? {
        guard let hint else { return anchors.current }
        return anchors.answering(hint)
    }

    /// The generation that new bundles carry.
    public var newestAnchor: ServerAnchor { anchors.newest }

    /// The server's generations, and how far the fleet has followed.
    public func anchorOverview(now: Int64) async throws(RegistryError) -> AnchorOverview {
        let required = try policy().anchorCoverage
        return try store.read { db in
            let devices = try Int.devicesInUse(db)
            let entries = try Row.fetchAll(
                db,
                sql: """
                    SELECT generation, state, credential, command_key, created_at, changed_at
                    FROM anchor ORDER BY generation
                    """
            ).map { row in
                let generation: UInt32 = row[0]
                return try row.anchorEntry(
                    covered: devices - Int.stragglers(db, before: generation)
                )
            }
            let bundles = try Int.fetchOne(
                db,
                sql: """
                    SELECT COUNT(*) FROM bundle
                    WHERE anchor < ? AND uses_left > 0 AND is_revoked = 0 AND expires_at > ?
                    """,
                arguments: [Int64(entries.last?.generation ?? 0), now]
            )
            return AnchorOverview(
                entries: entries,
                devices: devices,
                requiredPercent: required,
                openBundles: bundles ?? 0
            )
        }
    }

    /// Devices in use that have not talked to the server under its newest generation, by name.
    public func stragglers(
        after: DeviceID? = nil,
        limit: Int = 100
    ) async throws(RegistryError) -> [StragglingDevice] {
        try store.read { db in
            let generations = try Int64.fetchAll(
                db,
                sql: "SELECT generation FROM anchor ORDER BY generation"
            )
            // By name within each generation: no list of a million is sorted to show a page of it.
            let found = try generations.dropLast().flatMap { generation in
                try Row.fetchAll(
                    db,
                    sql: """
                        SELECT device.name, device_group.name, state, anchor, pinned, last_seen
                        FROM device JOIN device_group ON device_group.id = group_id
                        WHERE state IN (2, 5) AND anchor = ? AND device.name > ?
                        ORDER BY device.name LIMIT \(page(limit))
                        """,
                    arguments: [generation, after?.description ?? ""]
                ).map { row in
                    StragglingDevice(
                        id: try row.name(0, as: DeviceID.self),
                        group: try row.name(1, as: GroupName.self),
                        state: try row.value(2, as: DeviceState.self),
                        anchor: row[3],
                        pinned: row[4],
                        lastSeen: row[5]
                    )
                }
            }
            return Array(found.sorted { $0.id < $1.id }.prefix(page(limit)))
        }
    }
}

extension Int {
    /// Devices that are enrolled or in quarantine: those that a switch could cut off.
    static func devicesInUse(_ db: Database) throws -> Int {
        try Int.fetchOne(
            db,
            sql: "SELECT COALESCE(SUM(devices), 0) FROM state_count WHERE state IN (2, 5)"
        ) ?? 0
    }

    /// Those of them that have not talked under a generation or a later one.
    static func stragglers(_ db: Database, before generation: UInt32) throws -> Int {
        try Int.fetchOne(
            db,
            sql: "SELECT COUNT(*) FROM device WHERE state IN (2, 5) AND anchor < ?",
            arguments: [Int64(generation)]
        ) ?? 0
    }
}

extension Row {
    /// `generation, state, credential, command_key, created_at, changed_at`.
    func anchorEntry(covered: Int) throws -> AnchorEntry {
        AnchorEntry(
            generation: self[0],
            state: try value(1, as: AnchorState.self),
            kid: try Credential(ccs: bytes(2), sentByValue: false).id.kid ?? [],
            commandKey: bytes(3),
            createdAt: self[4],
            changedAt: self[5],
            covered: covered
        )
    }
}
