internal import Fleet
internal import KeyExchange
internal import KeyStore
internal import Registry

// After the quiet time: both sides equal, and nothing under way.
extension World {
    func compareAtEnd(_ device: SimulatedDevice) {
        let entry = watch.entries[device.index] ?? Watch.Entry()
        switch entry.believed.state {
        case .enrolled: break
        case .retired:
            if !entry.held.isEmpty { violate(.notEqual, device, "retired, and holds keys") }
            return
        case .retiring where entry.isGone && (watch.restorations > 0 || server.hasSwitched):
            // Its identity is gone, and its server came back from the time before; or the server has
            // another one by now, which a device on its way out does not hold up. No receipt comes.
            return
        case let other:
            // One that the server retired is told so; one that it has never heard of comes again.
            return violate(.stranded, device, "\(other?.description ?? "unknown") at the server")
        }
        for name in watch.specs { compareAtEnd(name, device, entry) }
        for held in entry.held {
            if held.state == .pending {
                violate(.notEqual, device, "\(held.generation) is pending")
            }
            if entry.compromised.contains(held.thumbprint) {
                violate(.acceptedAfterCompromise, device, "holds \(held.generation)")
            }
        }
    }

    private func compareAtEnd(_ name: KeyName, _ device: SimulatedDevice, _ entry: Watch.Entry) {
        let held = entry.held.filter { $0.generation.name == name }
        let records = entry.believed.keys.filter { $0.name == name }
        if entry.believed.retired.contains(name) {
            if !held.isEmpty { violate(.keptAfterRetirement, device, "\(name) on the device") }
            if let kept = records.first(where: \.state.hasMaterial) {
                violate(.notEqual, device, "\(name): retired, and \(kept.state) at the server")
            }
            return
        }
        if let open = records.first(where: { $0.state == .offered || $0.state == .compromised }) {
            violate(.notEqual, device, "\(open.generation) is \(open.state) at the server")
        }
        let suspended = records.first { $0.state == .suspended }
        if suspended != nil, entry.unmet.contains(name),
            !held.contains(where: { $0.state == .primary })
        {
            // A restored server suspends an older one than the device has; nobody works with either.
            return
        }
        let wanted = suspended ?? records.first { $0.state == .active }
        let state: Report.EpochState = suspended == nil ? .primary : .suspended
        let mine = held.first { $0.state == state && $0.generation == wanted?.generation }
        let isOther = held.contains { $0.state == .primary && $0 != mine }
        guard let wanted, let mine, mine.thumbprint == wanted.thumbprint, !isOther else {
            let used = held.last { $0.state == .primary || $0.state == .suspended }
            return violate(
                .stranded,
                device,
                "\(name): the device uses \(used?.generation.epoch.description ?? "none"), "
                    + "the server \(wanted?.epoch.description ?? "none")"
            )
        }
    }

    /// Every campaign is over, and none of its members is on the way.
    func compareCampaigns(_ registry: Registry) async throws(RegistryError) {
        for campaign in try await registry.listCampaigns(limit: 1000) {
            let name = campaign.plan.name
            guard campaign.state.phase.isOver else {
                let reason = campaign.state.pauseReason.map { " (\($0))" } ?? ""
                violate(.notEqual, nil, "\(name) is \(campaign.state.phase)\(reason)")
                continue
            }
            for member in try await registry.campaignMembers(name, limit: 100) {
                let device = devices.first { $0.name == member.device }
                guard member.state.isDone else {
                    violate(.notEqual, device, "\(name): is over, the member is \(member.state)")
                    continue
                }
                guard member.state == .settled, let device, let epoch = member.epochAfter,
                    let record = watch.entries[device.index]?.believed.record(
                        campaign.plan.key,
                        epoch
                    )
                else { continue }
                if record.thumbprint != member.thumbprint {
                    violate(.notEqual, device, "\(name): settled with another key")
                }
            }
        }
    }
}
