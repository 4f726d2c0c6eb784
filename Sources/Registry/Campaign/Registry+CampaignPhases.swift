public import Fleet
internal import GRDB

extension Registry {
    /// How many campaigns that are not over are in each phase.
    public func campaignPhases() async throws(RegistryError) -> [CampaignState.Phase: Int] {
        try store.read { db in
            var phases: [CampaignState.Phase: Int] = [:]
            for row in try Row.fetchAll(
                db,
                sql: "SELECT phase, COUNT(*) FROM campaign GROUP BY phase"
            ) {
                let phase = try row.value(0, as: CampaignState.Phase.self)
                if !phase.isOver { phases[phase] = row[1] }
            }
            return phases
        }
    }
}
