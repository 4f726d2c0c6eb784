/// What people read of a forecast.
extension ForecastRun {
    /// At most 64 points of the curve.
    func points() -> [CampaignForecast.Point] {
        let most = 63
        var points = [CampaignForecast.Point(time: start, settled: 0)]
        let count = settledAt.count
        guard count > 0 else { return points }
        // Even in time, not in steps: those grow.
        let end = grid[count - 1].end
        var step = 0
        for number in 1...most {
            let moment = start + (end - start) / Int64(most) * Int64(number)
            while step < count - 1, grid[step].end < moment { step += 1 }
            let time = number == most ? end : grid[step].end
            guard time > (points.last?.time ?? start) else { continue }
            let value = number == most ? settledAt[count - 1] : settledAt[step]
            points.append(
                CampaignForecast.Point(time: time, settled: min(Int(value.rounded()), total))
            )
        }
        return points
    }

    /// Members that will probably be stranded, by reason.
    func stranded() -> [CampaignForecast.Stranding: Int] {
        var sums: [CampaignForecast.Stranding: Double] = [:]
        for group in groups {
            if let reason = group.stranding {
                sums[reason, default: 0] += group.count
            } else if group.waiting > 0 {
                let reason: CampaignForecast.Stranding =
                    opens(for: group.clock) ? .notReleased : .noWindow
                sums[reason, default: 0] += group.waiting
            }
        }
        var result = sums.mapValues { Int($0.rounded()) }
        // Released in time and live, but not settled: the rest.
        let settled = Int((settledAt.last ?? 0).rounded())
        let late = total - settled - result.values.reduce(0, +)
        if late > 0, endsAt == nil { result[.slowRhythm] = late }
        return result.filter { $0.value > 0 }
    }

    /// What an admin should read before starting.
    func warnings() -> [String] {
        guard total > 0 else { return ["the target is empty"] }
        var warnings: [String] = []
        if leftOut > 0 {
            warnings.append("the histogram is too fine: \(leftOut) devices are left out")
        }
        warnings += deadlineWarnings() + limitWarnings() + waveWarnings() + rhythmWarnings()
        if plan.stopRules.isEmpty, plan.sequentialTest == nil {
            warnings.append("nothing stops it when it goes wrong: no stop rule, no sequential test")
        }
        return warnings
    }

    private func deadlineWarnings() -> [String] {
        guard let deadline = plan.deadline else {
            return endsAt == nil ? ["no end within two years"] : []
        }
        let open = plan.openSeconds(from: start, until: deadline, clock: plan.standardClock(clocks))
        guard open > 0 else { return ["no window opens before the deadline"] }
        let needed = (Double(total) * 60 / Double(open)).rounded(.up)
        if needed > Double(plan.pace.maximumPerMinute) {
            return [
                "the deadline cannot be met: it needs \(Int(min(needed, 1e15))) members in a "
                    + "minute, and the plan allows \(plan.pace.maximumPerMinute)"
            ]
        }
        let late = stranded()
        let missing = (late[.notReleased] ?? 0) + (late[.slowRhythm] ?? 0) + (late[.noWindow] ?? 0)
        guard missing > 0 else { return [] }
        return ["\(missing) devices will probably not be done by the deadline"]
    }

    private func limitWarnings() -> [String] {
        let flow = Double(plan.maximumInFlight) / latency * 60
        guard plan.maximumInFlight < total, flow < Double(plan.pace.perMinute) else { return [] }
        return [
            "the limit of \(plan.maximumInFlight) in flight lets about \(max(1, Int(flow))) "
                + "members through in a minute: less than the pace"
        ]
    }

    private func waveWarnings() -> [String] {
        var warnings: [String] = []
        for (index, wave) in plan.waves.enumerated() {
            if waves[index].members == 0 {
                warnings.append("wave \(index + 1) has no members")
            }
            if wave.needsApproval {
                warnings.append(
                    "wave \(index + 1) waits for a person: that time is not part of the forecast"
                )
            }
            guard index > 0, wave.successPercent > 0 else { continue }
            let before = groups.filter { $0.wave == index - 1 }
            let all = before.reduce(0.0) { $0 + $1.count }
            let lost = before.reduce(0.0) { $0 + ($1.stranding == nil ? 0 : $1.count) }
            guard all > 0, (all - lost) * 100 < Double(wave.successPercent) * all else { continue }
            warnings.append(
                "wave \(index + 1) will probably not open by itself: \(Int(lost.rounded())) of "
                    + "\(Int(all)) devices of the wave before are silent, and "
                    + "\(wave.successPercent) percent have to settle"
            )
        }
        return warnings
    }

    private func rhythmWarnings() -> [String] {
        let unknown = groups.filter { $0.interval == nil && $0.stranding == nil }
            .reduce(0.0) { $0 + $1.count }
        guard unknown > 0 else { return [] }
        let days = (plan.silence.ceilingSeconds + 86_399) / 86_400
        return [
            "the rhythm of \(Int(unknown.rounded())) devices is not known yet: up to \(days) days are "
                + "assumed for each; one that is connected answers at once"
        ]
    }

    private func opens(for number: Int) -> Bool {
        if plan.windows.isEmpty { return true }
        guard let clock = clocks[number], let opening = plan.firstOpening(from: start, clock: clock)
        else { return false }
        return opening < (plan.deadline ?? .max)
    }
}
