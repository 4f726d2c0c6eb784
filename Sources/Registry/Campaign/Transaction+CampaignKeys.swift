internal import Fleet
internal import GRDB
internal import KeyExchange

/// What a campaign does to one key, by the primitives that admins use, too.
extension Transaction {
    /// Never trusts the generations of a key again; the next one is due at once.
    func compromise(
        _ device: Registry.DeviceEntry,
        key: KeyName,
        campaign: CampaignName,
        now: Int64
    ) throws {
        throw RegistryError(.invalid, "campaigns of compromise are not there yet")
    }

    /// Leads a member back to the key it had before, as a generation after the one in use.
    ///
    /// No epoch ever goes back. False when the older key is gone, or the device has another one by now.
    func restore(_ member: MemberRow, of campaign: CampaignRow, now: Int64) throws -> Bool {
        let name = campaign.plan.key
        guard let device = try device(named: member.deviceName), device.state == .enrolled,
            let before = member.epochBefore.flatMap({ Epoch($0) }),
            let after = member.epochAfter.flatMap({ Epoch($0) })
        else { return false }
        var keys = try Keys(of: device, actor: "server", now: now, in: self)
        guard let source = keys.index(name, before), let active = keys.index(name, after),
            keys.records[source].state == .superseded, keys.records[active].state == .active,
            let latest = keys.records.filter({ $0.name == name }).map(\.epoch).max(),
            latest == after, latest.number < .max, let next = Epoch(latest.number + 1)
        else { return false }
        let group = try group(device.group)
        let material = try keys.material(at: source, group: group)
        // What was due is done by this.
        try keys.setRotation(active, at: nil)
        try keys.add(
            name,
            next,
            material,
            group: group,
            details: [
                "rolledBackTo": "\(before)", "campaign": campaign.plan.name.description,
            ]
        )
        try nudge(device.name, now: now)
        return true
    }
}
