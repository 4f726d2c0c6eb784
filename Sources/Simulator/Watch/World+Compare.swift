internal import Fleet
internal import KeyExchange
internal import KeyStore

// The heart of the promise: at every moment there is a key that both sides work with.
extension World {
    func compare(_ device: SimulatedDevice) {
        guard let entry = watch.entries[device.index], entry.restoredAt == nil else { return }
        // A retirement takes the keys away, on each side in its own time.
        guard entry.believed.state == .enrolled || entry.believed.state == .quarantined else {
            return
        }
        for held in entry.held where held.state == .primary {
            checkDevice(device, held, entry)
        }
        for record in entry.believed.keys where record.state == .active {
            checkServer(device, record, entry)
        }
    }

    /// Whether the server works with what the device uses.
    private func checkDevice(
        _ device: SimulatedDevice,
        _ held: Watch.Held,
        _ entry: Watch.Entry
    ) {
        let generation = held.generation
        let record = entry.believed.record(generation.name, generation.epoch)
        guard let record, record.thumbprint == held.thumbprint else {
            return violate(.deviceAlone, device, "\(generation) in use, unknown to the server")
        }
        switch record.state {
        case .offered:
            violate(.usedUnconfirmed, device, "\(generation) in use, only offered at the server")
        case .suspended: return
        case .destroyedCompromised:
            // The successor is confirmed, and the device has it: SETTLE will say so.
            let successor = entry.held.first {
                $0.generation.name == generation.name && $0.generation.epoch > generation.epoch
                    && entry.believed.record(generation.name, $0.generation.epoch)?.state == .active
            }
            if successor == nil {
                violate(.deviceAlone, device, "\(generation) in use, and no successor")
            }
        case _ where !record.state.isUsable:
            violate(.deviceAlone, device, "\(generation) in use, \(record.state) at the server")
        default: return
        }
    }

    /// Whether the device holds what the server uses.
    private func checkServer(
        _ device: SimulatedDevice,
        _ record: KeyRecord,
        _ entry: Watch.Entry
    ) {
        let held = entry.held.first { $0.generation == record.generation }
        guard let held, held.thumbprint == record.thumbprint else {
            return violate(
                .serverAlone,
                device,
                "\(record.generation) active at the server, the device does not hold it"
            )
        }
    }

    /// After the quiet time: both sides equal, and nothing under way.
    func compareAtEnd(_ device: SimulatedDevice) {
        let entry = watch.entries[device.index] ?? Watch.Entry()
        // Its server came back from the time before: an admin retires it once more, or forgets it.
        if device.store?.device?.life == .retired, entry.restoredAt != nil { return }
        switch entry.believed.state {
        case .enrolled: break
        case .retired:
            if !entry.held.isEmpty { violate(.notEqual, device, "retired, and holds keys") }
            return
        case let other:
            // One that the server retired is told so; one that it has never heard of comes again.
            return violate(.stranded, device, "\(other?.description ?? "unknown") at the server")
        }
        for name in watch.specs {
            let primary = entry.held.first {
                $0.generation.name == name && $0.state == .primary
            }
            let active = entry.believed.keys.first { $0.name == name && $0.state == .active }
            guard let primary, let active, primary.generation == active.generation,
                primary.thumbprint == active.thumbprint
            else {
                violate(
                    .stranded,
                    device,
                    "\(name): the device uses \(primary?.generation.epoch.description ?? "none"), "
                        + "the server \(active?.epoch.description ?? "none")"
                )
                continue
            }
            if entry.believed.keys.contains(where: { $0.name == name && $0.state == .offered }) {
                violate(.notEqual, device, "\(name): an offer is open")
            }
        }
        if let pending = entry.held.first(where: { $0.state == .pending }) {
            violate(.notEqual, device, "\(pending.generation) is pending")
        }
    }
}
