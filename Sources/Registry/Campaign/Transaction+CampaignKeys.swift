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

    /// Leads a member back to the key it had before; false when that key is gone.
    func restore(_ member: MemberRow, of campaign: CampaignRow, now: Int64) throws -> Bool {
        false
    }
}
