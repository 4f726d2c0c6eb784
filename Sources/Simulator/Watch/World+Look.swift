internal import Fleet
internal import KeyExchange
internal import KeyStore
internal import Registry

// After each event: what has changed on either side, and whether the promises still hold.
extension World {
    func look() async {
        guard violations.isEmpty, changedAtServer || !touched.isEmpty else { return }
        var changed = touched
        touched = []
        if changedAtServer, let registry = server.registry {
            changedAtServer = false
            do throws(RegistryError) { changed.formUnion(try await lookAtServer(registry)) } catch {
                violate(.serverFailed, nil, "cannot be looked at: \(error)")
            }
        }
        for index in changed.sorted() {
            let device = devices[index]
            lookAtStore(of: device)
            compare(device)
        }
    }

    // MARK: - The server

    private func lookAtServer(_ registry: Registry) async throws(RegistryError) -> Set<Int> {
        if watch.audited == .max {
            watch.audited = try await registry.status(now: serverTime).audit.count
        }
        var rows: [AuditRow] = []
        while true {
            let page = try await registry.auditList(after: watch.audited, limit: 500)
            rows += page
            watch.audited = page.last?.sequence ?? watch.audited
            if page.count < 500 { break }
        }
        if rows.contains(where: { $0.event.kind == .keyRetirementOrdered })
            || !watch.isReset.isEmpty
        {
            let specs = try await registry.listKeySpecs(group: Self.group)
            let retired = Set(specs.filter { $0.retiredAt != nil }.map(\.name))
            // It concerns devices that no row names.
            if retired != watch.retiredSpecs { watch.looks = 0 }
            watch.retiredSpecs = retired
        }
        if let row = rows.first(where: { $0.event.kind == .deviceCloned }) {
            violate(.falseClone, nil, "\(row.event)")
        }
        let isWhole = watch.looks.isMultiple(of: 16) || !watch.isReset.isEmpty || isQuiet
        watch.looks += 1
        let named = Set(rows.compactMap(\.event.device))
        var changed: Set<Int> = []
        // Who stands in no new row should not have changed; now and then that is looked at, too.
        for device in devices where isWhole || named.contains(device.name.description) {
            let believed: Watch.Believed
            do throws(RegistryError) {
                let details = try await registry.device(device.name)
                believed = Watch.Believed(
                    state: details.device.state,
                    keys: details.keys,
                    retired: watch.retiredSpecs.union(details.retiredKeys)
                )
            } catch {
                guard error.code == .notFound else { throw error }
                believed = Watch.Believed()
            }
            let own = rows.filter { $0.event.device == device.name.description }
            if take(believed, of: device, own.map(\.event)) { changed.insert(device.index) }
        }
        return changed
    }

    /// Compares what the server believes with what it believed, and with what it wrote down.
    private func take(
        _ believed: Watch.Believed,
        of device: SimulatedDevice,
        _ events: [AuditEvent]
    ) -> Bool {
        var entry = watch.entries[device.index] ?? Watch.Entry()
        defer { watch.entries[device.index] = entry }
        let old = entry.believed
        entry.believed = believed
        if watch.isReset.remove(device.index) != nil {
            // What was believed before counts no more.
            entry.ended = Set(believed.keys.filter(\.state.isEnd).map(\.generation))
            entry.compromised = believed.compromised
            entry.goneForGood = []
            return true
        }
        guard old != believed else { return false }
        var states: [Watch.Generation: KeyState] = [:]
        for record in old.keys { states[record.generation] = record.state }
        for event in events {
            apply(event, to: &states, device)
            if event.kind == .keyRetired, let name = event.key { entry.goneForGood.insert(name) }
        }
        for record in old.keys where record.state == .suspended {
            let now = believed.record(record.name, record.epoch)?.state
            if now != .suspended, now != .active { entry.outOfUse.insert(record.generation) }
        }
        for record in believed.keys {
            let generation = record.generation
            let state = states[generation]
            if state != record.state {
                violate(
                    .notAudited,
                    device,
                    "\(generation) is \(record.state), the audit log says \(state?.description ?? "nothing")"
                )
            }
            if record.state.isEnd {
                entry.ended.insert(generation)
            } else if entry.ended.contains(generation) {
                violate(.cameBack, device, "\(generation) is \(record.state) after its end")
            }
            if believed.state == .retired, record.state.isUsable {
                violate(.acceptedAfterRetirement, device, "\(generation) is \(record.state)")
            }
        }
        entry.compromised.formUnion(believed.compromised)
        for finding in entry.misuses { violate(finding.kind, device, finding.detail) }
        for (name, epoch) in Self.latest(old.keys) {
            if let now = Self.latest(believed.keys)[name], now >= epoch { continue }
            violate(.serverWentBack, device, "\(name) was at \(epoch)")
        }
        return true
    }

