package import AdminAPI
package import AdminModel

extension FakeService {
    package func createCampaign(
        _ plan: CampaignPlan,
        by actor: AdminActor
    ) async throws(AdminProblem) -> CampaignDetail {
        try change { state throws(AdminProblem) in
            try check(plan.name)
            _ = try FakeQuery(plan.query)
            guard state.campaigns[plan.name] == nil else {
                throw AdminProblem(.conflict, "there is a campaign \(plan.name) already")
            }
            let campaign = FakeCampaign(
                campaign: Campaign(
                    name: plan.name,
                    state: "draft",
                    action: plan.action ?? "rotate",
                    key: plan.key,
                    query: plan.query,
                    priority: plan.priority ?? 5,
                    createdBy: actor.description,
                    createdAt: noon
                ),
                plan: plan
            )
            state.campaigns[plan.name] = campaign
            state.record("campaignCreated", actor)
            return campaign.detail
        }
    }

    package func listCampaigns(
        state phase: String?,
        _ page: PageRequest
    ) async throws(AdminProblem) -> Page<Campaign> {
        try change { state throws(AdminProblem) in
            let campaigns = state.campaigns.values.map(\.detail.campaign)
                .filter { phase == nil || phase == $0.state }
            return cut(campaigns.sorted { $0.name < $1.name }, page, by: \.name)
        }
    }

    /// Each look finds it one step further, so that watching ends.
    package func campaign(_ name: String) async throws(AdminProblem) -> CampaignDetail {
        try changeCampaign(name) { campaign throws(AdminProblem) in
            let detail = campaign.detail
            campaign.tick()
            return detail
        }
    }

    package func forecast(of name: String) async throws(AdminProblem) -> CampaignForecast {
        try change { state throws(AdminProblem) in
            let campaign = try state.campaign(name)
            let found = try state.targets(of: campaign.plan)
            let silent = found.filter { $0.device.lastSeenAt == nil }
            return CampaignForecast(
                members: found.count,
                waves: [
                    WaveForecast(number: 1, members: found.count, beginsAt: noon, endsAt: noon)
                ],
                endsAt: noon,
                stranded: silent.isEmpty ? [:] : ["neverHeard": silent.count],
                strandedDevices: silent.map {
                    StrandedDevice(device: $0.device.id, reason: "neverHeard")
                },
                warnings: found.isEmpty ? ["the query finds no device"] : []
            )
        }
    }

    package func listMembers(
        of name: String,
        state: String?,
        _ page: PageRequest
    ) async throws(AdminProblem) -> Page<CampaignMember> {
        try change { fleet throws(AdminProblem) in
            let members = try fleet.campaign(name).members
                .filter { state == nil || state == $0.state }
            return cut(members, page, by: \.device)
        }
    }

    package func report(on name: String) async throws(AdminProblem) -> CampaignReport {
        try change { state throws(AdminProblem) in
            let campaign = try state.campaign(name)
            return CampaignReport(
                fleet: "lamps",
                madeAt: noon,
                detail: campaign.detail,
                events: campaign.events,
                auditRow: Int64(state.audit.count),
                auditHead: "00ff"
            )
        }
    }

    package func startCampaign(
        _ name: String,
        _ order: CampaignOrder,
        by actor: AdminActor
    ) async throws(AdminProblem) -> Campaign {
        let targets = try change { state throws(AdminProblem) in
            try state.targets(of: try state.campaign(name).plan)
        }
        return try self.order("start", name, order, from: ["draft"], to: "running", actor) {
            $0.campaign.startedAt = noon
            $0.members = targets.map { detail in
                CampaignMember(device: detail.device.id, wave: 1, state: "waiting", epochBefore: 1)
            }
        }
    }

    package func approveCampaign(
        _ name: String,
        _ order: CampaignOrder,
        by actor: AdminActor
    ) async throws(AdminProblem) -> Campaign {
        try self.order("approve", name, order, from: ["awaitingApproval"], to: "running", actor) {
            $0.campaign.approvedBy = actor.description
        }
    }

    package func pauseCampaign(
        _ name: String,
        _ order: CampaignOrder,
        by actor: AdminActor
    ) async throws(AdminProblem) -> Campaign {
        try self.order("pause", name, order, from: ["running"], to: "paused", actor)
    }

    package func resumeCampaign(
        _ name: String,
        _ order: CampaignOrder,
        by actor: AdminActor
    ) async throws(AdminProblem) -> Campaign {
        try self.order("resume", name, order, from: ["paused"], to: "running", actor)
    }

    package func cancelCampaign(
        _ name: String,
        _ order: CampaignOrder,
        by actor: AdminActor
    ) async throws(AdminProblem) -> Campaign {
        let live: Set = ["draft", "awaitingApproval", "running", "paused"]
        return try self.order("cancel", name, order, from: live, to: "cancelling", actor)
    }

    package func rollBackCampaign(
        _ name: String,
        _ order: CampaignOrder,
        by actor: AdminActor
    ) async throws(AdminProblem) -> Campaign {
        let begun: Set = ["running", "paused", "finished", "cancelled"]
        return try self.order("roll back", name, order, from: begun, to: "rollingBack", actor)
    }

    package func retryCampaign(
        _ name: String,
        _ order: CampaignOrder,
        by actor: AdminActor
    ) async throws(AdminProblem) -> Campaign {
        let kinds = order.failures ?? []
        let begun: Set = ["running", "paused", "finished"]
        return try self.order("retry", name, order, from: begun, to: "running", actor) {
            for index in $0.members.indices
            where $0.members[index].state == "failed"
                && kinds.contains($0.members[index].reason ?? "")
            {
                $0.members[index].state = "waiting"
            }
        }
    }

    private func order(
        _ verb: String,
        _ name: String,
        _ order: CampaignOrder,
        from states: Set<String>,
        to state: String,
        _ actor: AdminActor,
        then body: (inout FakeCampaign) -> Void = { _ in }
    ) throws(AdminProblem) -> Campaign {
        try changeCampaign(name) { campaign throws(AdminProblem) in
            try campaign.apply(verb, order, from: states, to: state, by: actor.description)
            body(&campaign)
            return campaign.detail.campaign
        }
    }

    private func changeCampaign<Value: Sendable>(
        _ name: String,
        _ body: (inout FakeCampaign) throws(AdminProblem) -> Value
    ) throws(AdminProblem) -> Value {
        try change { state throws(AdminProblem) in
            var campaign = try state.campaign(name)
            let value = try body(&campaign)
            state.campaigns[name] = campaign
            return value
        }
    }
}

extension FakeFleet {
    fileprivate func campaign(_ name: String) throws(AdminProblem) -> FakeCampaign {
        guard let campaign = campaigns[name] else {
            throw AdminProblem(.notFound, "there is no campaign \(name)")
        }
        return campaign
    }

    fileprivate func targets(of plan: CampaignPlan) throws(AdminProblem) -> [DeviceDetail] {
        try devices(DeviceFilter(query: plan.query))
            .filter { detail in detail.keys.contains { $0.name == plan.key } }
    }
}
