internal import AdminModel

/// A plan as a person reads it, in the words of the flags that make it.
struct PlanWords {
    let plan: CampaignPlan

    /// Each part that the plan has, with its name; waves have lines of their own.
    var lines: [(String, String)] {
        var lines = [("pace", pace)]
        if let limit = plan.maximumInFlight { lines.append(("in flight", "at most \(limit)")) }
        if let deadline = plan.deadline { lines.append(("deadline", "\(deadline)")) }
        let windows = plan.windows ?? []
        if !windows.isEmpty {
            let zone = plan.timeZone ?? plan.utcOffsetMinutes.map(Self.offset) ?? "+00:00"
            lines.append(("windows", windows.map(Self.window).joined(separator: ", ")))
            lines.append(("their time", "the device's own, else \(zone)"))
        }
        let rules = plan.stopRules ?? []
        if !rules.isEmpty {
            lines.append(("stops", rules.map(Self.rule).joined(separator: ", ")))
        }
        if let test = plan.sequentialTest {
            lines.append(("sequential", test.isOn == false ? "off" : test.reaction ?? "pause"))
        }
        let retries = (plan.retries ?? [:]).sorted { $0.key < $1.key }
        if !retries.isEmpty {
            lines.append(("retries", retries.map { "\($0)=\($1)" }.joined(separator: ", ")))
        }
        return lines
    }

    /// What belongs to a wave, and what it waits for; by its number, from 1.
    func wave(_ number: Int) -> String {
        guard let waves = plan.waves, waves.indices.contains(number - 1) else { return "rest" }
        let wave = waves[number - 1]
        var words =
            wave.count.map { "\($0)" } ?? wave.percent.map { "\($0)%" } ?? wave.query ?? "rest"
        if let gate = wave.gatePercent, gate > 0 { words += ", gate \(gate)%" }
        if wave.needsApproval == true { words += ", with approval" }
        return words
    }

    private var pace: String {
        let pace = plan.pace
        var words = "\(pace.perMinute)/min"
        if let factor = pace.factor {
            words += ", times \(factor) after each \(pace.every ?? pace.perMinute) settled"
        }
        if let most = pace.maximumPerMinute, most != pace.perMinute {
            words += ", at most \(most)/min"
        }
        return words
    }

    private static func window(_ window: CampaignPlan.Window) -> String {
        "\(window.days.joined(separator: ",")) \(window.from)-\(window.to)"
    }

    private static func rule(_ rule: CampaignPlan.StopRule) -> String {
        let kinds = rule.failures ?? []
        let limit =
            rule.count.map { "\($0)" } ?? "\(rule.percent ?? 0)%/\(rule.sample ?? 0)"
        return (kinds.isEmpty ? "any" : kinds.joined(separator: ","))
            + ">=\(limit):\(rule.reaction ?? "pause")"
    }

    private static func offset(_ minutes: Int) -> String {
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return (minutes < 0 ? "-" : "+") + two(abs(minutes) / 60) + ":" + two(abs(minutes) % 60)
    }
}
