internal import Fleet
internal import KeyExchange
internal import KeyStore

// The heart of the promise: at every moment there is a key that both sides work with.
extension World {
    func compare(_ device: SimulatedDevice) {
        guard let entry = watch.entries[device.index] else { return }
        // A retirement takes the keys away, on each side in its own time.
        guard entry.believed.state == .enrolled || entry.believed.state == .quarantined else {
            return
        }
        let findings = Self.findings(in: entry)
        if entry.restoredAt != nil {
            // The first session with a restored server leads both to a later generation, if the device
            // can take it.
            guard entry.hasMet else { return }
            watch.entries[device.index]?.hasMet = false
            if device.couldNotTake, !findings.isEmpty { return }
            watch.entries[device.index]?.restoredAt = nil
        }
        for finding in findings { violate(finding.kind, device, finding.detail) }
    }

    private typealias Finding = (kind: Violation.Kind, detail: String)

    private static func findings(in entry: Watch.Entry) -> [Finding] {
        let used = entry.held.filter { $0.state == .primary }.compactMap { held in
            finding(on: held, in: entry)
        }
        let active = entry.believed.keys.filter { $0.state == .active }.compactMap { record in
            finding(on: record, in: entry)
        }
        return used + active
    }

    /// Whether the server works with what the device uses.
    private static func finding(on held: Watch.Held, in entry: Watch.Entry) -> Finding? {
        let generation = held.generation
        let record = entry.believed.record(generation.name, generation.epoch)
        guard let record, record.thumbprint == held.thumbprint else {
            return (.deviceAlone, "\(generation) in use, unknown to the server")
        }
        switch record.state {
        case .offered:
            return (.usedUnconfirmed, "\(generation) in use, only offered at the server")
        case .suspended: return nil
        case .destroyedCompromised:
            // The successor is confirmed, and the device has it: SETTLE will say so.
            let hasSuccessor = entry.held.contains {
                $0.generation.name == generation.name && $0.generation.epoch > generation.epoch
                    && entry.believed.record(generation.name, $0.generation.epoch)?.state == .active
            }
            return hasSuccessor
                ? nil : (.deviceAlone, "\(generation) in use, compromised, and no successor")
        case _ where !record.state.isUsable:
            return (.deviceAlone, "\(generation) in use, \(record.state) at the server")
        default: return nil
        }
    }

    /// Whether the device holds what the server uses.
    private static func finding(on record: KeyRecord, in entry: Watch.Entry) -> Finding? {
        let held = entry.held.first { $0.generation == record.generation }
        guard let held, held.thumbprint == record.thumbprint else {
            return (
                .serverAlone,
                "\(record.generation) active at the server, the device does not hold it"
            )
        }
        return nil
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
