internal import AdminAPI
internal import AdminModel
internal import Fleet
internal import KeyExchange
internal import Registry

extension RegistryAdmin {
    func createCampaign(
        _ plan: AdminModel.CampaignPlan,
        by actor: AdminActor
    ) async throws(AdminProblem) -> CampaignDetail {
        let plan = try Fleet.CampaignPlan(plan)
        return try await mapping { () throws(RegistryError) in
            CampaignDetail(
                try await registry.createCampaign(plan, actor: actor.description, now: now)
            )
        }
    }

    /// Goes through as many parts of the list as it takes to find a page of one state.
    func listCampaigns(
        state: String?,
        _ page: PageRequest
    ) async throws(AdminProblem) -> Page<Campaign> {
        let phase: CampaignState.Phase? = try chosen(state, "state") { text in
            CampaignState.Phase.allCases.first { $0.description == text }
        }
        let start: CampaignName? = try parsed(page.after, "after")
        return try await mapping { () throws(RegistryError) in
            var after = start
            var found: [Campaign] = []
            while true {
                let part = try await registry.listCampaigns(after: after, limit: page.limit)
                for summary in part where phase == nil || summary.state.phase == phase {
                    found.append(Campaign(summary))
                    after = summary.plan.name
                    if found.count == page.limit {
                        return Page(items: found, next: after?.description)
                    }
                }
                guard part.count == page.limit else { return Page(items: found) }
                after = part.last?.plan.name
            }
        }
    }

    func campaign(_ name: String) async throws(AdminProblem) -> CampaignDetail {
        let name: CampaignName = try parsed(name, "campaign")
        return try await mapping { () throws(RegistryError) in
            CampaignDetail(try await registry.campaign(name, now: now))
        }
    }

    func forecast(of name: String) async throws(AdminProblem) -> AdminModel.CampaignForecast {
        let name: CampaignName = try parsed(name, "campaign")
        return try await mapping { () throws(RegistryError) in
            .init(try await registry.planCampaign(name, now: now))
        }
    }

    func listMembers(
        of name: String,
        state: String?,
        _ page: PageRequest
    ) async throws(AdminProblem) -> Page<AdminModel.CampaignMember> {
        let name: CampaignName = try parsed(name, "campaign")
        let state: MemberState? = try chosen(state, "state", MemberState.init(parsing:))
        let after: DeviceID? = try parsed(page.after, "after")
        return try await mapping { () throws(RegistryError) in
            let members = try await registry.campaignMembers(
                name,
                state: state,
                after: after,
                limit: page.limit
            )
            return Page(
                items: members.map { .init($0) },
                next: members.count < page.limit ? nil : members.last?.device.description
            )
        }
    }

    func report(on name: String) async throws(AdminProblem) -> AdminModel.CampaignReport {
        let name: CampaignName = try parsed(name, "campaign")
        return try await mapping { () throws(RegistryError) in
            let details = try await registry.campaign(name, now: now)
            let report = try await registry.campaignReport(name, now: now)
            let head = try await registry.status(now: now).audit
            return AdminModel.CampaignReport(
                fleet: report.fleet.description,
                madeAt: Timestamp(seconds: report.madeAt),
                detail: CampaignDetail(details),
                events: report.history.map { entry in
                    CampaignEvent(at: Timestamp(seconds: entry.time), event: entry.text)
                },
                auditRow: details.audit.upperBound,
                auditHead: hexadecimal(head.hash)
            )
        }
    }
}

/// What admins say to a campaign.
extension RegistryAdmin {
    func startCampaign(
        _ name: String,
        _ order: CampaignOrder,
        by actor: AdminActor
    ) async throws(AdminProblem) -> Campaign {
        try await say(name) { campaign, now throws(RegistryError) in
            try await registry.startCampaign(
                campaign,
                revision: order.revision,
                actor: actor.description,
                now: now
            )
        }
    }

    func approveCampaign(
        _ name: String,
        _ order: CampaignOrder,
        by actor: AdminActor
    ) async throws(AdminProblem) -> Campaign {
        try await say(name) { campaign, now throws(RegistryError) in
            try await registry.approveCampaign(
                campaign,
                revision: order.revision,
                actor: actor.description,
                now: now
            )
        }
    }

    func pauseCampaign(
        _ name: String,
        _ order: CampaignOrder,
        by actor: AdminActor
    ) async throws(AdminProblem) -> Campaign {
        try await say(name) { campaign, now throws(RegistryError) in
            try await registry.pauseCampaign(
                campaign,
                revision: order.revision,
                actor: actor.description,
                now: now
            )
        }
    }

    func resumeCampaign(
        _ name: String,
        _ order: CampaignOrder,
        by actor: AdminActor
    ) async throws(AdminProblem) -> Campaign {
        try await say(name) { campaign, now throws(RegistryError) in
            try await registry.resumeCampaign(
                campaign,
                revision: order.revision,
                actor: actor.description,
                now: now
            )
        }
    }

    func cancelCampaign(
        _ name: String,
        _ order: CampaignOrder,
        by actor: AdminActor
    ) async throws(AdminProblem) -> Campaign {
        try await say(name) { campaign, now throws(RegistryError) in
            try await registry.cancelCampaign(
                campaign,
                revision: order.revision,
                actor: actor.description,
                now: now
            )
        }
    }

    func rollBackCampaign(
        _ name: String,
        _ order: CampaignOrder,
        by actor: AdminActor
    ) async throws(AdminProblem) -> Campaign {
        // People count stages from 1.
        if let wave = order.wave, wave < 1 {
            throw AdminProblem(field: "wave", "want the number of a stage, from 1")
        }
        return try await say(name) { campaign, now throws(RegistryError) in
            try await registry.rollBackCampaign(
                campaign,
                wave: order.wave.map { $0 - 1 },
                revision: order.revision,
                actor: actor.description,
                now: now
            )
        }
    }

    func retryCampaign(
        _ name: String,
        _ order: CampaignOrder,
        by actor: AdminActor
    ) async throws(AdminProblem) -> Campaign {
        var kinds: Set<CampaignFailure> = []
        for kind in order.failures ?? [] {
            kinds.insert(try choice(kind, "failures") { CampaignFailure(parsing: $0) })
        }
        guard !kinds.isEmpty else {
            throw AdminProblem(field: "failures", "want at least one kind of failure")
        }
        return try await say(name) { [kinds] campaign, now throws(RegistryError) in
            try await registry.retryCampaign(
                campaign,
                kinds: kinds,
                revision: order.revision,
                actor: actor.description,
                now: now
            )
        }
    }

    private func say(
        _ name: String,
        _ word:
            @escaping @Sendable (CampaignName, Int64) async throws(RegistryError) -> CampaignDetails
    ) async throws(AdminProblem) -> Campaign {
        let name: CampaignName = try parsed(name, "campaign")
        return try await mapping { () throws(RegistryError) in
            Campaign(try await word(name, now).summary)
        }
    }
}
