internal import Fleet
internal import GRDB
public import KeyExchange

extension Registry {
    /// Declares that others may know keys, and has them replaced at once; returns how many keys are
    /// concerned.
    ///
    /// `epoch` nil means every live generation. What a device uses stays accepted until the device has
    /// confirmed a successor, and no longer; everything else is destroyed in this commit. A compromised
    /// generation is never offered again, and none with the same material is left alive. Doing it twice
    /// changes nothing, but asks a device again that refused the successor.
    public func compromise(
        _ scope: KeyScope,
        key: KeyName?,
        epoch: Epoch? = nil,
        actor: String,
        now: Int64
    ) async throws(RegistryError) -> Int {
        guard key != nil || epoch == nil else {
            throw RegistryError(.invalid, "an epoch is of one key: name the key as well")
        }
        let order = KeyOrder(
            kind: .compromiseOrdered,
            key: key,
            epoch: epoch,
            states: [.enrolled, .quarantined, .retiring],
            actor: actor,
            now: now
        )
        let isOne = if case .device = scope { true } else { false }
        return try await change(scope, order) { transaction, device in
            try transaction.compromise(device, order, isOne: isOne)
        }
    }
}

extension Transaction {
    fileprivate func compromise(
        _ device: Registry.DeviceEntry,
        _ order: Registry.KeyOrder,
        isOne: Bool
    ) throws -> Int {
        var keys = try Keys(of: device, order, in: self)
        var count = 0
        for name in keys.names(order.key) {
            let named = keys.records.filter { $0.name == name }
            let known: Set<Thumbprint>
            if let epoch = order.epoch {
                guard let record = named.first(where: { $0.epoch == epoch }) else {
                    if isOne {
                        throw RegistryError(
                            .notFound,
                            "device \(device.name) has no key \(name) \(epoch) that is remembered"
                        )
                    }
                    continue
                }
                known = [record.thumbprint]
            } else {
                known = keys.alive(name)
            }
            if try keys.compromise(name, known: known) { try nudge(device.name, now: order.now) }
            if named.contains(where: { known.contains($0.thumbprint) || $0.state.isCompromised }) {
                count += 1
            }
        }
        return count
    }
}

extension Keys {
    /// What every generation of a key that is not gone is made of.
    func alive(_ name: KeyName) -> Set<Thumbprint> {
        Set(records.filter { $0.name == name && $0.state.hasMaterial }.map(\.thumbprint))
    }

    /// Brings each generation of such material to its end, or near it; whether anything changed.
    mutating func compromise(
        _ name: KeyName,
        known: Set<Thumbprint>,
        details: [String: String] = [:]
    ) throws -> Bool {
        var hasChanged = false
        // A generation that was rolled back to lives on under another number with the same material.
        for index in records.indices
        where records[index].name == name && known.contains(records[index].thumbprint)
            && !records[index].state.isCompromised
        {
            hasChanged = true
            switch records[index].state {
            case .destroyed, .withdrawn:
                try move(index, to: .destroyedCompromised, details: details)
            case .superseded where records[index].graceUntil == nil, .active:
                // The device may use it: it is due at once, and accepted until then.
                try move(
                    index,
                    to: .compromised,
                    dates: Dates(rotateAt: now),
                    details: details
                )
            default:
                try move(index, to: .compromised, details: details)
                try destroy(index)
            }
        }
        // The device has confirmed another one already: with that it can go on, now or when it is resumed.
        guard hasChanged, first(name, in: .active) ?? first(name, in: .suspended) != nil else {
            // Saying it again changes nothing but this: a device that refused the successor is asked again.
            return try askAgain(for: name) || hasChanged
        }
        for index in records.indices
        where records[index].name == name && records[index].state == .compromised {
            try destroy(index)
        }
        return hasChanged
    }

    /// What the device refused before is asked for again: it has no other key now, or none that lasts.
    private mutating func askAgain(for name: KeyName) throws -> Bool {
        guard let last = records.lastIndex(where: { $0.name == name }),
            records[last].state == .withdrawn,
            records.contains(where: { $0.name == name && $0.state.isCompromised })
        else { return false }
        try setRotation(last, at: now)
        return true
    }
}
