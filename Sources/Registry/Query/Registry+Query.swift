public import Fleet
internal import GRDB
public import KeyExchange

extension Registry {
    /// Devices that a query asks for, after `after`, at most `limit`, in an order that stays.
    public func listDevices(
        query: Query,
        after: DeviceID? = nil,
        limit: Int = 100,
        now: Int64
    ) async throws(RegistryError) -> [Device] {
        let (sql, arguments) = QueryPages(query, now: now).page(
            select: Row.deviceFields,
            join: "JOIN device_group ON device_group.id = group_id",
            after: after?.description ?? "",
            limit: page(limit)
        )
        return try store.read { db in
            try db.devices(try Row.fetchAll(db, sql: sql, arguments: arguments))
        }
    }

    /// How many devices a query asks for.
    public func countDevices(query: Query, now: Int64) async throws(RegistryError) -> Int {
        let (sql, arguments) = QueryPages(query, now: now).all(select: "COUNT(*)")
        return try store.read { db in
            try Int.fetchOne(db, sql: sql, arguments: arguments) ?? 0
        }
    }

    /// Runs a change for each device that a query asks for and that is in one of these states, some
    /// hundreds to a commit; returns the sum.
    @discardableResult
    func forEachDevice(
        matching query: Query,
        states: Set<DeviceState> = [.enrolled],
        now: Int64,
        _ urgency: Urgency = .canWait,
        _ body: @escaping @Sendable (Transaction, DeviceEntry) throws -> Int
    ) async throws(RegistryError) -> Int {
        let pages = QueryPages(query, now: now)
        var sum = 0
        var after = ""
        while true {
            let (count, last) = try await writer.perform(urgency) { [after] transaction in
                let devices = try transaction.devices(
                    on: pages,
                    states: states,
                    after: after,
                    limit: Self.chunk
                )
                return try transaction.forEach(devices, now: now, body)
            }
            sum += count
            guard let last else { return sum }
            after = last
        }
    }
}

extension Transaction {
    /// Whether a query asks for a device.
    func matches(_ query: Query, device: Int64, now: Int64) throws -> Bool {
        let condition = QueryCondition(query, now: now)
        // Not kept prepared: there is no end to the queries that one may write.
        return try Row.fetchOne(
            db,
            sql: "SELECT 1 FROM device WHERE device.id = ? AND \(condition.sql)",
            arguments: [device] + condition.arguments
        ) != nil
    }

    fileprivate func devices(
        on pages: QueryPages,
        states: Set<DeviceState>,
        after: String,
        limit: Int
    ) throws -> [Row] {
        let list = states.map(\.rawValue).sorted().map { "\($0)" }.joined(separator: ", ")
        let (sql, arguments) = pages.page(
            select: "device.id, device.name",
            filter: "+device.state IN (\(list))",
            after: after,
            limit: limit
        )
        return try Row.fetchAll(db, sql: sql, arguments: arguments)
    }
}
