public import Fleet
internal import Foundation
internal import GRDB
internal import KeyExchange

/// What admins say to campaigns.
///
/// Each word is a commit of its own with its row in the audit log. A `revision` that was read before makes
/// sure that the campaign is still what the admin saw: otherwise `conflict`, and nothing happens.
extension Registry {
    /// Makes a draft; `conflict` when the name was used before, `invalid` when the target can be no one's.
    public func createCampaign(
        _ plan: CampaignPlan,
        actor: String,
        now: Int64
    ) async throws(RegistryError) -> CampaignDetails {
        try await writer.perform { transaction in
            try plan.checkClock(at: now)
            try transaction.demandTarget(of: plan)
            let state = CampaignState(createdBy: actor)
            let row = try transaction.row(
                """
                INSERT INTO campaign
                    (name, plan, state, phase, jobs, created_at, first_audit, last_audit)
                VALUES (?, ?, ?, ?, '[]', ?, ?, ?) ON CONFLICT (name) DO NOTHING RETURNING id
                """,
                [
                    plan.name.description, Data(plan.encoded()), Data(state.encoded()),
                    state.phase.rawValue, now, transaction.memory.head.count + 1,
                    transaction.memory.head.count + 1,
                ]
            )
            guard row != nil else {
                throw RegistryError(
                    .conflict,
                    "there is a campaign \(plan.name) already: a name is never used twice"
                )
            }
            var campaign = try transaction.campaign(named: plan.name)
            try transaction.audit(
                .campaignCreated,
                of: &campaign,
                actor: actor,
                now: now,
                [
                    "what": "created", "action": plan.action.description,
                    "target": plan.target.description,
                    "waves": "\(plan.waves.count)", "priority": "\(plan.priority)",
                ]
            )
            try transaction.save(campaign)
        }
        return try await campaign(plan.name, now: now)
    }

    /// Begins a draft, or submits it when the policy wants a second person.
    public func startCampaign(
        _ name: CampaignName,
        revision: UInt64? = nil,
        actor: String,
        now: Int64
    ) async throws(RegistryError) -> CampaignDetails {
        try await say(name, revision, actor, now) { machine, _, transaction throws in
            let steps = try machine.start(
                by: actor,
                needsSecondPerson: try transaction.needsSecondPerson(),
                clocks: machine.plan.clocks,
                at: now
            )
            try transaction.demandMembers(of: machine.plan, now: now)
            return steps
        }
    }

    /// Agrees to a campaign that was submitted, or to the wave that waits for it.
    public func approveCampaign(
        _ name: CampaignName,
        revision: UInt64? = nil,
        actor: String,
        now: Int64
    ) async throws(RegistryError) -> CampaignDetails {
        try await say(name, revision, actor, now) { machine, _, transaction throws in
            try machine.approve(
                by: actor,
                needsSecondPerson: try transaction.needsSecondPerson(),
                clocks: machine.plan.clocks,
                at: now
            )
        }
    }

    /// Releases nothing more until it is resumed.
    public func pauseCampaign(
        _ name: CampaignName,
        revision: UInt64? = nil,
        actor: String,
        now: Int64
    ) async throws(RegistryError) -> CampaignDetails {
        try await say(name, revision, actor, now) { machine, _, _ throws in
            try machine.pause(by: actor)
        }
    }

    /// Goes on after a pause; what failed before is forgiven.
    public func resumeCampaign(
        _ name: CampaignName,
        revision: UInt64? = nil,
        actor: String,
        now: Int64
    ) async throws(RegistryError) -> CampaignDetails {
        try await say(name, revision, actor, now) { machine, counts, _ throws in
            try machine.resume(by: actor, counts: counts, at: now)
        }
    }

    /// Ends it where no device is between two keys: what was offered finishes.
    public func cancelCampaign(
        _ name: CampaignName,
        revision: UInt64? = nil,
        actor: String,
        now: Int64
    ) async throws(RegistryError) -> CampaignDetails {
        try await say(name, revision, actor, now) { machine, _, _ throws in
            try machine.cancel(by: actor, at: now)
        }
    }