    private func apply(
        _ event: AuditEvent,
        to states: inout [Watch.Generation: KeyState],
        _ device: SimulatedDevice
    ) {
        guard let name = event.key, let epoch = event.epoch, let from = event.details["from"],
            let old = KeyState.allCases.first(where: { $0.description == from })
        else { return }
        let generation = Watch.Generation(name: name, epoch: epoch)
        let before = states[generation] ?? .preActive
        if before != old {
            violate(.notAudited, device, "\(generation) was \(before), a row says \(old)")
        }
        let next = KeyState.allCases.first {
            AuditKind(entering: $0) == event.kind && old.mayBecome($0)
        }
        guard let next else {
            return violate(
                .notAudited,
                device,
                "\(generation): \(event.kind) from \(old) is no transition"
            )
        }
        trace(device, "at the server \(generation): \(old) to \(next)")
        states[generation] = next
    }

    private static func latest(_ keys: [KeyRecord]) -> [KeyName: Epoch] {
        Dictionary(keys.map { ($0.name, $0.epoch) }, uniquingKeysWith: max)
    }

    // MARK: - The device

    private func lookAtStore(of device: SimulatedDevice) {
        guard let (record, keys) = recordsHeld(by: device) else { return }
        var entry = watch.entries[device.index] ?? Watch.Entry()
        defer { watch.entries[device.index] = entry }
        entry.isGone = record.map { $0.life >= .retiring } ?? false
        if watch.restorations > 0, let record, record.order > 0 {
            let before = Set(entry.held.map(\.generation.name))
            entry.lose(before.subtracting(keys.map(\.name)), at: now)
        }
        entry.held = keys.flatMap { key in
            key.epochs.map { epoch in
                Watch.Held(
                    generation: Watch.Generation(name: key.name, epoch: epoch.epoch),
                    state: epoch.state,
                    thumbprint: epoch.thumbprint
                )
            }
        }
        for held in entry.held {
            let generation = held.generation
            let known = entry.thumbprints[generation]
            // A restored server does not know a number that it gave out and took back; what was in use
            // is known to the device, which never goes back to it.
            let mayBeForgotten = watch.restorations > 0 && !entry.used.contains(generation)
            if let known, known != held.thumbprint, !mayBeForgotten {
                violate(.numberReused, device, "\(generation) is another key than before")
            }
            entry.thumbprints[generation] = held.thumbprint
            guard held.state == .primary else { continue }
            let last = entry.primaries[generation.name]
            if let last, last > generation.epoch {
                violate(.deviceWentBack, device, "\(generation) in use, it was \(last) before")
            }
            if last != generation.epoch, last != nil { watch.rotations += 1 }
            entry.primaries[generation.name] = generation.epoch
            entry.used.insert(generation)
        }
    }

    private func recordsHeld(
        by device: SimulatedDevice
    ) -> (DeviceRecord?, [StoredKey])? {
        if let store = device.store { return (store.device, store.keys) }
        do throws(StoreError) {
            let view = try StoreView(device.disk.path, crypto: device.crypto)
            return (view.device, view.keys)
        } catch {
            // Nothing was ever written there.
            if error.code != .empty { violate(.storeDamaged, device, "\(error)") }
            return nil
        }
    }
}

extension KeyRecord {
    var generation: Watch.Generation { Watch.Generation(name: name, epoch: epoch) }
}

extension Watch.Generation: CustomStringConvertible {
    var description: String { "\(name) \(epoch)" }
}
