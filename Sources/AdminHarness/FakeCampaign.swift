package import AdminModel

/// A campaign of the fake: what an admin asked for, and where each device stands.
package struct FakeCampaign: Sendable {
    package var campaign: Campaign
    package var plan: CampaignPlan
    package var members: [CampaignMember] = []
    package var events: [CampaignEvent] = []
    /// Devices that refuse the new key.
    package var refusing: Set<String> = []

    /// A draft, or what a story needs.
    package init(campaign: Campaign, plan: CampaignPlan) {
        self.campaign = campaign
        self.plan = plan
    }

    /// Does what an admin says, if the state allows it.
    mutating func apply(
        _ verb: String,
        _ order: CampaignOrder,
        from states: Set<String>,
        to state: String,
        by actor: String
    ) throws(AdminProblem) {
        if let revision = order.revision, revision != campaign.revision {
            throw AdminProblem(
                .conflict,
                "campaign \(campaign.name) was changed since you looked: it is \(campaign.state)"
            )
        }
        guard states.contains(campaign.state) else {
            throw AdminProblem(.conflict, "cannot \(verb): the campaign is \(campaign.state)")
        }
        campaign.state = state
        campaign.reason = state == "paused" ? "by \(actor)" : nil
        campaign.revision += 1
        events.append(CampaignEvent(at: noon, event: "\(verb): \(state) (\(actor))"))
    }

    /// Something happens between two looks: each released device settles or fails, the next ones are
    /// released, and a campaign without work ends.
    mutating func tick() {
        switch campaign.state {
        case "running":
            let waiting = members.indices.filter { members[$0].state == "waiting" }
            settle()
            for index in waiting.prefix(plan.pace.perMinute) {
                members[index].state = "released"
                members[index].attempts += 1
                members[index].releasedAt = noon
            }
            if waiting.isEmpty, !members.contains(where: { $0.state == "blocked" }) {
                end("finished")
            }
        case "cancelling":
            settle()
            for index in members.indices where members[index].state == "waiting" {
                members[index].state = "cancelled"
            }
            end("cancelled")
        case "rollingBack":
            for index in members.indices where members[index].state == "settled" {
                members[index].state = "rolledBack"
            }
            end("cancelled")
        default: break
        }
    }

    private mutating func settle() {
        for index in members.indices where members[index].state == "released" {
            let refuses = refusing.contains(members[index].device)
            members[index].state = refuses ? "failed" : "settled"
            members[index].reason = refuses ? "hookFailed" : nil
            members[index].epochAfter = refuses ? nil : 2
            members[index].thumbprint = refuses ? nil : "00ff"
            members[index].changedAt = noon
        }
    }

    private mutating func end(_ state: String) {
        campaign.state = state
        campaign.endedAt = noon
        events.append(CampaignEvent(at: noon, event: state))
    }

    /// The campaign with its counts.
    package var detail: CampaignDetail {
        var campaign = campaign
        campaign.members = Dictionary(members.map { ($0.state, 1) }, uniquingKeysWith: +)
        campaign.failures = Dictionary(
            members.filter { $0.state == "failed" }.map { ($0.reason ?? "", 1) },
            uniquingKeysWith: +
        )
        return CampaignDetail(
            campaign: campaign,
            plan: plan,
            waves: members.isEmpty
                ? []
                : [WaveProgress(number: 1, isOpen: true, members: campaign.members)],
            ratePerMinute: campaign.state == "running" ? Double(plan.pace.perMinute) : nil,
            estimatedEnd: campaign.state == "running" ? noon : nil,
            waitsFor: Dictionary(
                members.compactMap(\.blockedBy).map { ($0, 1) },
                uniquingKeysWith: +
            ),
            slowest: members.filter { $0.state == "released" }
        )
    }
}
