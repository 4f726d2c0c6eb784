internal import Fleet
internal import GRDB
internal import KeyExchange

/// What a campaign does to one key, by the primitives that admins use, too.
extension Transaction {
    /// Never trusts the generations of a member's key again; the next one is due at once.
    func compromise(
        _ device: Registry.DeviceEntry,
        key: KeyName,
        campaign: CampaignName,
        now: Int64
    ) throws {
        var keys = Keys(id: device.id, name: device.name, actor: "server", now: now, in: self)
        try keys.load()
        _ = try keys.compromise(
            key,
            known: keys.alive(key),
            details: ["campaign": campaign.description]
        )
    }

    /// Leads a member back to the key it had before, as a generation after the one in use.
    ///
    /// False when the older key is gone, or cannot be read, or the device has another one by now.
    func restore(_ member: MemberRow, of campaign: CampaignRow, now: Int64) throws -> Bool {
        guard let before = member.epochBefore.flatMap({ Epoch($0) }),
            let after = member.epochAfter.flatMap({ Epoch($0) })
        else { return false }
        do {
            try rollBack(
                member.deviceName,
                key: campaign.plan.key,
                from: after,
                to: before,
                details: ["campaign": campaign.plan.name.description],
                actor: "server",
                now: now
            )
            return true
        } catch let error as RegistryError {
            guard [.notFound, .conflict, .damaged].contains(error.code) else { throw error }
            return false
        }
    }
}
