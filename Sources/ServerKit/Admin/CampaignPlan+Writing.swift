internal import AdminModel
internal import Fleet
internal import KeyExchange

extension AdminModel.CampaignPlan {
    /// A plan with every default written out.
    init(_ plan: Fleet.CampaignPlan) {
        var pace = Pace(
            perMinute: plan.pace.perMinute,
            maximumPerMinute: plan.pace.maximumPerMinute
        )
        if case .exponential(let factor, let every) = plan.pace.kind {
            pace.factor = Double(factor) / 1_000
            pace.every = every
        }
        self.init(
            name: plan.name.description,
            key: plan.key.description,
            query: plan.target.description,
            pace: pace
        )
        action = plan.action.description
        isDynamic = plan.isDynamic
        waves = plan.waves.map { Wave($0) }
        windows = plan.windows.map { Window($0) }
        utcOffsetMinutes = plan.timeZone == nil ? plan.utcOffsetMinutes : nil
        timeZone = plan.timeZone?.description
        maximumInFlight = plan.maximumInFlight
        deadline = plan.deadline.map { Timestamp(seconds: $0) }
        stopRules = plan.stopRules.map { StopRule($0) }
        sequentialTest =
            plan.sequentialTest.map { SequentialTest($0) } ?? SequentialTest(isOn: false)
        silence = Silence(
            factor: Double(plan.silence.factorTenths) / 10,
            leastSeconds: plan.silence.floorSeconds,
            mostSeconds: plan.silence.ceilingSeconds
        )
        retries = Dictionary(
            uniqueKeysWithValues: plan.retries.map { ($0.key.description, $0.value) }
        )
        priority = plan.priority
    }
}

extension AdminModel.CampaignPlan.Wave {
    fileprivate init(_ wave: Fleet.Wave) {
        self.init(
            gatePercent: wave.successPercent,
            needsApproval: wave.needsApproval
        )
        switch wave.size {
        case .count(let count): self.count = count
        case .percent(let percent): self.percent = percent
        case .matching(let query): self.query = query.description
        case .rest: isRest = true
        }
    }
}

extension AdminModel.CampaignPlan.Window {
    fileprivate init(_ window: MaintenanceWindow) {
        func time(_ minute: Int) -> String {
            let (hour, rest) = minute.quotientAndRemainder(dividingBy: 60)
            return (hour < 10 ? "0" : "") + "\(hour):" + (rest < 10 ? "0" : "") + "\(rest)"
        }
        self.init(
            days: window.weekdays.sorted().map(\.description),
            from: time(window.from),
            to: time(window.to)
        )
    }
}

extension AdminModel.CampaignPlan.StopRule {
    fileprivate init(_ rule: Fleet.StopRule) {
        self.init(
            failures: rule.failures.isEmpty ? nil : rule.failures.map(\.description).sorted(),
            reaction: rule.reaction.description
        )
        switch rule.threshold {
        case .count(let count): self.count = count
        case .percent(let percent, let sample): (self.percent, self.sample) = (percent, sample)
        }
    }
}

extension AdminModel.CampaignPlan.SequentialTest {
    fileprivate init(_ test: Fleet.SequentialTest) {
        self.init(
            isOn: true,
            noisePercent: Double(test.noiseThousandths) / 10,
            badPercent: Double(test.badThousandths) / 10,
            failuresInARow: test.failuresInARow,
            reaction: test.reaction.description
        )
    }
}
