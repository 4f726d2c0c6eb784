internal import Fleet
internal import KeyExchange
internal import Registry

// Campaigns: begun, steered by admins who know little of each other, and led to their end.
extension World {
    func beginCampaign(_ registry: Registry, on key: KeyName, by actor: String) async throws {
        let plan = try drawPlan(for: key)
        say(.beginCampaign, nil, key)
        admin.campaigns.append(plan.name)
        _ = try await registry.createCampaign(plan, actor: actor, now: serverTime)
        await noteCommit()
        _ = try await registry.startCampaign(plan.name, actor: actor, now: serverTime)
        trace(nil, "campaign \(plan.name) to \(plan.action) \(plan.target) begins")
    }

    /// One word to one campaign, which may be the wrong one.
    func steerCampaign(_ registry: Registry, by actor: String) async throws {
        guard let name = admin.campaigns.suffix(4).randomElement(using: &admin.chance) else {
            return
        }
        let now = serverTime
        let word = admin.chance.index(10)
        say(.steerCampaign, nil, nil)
        trace(nil, "\(name) gets word \(word)")
        switch word {
        case 0, 1: _ = try await registry.pauseCampaign(name, actor: actor, now: now)
        case 2...4: _ = try await registry.resumeCampaign(name, actor: actor, now: now)
        case 5, 6: _ = try await registry.approveCampaign(name, actor: actor, now: now)
        case 7: _ = try await registry.cancelCampaign(name, actor: actor, now: now)
        case 8:
            let wave = admin.chance.happens(0.5) ? admin.chance.index(2) : nil
            _ = try await registry.rollBackCampaign(name, wave: wave, actor: actor, now: now)
        default:
            _ = try await registry.retryCampaign(
                name,
                kinds: Set(CampaignFailure.allCases),
                actor: actor,
                now: now
            )
        }
    }

    /// Has every campaign that is not over go on, or end; one that nobody leads would wait for ever.
    func endCampaigns() async {
        guard let registry = server.registry,
            let all = try? await registry.listCampaigns(limit: 1000)
        else { return }
        for campaign in all where !campaign.state.phase.isOver {
            let name = campaign.plan.name
            trace(nil, "campaign \(name) is \(campaign.state.phase)")
            await ask(.steerCampaign) { registry throws in
                try await self.lead(campaign, registry)
            }
        }
        requestPulse()
    }

    private func lead(_ campaign: CampaignSummary, _ registry: Registry) async throws {
        let name = campaign.plan.name
        let now = serverTime
        // Who made it may not be who approves it.
        let other = campaign.state.createdBy == Self.actor ? "uid:second" : Self.actor
        // A dynamic one ends with its deadline, which a clock that went back may never see; one that waits
        // for its approval past the deadline gets none.
        let isLate =
            campaign.state.phase == .awaitingApproval && campaign.plan.deadline ?? .max <= now
        if campaign.plan.isDynamic || isLate || admin.chance.happens(0.3) {
            guard campaign.state.phase != .cancelling, campaign.state.phase != .rollingBack else {
                return
            }
            _ = try await registry.cancelCampaign(name, actor: other, now: now)
            return
        }
        switch (campaign.state.phase, campaign.state.pauseReason) {
        case (.draft, _): _ = try await registry.cancelCampaign(name, actor: other, now: now)
        case (.awaitingApproval, _), (.paused, .approval):
            _ = try await registry.approveCampaign(name, actor: other, now: now)
        case (.paused, _): _ = try await registry.resumeCampaign(name, actor: other, now: now)
        default: break
        }
    }

    private func drawPlan(for key: KeyName) throws -> CampaignPlan {
        let name = try CampaignName(parsing: "campaign-\(admin.campaigns.count + 1)")
        let isCompromise = admin.chance.happens(0.2)
        let isDynamic = admin.chance.happens(0.3)
        let hasDeadline = isDynamic || admin.chance.happens(0.3)
        return try CampaignPlan(
            name: name,
            action: isCompromise ? .compromise : .rotate,
            key: key,
            target: drawQuery(),
            isDynamic: isDynamic,
            pace: drawPace(),
            waves: drawWaves(),
            windows: drawWindows(),
            utcOffsetMinutes: admin.chance.index(24) * 60 - 660,
            maximumInFlight: 1 + admin.chance.index(5),
            deadline: hasDeadline
                ? serverTime + admin.chance.magnitude(1800...3 * 86_400) : nil,
            stopRules: drawStopRules(mayRollBack: !isCompromise),
            sequentialTest: admin.chance.happens(0.5) ? .standard : nil,
            silence: Silence(
                factorTenths: 15 + admin.chance.index(20),
                floorSeconds: admin.chance.number(60...900),
                ceilingSeconds: admin.chance.number(3600...40_000)
            ),
            retries: admin.chance.happens(0.5) ? [.storeFull: 2, .silent: 1] : [:],
            priority: admin.chance.index(10)
        )
    }

    private func drawPace() throws -> Pace {
        let rate = 4 + admin.chance.index(60)
        guard admin.chance.happens(0.3) else { return try Pace(perMinute: rate) }
        return try Pace(
            kind: .exponential(factorThousandths: 2000, every: 1 + admin.chance.index(2)),
            perMinute: rate,
            maximumPerMinute: 1000
        )
    }

    private func drawWaves() throws -> [Wave] {
        let success = [0, 50, 100][admin.chance.index(3)]
        let needsApproval = admin.chance.happens(0.3)
        let last = Wave(.rest, successPercent: success, needsApproval: needsApproval)
        switch admin.chance.index(4) {
        case 0: return [Wave(.count(1)), last]
        case 1: return [Wave(.percent(40)), Wave(.percent(30), successPercent: success), last]
        case 2: return [Wave(.matching(try drawQuery())), last]
        default: return [Wave(.rest, needsApproval: needsApproval)]
        }
    }

    /// Open every day, so that no campaign waits for longer than the story goes on.
    private func drawWindows() throws -> [MaintenanceWindow] {
        guard admin.chance.happens(0.25) else { return [] }
        let from = admin.chance.index(1440)
        return [
            try MaintenanceWindow(
                weekdays: Set(MaintenanceWindow.Weekday.allCases),
                from: from,
                to: (from + 120 + admin.chance.index(600)) % 1440
            )
        ]
    }

    private func drawStopRules(mayRollBack: Bool) throws -> [StopRule] {
        guard admin.chance.happens(0.5) else { return [] }
        let reactions: [StopRule.Reaction] =
            [.pause, .slowDown, .cancel] + (mayRollBack ? [.rollBackWave] : [])
        return [
            try StopRule(
                failures: admin.chance.happens(0.3) ? [.hookFailed, .storeFull] : [],
                threshold: admin.chance.happens(0.5)
                    ? .count(1 + admin.chance.index(2)) : .percent(40, sample: 2),
                reaction: reactions[admin.chance.index(reactions.count)]
            )
        ]
    }
}