    /// Leads settled members of a wave, counted from 0, or of all waves, back to the key they had.
    public func rollBackCampaign(
        _ name: CampaignName,
        wave: Int? = nil,
        revision: UInt64? = nil,
        actor: String,
        now: Int64
    ) async throws(RegistryError) -> CampaignDetails {
        try await say(name, revision, actor, now) { machine, _, _ throws in
            try machine.rollBack(wave: wave, by: actor, at: now)
        }
    }

    /// Lets members that failed by one of these kinds wait for another try.
    public func retryCampaign(
        _ name: CampaignName,
        kinds: Set<CampaignFailure>,
        revision: UInt64? = nil,
        actor: String,
        now: Int64
    ) async throws(RegistryError) -> CampaignDetails {
        try await say(name, revision, actor, now) { machine, counts, _ throws in
            try machine.retry(kinds, by: actor, counts: counts, at: now)
        }
    }

    private func say(
        _ name: CampaignName,
        _ revision: UInt64?,
        _ actor: String,
        _ now: Int64,
        _ word:
            @escaping @Sendable (inout CampaignMachine, CampaignCounts, Transaction) throws ->
            [CampaignStep]
    ) async throws(RegistryError) -> CampaignDetails {
        try await writer.perform { transaction in
            let found = try transaction.campaign(named: name)
            let counts = try transaction.counts(of: found)
            var campaign = try transaction.campaign(named: name)
            if let revision, revision != campaign.state.revision {
                throw RegistryError(
                    .conflict,
                    "campaign \(name) was changed by someone else: it has revision "
                        + "\(campaign.state.revision), you saw \(revision)"
                )
            }
            let steps: [CampaignStep]
            do { steps = try word(&campaign.machine, counts, transaction) } catch let error
                as FleetError
            {
                throw RegistryError(.conflict, error.description)
            }
            try transaction.take(steps, for: &campaign, counts: counts, actor: actor, now: now)
            try transaction.save(campaign)
        }
        return try await campaign(name, now: now)
    }
}

extension Transaction {
    /// Refuses a group that is not there, and a key that no group has.
    fileprivate func demandTarget(of plan: CampaignPlan) throws {
        for group in plan.target.namedGroups { _ = try groupID(group) }
        let places = plan.target.namedGroups.map { _ in "?" }.joined(separator: ", ")
        let condition =
            places.isEmpty
            ? "" : "AND group_id IN (SELECT id FROM device_group WHERE name IN (\(places)))"
        let rows = try rows(
            "SELECT retired_at FROM key_spec WHERE name = ? \(condition)",
            [plan.key.description] + StatementArguments(plan.target.namedGroups.map(\.description))
        )
        guard !rows.isEmpty else {
            throw RegistryError(.notFound, "no group of the target has a key spec \(plan.key)")
        }
        guard rows.contains(where: { ($0[0] as Int64?) == nil }) else {
            throw RegistryError(
                .conflict,
                "key \(plan.key) is retired in every group of the target"
            )
        }
    }

    /// Refuses a target that finds nobody.
    fileprivate func demandMembers(of plan: CampaignPlan, now: Int64) throws {
        if plan.isDynamic { return }
        let (sql, arguments) = QueryPages(plan.target, now: now).page(
            select: "device.id",
            join: "JOIN key_spec ON key_spec.group_id = device.group_id",
            filter: "+device.state = 2 AND key_spec.name = ? AND key_spec.retired_at IS NULL",
            filterArguments: [plan.key.description],
            after: "",
            limit: 1
        )
        guard try Row.fetchOne(db, sql: sql, arguments: arguments) == nil else { return }
        throw RegistryError(
            .conflict,
            "the target is empty: no enrolled device matches \"\(plan.target)\" and has key "
                + "\(plan.key)"
        )
    }
}

extension Transaction {
    fileprivate func needsSecondPerson() throws -> Bool { try policy().secondApproval }
}

extension Query {
    /// Groups of which a device has to be in one, if the query says so.
    fileprivate var namedGroups: [GroupName] {
        let parts =
            switch expression {
            case .and(let parts): parts
            default: [expression]
            }
        for case .condition(.group(let names)) in parts { return names }
        return []
    }
}
