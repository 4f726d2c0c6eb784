internal import Fleet
internal import GRDB
internal import KeyExchange

extension Registry {
    /// Devices that one commit of a large change touches, so that others wait only a moment.
    static let chunk = 500

    /// A device in passing.
    struct DeviceEntry: Sendable {
        let id: Int64
        let name: DeviceID
    }

    /// What an admin asks of the keys of some devices.
    struct KeyOrder: Sendable {
        /// How the audit log calls it.
        let kind: AuditKind
        /// The key; nil for every one.
        let key: KeyName?
        /// The generation; nil for those that it concerns.
        var epoch: Epoch?
        /// States of a device in which its keys may be touched.
        var states: Set<DeviceState> = [.enrolled]
        let actor: String
        let now: Int64

        /// What takes a key away is done on a full disk, too.
        var urgency: Urgency {
            switch kind {
            case .compromiseOrdered, .suspensionOrdered, .keyRetirementOrdered: .cannotWait
            default: .canWait
            }
        }
    }

    /// Runs a change for each device of a scope, some hundreds to a commit; returns the sum.
    ///
    /// The order itself is one row of the audit log, in the first commit. `notFound` when scope or key
    /// is not there, `conflict` when the one device is in a wrong state. A crash in the middle of a
    /// group leaves the rest undone: each change does nothing the second time, so the admin asks again.
    func change(
        _ scope: KeyScope,
        _ order: KeyOrder,
        _ body: @escaping @Sendable (Transaction, DeviceEntry) throws -> Int
    ) async throws(RegistryError) -> Int {
        switch scope {
        case .device(let name):
            return try await writer.perform(order.urgency) { transaction in
                let device = try transaction.device(named: name, in: order.states)
                let count = try body(transaction, DeviceEntry(id: device.id, name: name))
                if let key = order.key, count == 0 {
                    throw RegistryError(.notFound, "device \(name) has no key \(key)")
                }
                try transaction.audit(order, device: name, group: nil)
                return count
            }
        case .group(let name):
            let group = try await writer.perform(order.urgency) { transaction in
                let group = try transaction.groupID(name)
                try transaction.demand(order.key, in: group, named: name)
                try transaction.audit(order, device: nil, group: name)
                return group
            }
            return try await forEachDevice(
                in: group,
                states: order.states,
                now: order.now,
                order.urgency,
                body
            )
        case .query(let query):
            try await writer.perform(order.urgency) { transaction in
                try transaction.audit(order, device: nil, group: nil, query: query)
            }
            return try await forEachDevice(
                matching: query,
                states: order.states,
                now: order.now,
                order.urgency,
                body
            )
        }
    }

    /// Runs a change for each device of a group that is in one of these states; returns the sum.
    @discardableResult
    func forEachDevice(
        in group: Int64,
        states: some Collection<DeviceState> & Sendable = [.enrolled],
        now: Int64,
        _ urgency: Urgency = .canWait,
        _ body: @escaping @Sendable (Transaction, DeviceEntry) throws -> Int
    ) async throws(RegistryError) -> Int {
        var sum = 0
        var after = ""
        // In the text: it is one of a few, and the statement is prepared once for each.
        let list = states.map(\.rawValue).sorted().map { "\($0)" }.joined(separator: ", ")
        while true {
            let (count, last) = try await writer.perform(urgency) { [after] transaction in
                let devices = try transaction.rows(
                    """
                    SELECT id, name FROM device
                    WHERE group_id = ? AND name > ? AND state IN (\(list))
                    ORDER BY name LIMIT \(Self.chunk)
                    """,
                    [group, after]
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
    /// Runs a change for each device of a page (`id, name`); returns the sum, and the name to go on
    /// after, nil when this was the last page.
    ///
    /// A device whose rows cannot be read is noticed and passed over: it keeps no other from an order,
    /// which may be an urgent one.
    func forEach(
        _ page: [Row],
        now: Int64,
        _ body: (Transaction, Registry.DeviceEntry) throws -> Int
    ) throws -> (Int, String?) {
        var sum = 0
        for row in page {
            let id: Int64 = row[0]
            let name = try? row.name(1, as: DeviceID.self)
            do {
                guard let name else { throw row.damaged("a name that is none") }
                sum += try body(self, Registry.DeviceEntry(id: id, name: name))
            } catch let error as RegistryError where error.code == .damaged {
                try noticeDamage(error.detail, about: id, named: name, now: now)
            }
        }
        return (sum, page.count < Registry.chunk ? nil : page.last?.text(1))
    }

    /// A device by name; `conflict` when it is in none of these states.
    func device(named name: DeviceID, in states: Set<DeviceState>) throws -> DeviceRow {
        guard let device = try device(named: name) else {
            throw RegistryError(.notFound, "there is no device \(name)")
        }
        guard states.contains(device.state) else {
            let wanted = states.sorted { $0.rawValue < $1.rawValue }.map(\.description)
            throw RegistryError(
                .conflict,
                "device \(name) is \(device.state): want \(wanted.joined(separator: " or "))"
            )
        }
        return device
    }

    /// Throws when the group has no such key; any group has "every key".
    func demand(_ key: KeyName?, in group: Int64, named name: GroupName) throws {
        guard let key else { return }
        let entry = try self.group(group)
        if entry.retired.contains(key) {
            throw RegistryError(.conflict, "key \(key) of group \(name) is retired")
        }
        guard entry.specs.contains(where: { $0.name == key }) else {
            throw RegistryError(.notFound, "group \(name) has no key spec \(key)")
        }
    }

    /// Writes down what was asked.
    func audit(
        _ order: Registry.KeyOrder,
        device: DeviceID?,
        group: GroupName?,
        query: Query? = nil
    ) throws {
        var details: [String: String] = [:]
        details["group"] = group?.description
        details["query"] = query?.description
        try audit(
            AuditEvent(
                time: order.now,
                kind: order.kind,
                actor: order.actor,
                device: device?.description,
                key: order.key,
                epoch: order.epoch,
                details: details
            )
        )
    }
}
