internal import Fleet
internal import GRDB
public import KeyExchange

extension Registry {
    /// Takes the generation in use of each key out of use for now; returns how many keys are suspended.
    ///
    /// The server accepts it no longer, from this commit on; the device hears of it at its next contact.
    /// A rotation that was on its way is taken back, and asked for again when the key is resumed.
    /// `key` nil means every key. Doing it twice changes nothing.
    public func suspend(
        _ scope: KeyScope,
        key: KeyName?,
        actor: String,
        now: Int64
    ) async throws(RegistryError) -> Int {
        let order = KeyOrder(
            kind: .suspensionOrdered,
            key: key,
            states: [.enrolled, .quarantined],
            actor: actor,
            now: now
        )
        let isOne = if case .device = scope { true } else { false }
        return try await change(scope, order) { transaction, device in
            try transaction.suspend(device, order, isOne: isOne)
        }
    }

    /// Takes suspended keys back into use; returns how many keys are in use.
    ///
    /// `key` nil means every key. `conflict` for one device whose key is neither suspended nor in use.
    /// Doing it twice changes nothing.
    public func resume(
        _ scope: KeyScope,
        key: KeyName?,
        actor: String,
        now: Int64
    ) async throws(RegistryError) -> Int {
        let order = KeyOrder(
            kind: .resumptionOrdered,
            key: key,
            states: [.enrolled, .quarantined],
            actor: actor,
            now: now
        )
        let isOne = if case .device = scope { true } else { false }
        return try await change(scope, order) { transaction, device in
            try transaction.resume(device, order, isOne: isOne)
        }
    }
}

extension Transaction {
    fileprivate func suspend(
        _ device: Registry.DeviceEntry,
        _ order: Registry.KeyOrder,
        isOne: Bool
    ) throws -> Int {
        var keys = try Keys(of: device, order, in: self)
        var count = 0
        var hasChanged = false
        for name in keys.names(order.key) {
            if keys.first(name, in: .suspended) != nil {
                count += 1
                continue
            }
            guard let active = keys.first(name, in: .active) else {
                if isOne, order.key != nil {
                    throw keys.conflict(name, "only a key in use can be suspended")
                }
                continue
            }
            if let offered = keys.first(name, in: .offered) {
                // Nobody uses it yet, and what is suspended is not replaced.
                try keys.move(offered, to: .withdrawn, details: ["reason": "suspended"])
                try keys.setRotation(active, at: order.now)
            }
            let record = keys.records[active]
            try keys.move(
                active,
                to: .suspended,
                dates: Keys.Dates(rotateAt: record.rotateAt, expiresAt: record.expiresAt)
            )
            count += 1
            hasChanged = true
        }
        if hasChanged { try nudge(device.name, now: order.now) }
        return count
    }

    fileprivate func resume(
        _ device: Registry.DeviceEntry,
        _ order: Registry.KeyOrder,
        isOne: Bool
    ) throws -> Int {
        var keys = try Keys(of: device, order, in: self)
        var count = 0
        var hasChanged = false
        for name in keys.names(order.key) {
            if let suspended = keys.first(name, in: .suspended) {
                let record = keys.records[suspended]
                try keys.move(
                    suspended,
                    to: .active,
                    dates: Keys.Dates(rotateAt: record.rotateAt, expiresAt: record.expiresAt)
                )
                count += 1
                hasChanged = true
            } else if keys.first(name, in: .active) != nil {
                count += 1
            } else if isOne, order.key != nil {
                throw keys.conflict(name, "only a suspended key can be resumed")
            }
        }
        if hasChanged { try nudge(device.name, now: order.now) }
        return count
    }
}

extension Keys {
    /// The keys of a device that an admin's order is about.
    init(
        of device: Registry.DeviceEntry,
        _ order: Registry.KeyOrder,
        in transaction: Transaction
    ) throws {
        self.init(
            id: device.id,
            name: device.name,
            actor: order.actor,
            now: order.now,
            in: transaction
        )
        try load()
    }

    /// Names of the keys that the device has or had: all, or the one asked for.
    func names(_ only: KeyName?) -> [KeyName] {
        Set(records.map(\.name)).filter { only == nil || $0 == only }.sorted()
    }

    /// The first generation of a key in a state.
    func first(_ name: KeyName, in state: KeyState) -> Int? {
        records.firstIndex { $0.name == name && $0.state == state }
    }

    /// Why an order cannot be followed: what the key is, and what would help.
    func conflict(_ name: KeyName, _ advice: String) -> RegistryError {
        let latest = records.last { $0.name == name }
        let state = latest.map { "\($0.epoch) is \($0.state)" } ?? "is not there"
        return RegistryError(.conflict, "key \(name) of device \(device): \(state): \(advice)")
    }
}
