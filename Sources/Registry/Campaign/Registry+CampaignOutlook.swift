public import Fleet
internal import GRDB
public import KeyExchange

/// What a campaign will probably do, with the devices that it will probably not reach.
public struct CampaignOutlook: Hashable, Sendable {
    /// A device that will probably be left behind.
    public struct Stranded: Hashable, Sendable {
        /// The device.
        public let device: DeviceID
        /// Why.
        public let reason: CampaignForecast.Stranding
        /// When it was heard last, in seconds since 1970; nil for never.
        public let lastSeen: Int64?
        /// Its usual time between contacts, in seconds; nil when it is not known.
        public let intervalSeconds: Int64?
    }

    /// The most devices that are named.
    public static let named = 100

    /// Waves, curve, duration and warnings.
    public let forecast: CampaignForecast
    /// Members that can be known by name now, at most `named`; the forecast counts them all.
    public let stranded: [Stranded]
    /// Devices of the target that would be left out, by reason.
    public let skipped: [SkipReason: Int]
    /// What an admin should read before starting: of the forecast, and of labels.
    public let warnings: [String]
}

extension Registry {
    /// Plays a campaign through without touching a device; for a draft, or for one that waits or runs, as
    /// if it began now.
    public func planCampaign(
        _ name: CampaignName,
        now: Int64
    ) async throws(RegistryError) -> CampaignOutlook {
        let plan = try store.read { db in try db.campaign(named: name).plan }
        return try await planCampaign(plan, now: now)
    }

    /// Plays a plan through that is not even a draft.
    public func planCampaign(
        _ plan: CampaignPlan,
        now: Int64
    ) async throws(RegistryError) -> CampaignOutlook {
        try plan.checkClock(at: now)
        let target = CampaignTarget(plan, now: now)
        return try store.read { db in
            var places = OutlookPlaces(plan)
            let buckets = try target.buckets(in: db, &places)
            let forecast = CampaignForecast(
                plan: plan,
                buckets: buckets,
                clocks: places.clocks,
                startingAt: now
            )
            var skipped = try target.skipped(in: db)
            skipped[.timeZoneUnknown] = places.lost > 0 ? places.lost : nil
            return CampaignOutlook(
                forecast: forecast,
                stranded: try target.stranded(in: db, forecast, closed: places.closed),
                skipped: skipped,
                warnings: forecast.warnings + places.warnings
            )
        }
    }
}
