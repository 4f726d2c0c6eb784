internal import Fleet
internal import KeyExchange
internal import KeyStore

// The heart of the promise: at every moment there is a key that both sides work with.
extension World {
    func compare(_ device: SimulatedDevice) {
        guard let entry = watch.entries[device.index] else { return }
        if entry.isGone, entry.believed.state == .enrolled || entry.believed.state == .quarantined,
            watch.restorations == 0
        {
            violate(.obeyedStranger, device, "it destroyed everything, nobody had ordered it")
        }
        // A retirement takes the keys away, on each side in its own time.
        guard entry.believed.state == .enrolled || entry.believed.state == .quarantined else {
            return
        }
        for finding in Self.findings(in: entry) + entry.remains {
            violate(finding.kind, device, finding.detail)
        }
    }

    private typealias Finding = Watch.Entry.Finding

    private static func findings(in entry: Watch.Entry) -> [Finding] {
        // A retirement takes the key away, on each side in its own time; and the first session with a
        // restored server leads both to a later generation.
        let others = entry.believed.retired.union(entry.unmet)
        let used = entry.held.filter {
            $0.state == .primary && !others.contains($0.generation.name)
        }.compactMap { held in
            finding(on: held, in: entry)
        }
        let active = entry.believed.keys.filter {
            $0.state == .active && !others.contains($0.name)
        }.compactMap { record in
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
        case _ where entry.outOfUse.contains(generation): return nil
        case .destroyedCompromised:
            // The successor is confirmed, and the device has it: SETTLE will say so.
            let hasSuccessor = entry.held.contains {
                let record = entry.believed.record(generation.name, $0.generation.epoch)
                return $0.generation.name == generation.name
                    && $0.generation.epoch > generation.epoch
                    && [.active, .suspended, .compromised].contains(record?.state)
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
}
