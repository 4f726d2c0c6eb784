public import Fleet
internal import GRDB
public import KeyExchange

/// Single generations of one device's key.
extension Registry {
    /// Destroys a superseded generation before its grace ends, here and at the device's next contact.
    ///
    /// `conflict` for one that is in use, on its way, or that the device may still use because it has
    /// not said that it uses the next one. Doing it twice changes nothing.
    public func destroy(
        _ device: DeviceID,
        key: KeyName,
        epoch: Epoch,
        actor: String,
        now: Int64
    ) async throws(RegistryError) -> KeyRecord {
        try await writer.perform(.cannotWait) { transaction in
            let entry = try transaction.device(named: device, in: [.enrolled, .quarantined])
            var keys = Keys(id: entry.id, name: device, actor: actor, now: now, in: transaction)
            try keys.load()
            guard let index = keys.index(key, epoch) else {
                throw RegistryError(
                    .notFound,
                    "device \(device) has no key \(key) \(epoch) that is remembered"
                )
            }
            let record = keys.records[index]
            let subject = "key \(key) \(epoch) of device \(device) is \(record.state)"
            switch record.state {
            case .destroyed, .destroyedCompromised: return record
            case .superseded where record.graceUntil == nil:
                throw RegistryError(
                    .conflict,
                    "\(subject), and the device has not said that it uses the next one: "
                        + "wait for its next contact, or declare it compromised"
                )
            case .superseded, .deactivated:
                try keys.destroy(index)
                try transaction.nudge(device, now: now)
                return keys.records[index]
            default:
                throw RegistryError(
                    .conflict,
                    "\(subject): want a superseded one; rotate, suspend or retire the key instead"
                )
            }
        }
    }

    /// Makes a generation after the one in use, with the material of the one before that.
    ///
    /// No epoch ever goes back: the older key comes again under the next number, is offered like any
    /// other, and replaces the one in use when the device has confirmed it. Possible while the older one
    /// is superseded and not yet destroyed; never to one that others may know. Doing it twice makes one.
    public func rollBack(
        _ device: DeviceID,
        key: KeyName,
        actor: String,
        now: Int64
    ) async throws(RegistryError) -> KeyRecord {
        try await writer.perform { transaction in
            try transaction.rollBack(device, key: key, actor: actor, now: now)
        }
    }
}

extension Transaction {
    /// The same as a part of a larger change.
    ///
    /// Only while `used` is the generation in use, and only to `older`, when they are named. Whatever
    /// it throws of `notFound`, `conflict` and `damaged`, it throws before it has changed anything.
    @discardableResult
    func rollBack(
        _ device: DeviceID,
        key: KeyName,
        from used: Epoch? = nil,
        to older: Epoch? = nil,
        details: [String: String] = [:],
        actor: String,
        now: Int64
    ) throws -> KeyRecord {
        guard let row = try self.device(named: device) else {
            throw RegistryError(.notFound, "there is no device \(device)")
        }
        guard row.state == .enrolled else {
            throw RegistryError(.conflict, "device \(device) is \(row.state): want enrolled")
        }
        let group = try group(row.group)
        if try retiredKeys(of: row, in: group).contains(key) {
            throw RegistryError(.conflict, "key \(key) of device \(device) is retired")
        }
        var keys = try Keys(of: row, actor: actor, now: now, in: self)
        guard keys.records.contains(where: { $0.name == key }) else {
            throw RegistryError(.notFound, "device \(device) has no key \(key)")
        }
        let before = keys.records.filter {
            $0.name == key && $0.state == .superseded && $0.epoch == older ?? $0.epoch
        }.max { $0.epoch < $1.epoch }
        if let offered = keys.first(key, in: .offered) {
            if let before, keys.records[offered].thumbprint == before.thumbprint {
                return keys.records[offered]
            }
            throw keys.conflict(key, "wait until it is settled, then roll back")
        }
        guard let active = keys.first(key, in: .active),
            keys.records[active].epoch == used ?? keys.records[active].epoch
        else {
            let wanted = used.map { "want \($0) in use" } ?? "want one in use"
            throw keys.conflict(key, "\(wanted) to roll back from")
        }
        guard let before, let source = keys.index(key, before.epoch) else {
            throw keys.conflict(
                key,
                "the generation before it is destroyed or compromised: rotate instead"
            )
        }
        let latest = keys.records.filter { $0.name == key }.map(\.epoch).max()
        guard let next = try latest?.next.map({ try keys.unused($0, of: key) }) else {
            throw keys.conflict(key, "no number is left")
        }
        let material = try keys.material(at: source, group: group)
        // What was due is done by this.
        try keys.setRotation(active, at: nil)
        var details = details
        details["rolledBackTo"] = "\(before.epoch)"
        try keys.add(
            key,
            next,
            material,
            // An old key does not become young by another number: its greatest age counts on.
            createdAt: before.createdAt,
            group: group,
            details: details
        )
        try nudge(device, now: now)
        guard let made = keys.records.last else { preconditionFailure("it was added just now") }
        return made
    }
}
