internal import AdminModel

/// A campaign as lines for a person, made to fit.
struct CampaignView {
    let detail: CampaignDetail
    /// Columns that a line may have.
    let width: Int
    let hasColor: Bool
    /// The time that durations are counted from, in seconds since 1970.
    let now: Int64

    /// Most stages and devices that are shown.
    private static let most = (waves: 8, devices: 3)

    var lines: [String] {
        var lines = [headline, bar]
        let pace = self.pace
        if !pace.isEmpty { lines.append(pace) }
        lines.append(words(campaign.members, first: ["settled", "failed", "suspect"]))
        if !campaign.failures.isEmpty { lines.append("failures  " + words(campaign.failures)) }
        if let hold = detail.hold { lines.append("held back  \(hold)") }
        if let waits = detail.waitsFor, !waits.isEmpty {
            lines.append("waits for " + words(waits))
        }
        for warning in detail.warnings ?? [] { lines.append("warning   \(warning)") }
        lines += waves
        if let slowest = detail.slowest, !slowest.isEmpty {
            lines.append(
                "slowest   " + slowest.prefix(Self.most.devices).map(slow).joined(separator: ", ")
            )
        }
        return lines.map(fit)
    }

    private var campaign: Campaign { detail.campaign }

    private var headline: String {
        let state = campaign.state + (campaign.reason.map { ": \($0)" } ?? "")
        return "\(campaign.name)  \(state)  (\(campaign.action) \(campaign.key))"
    }

    private var bar: String {
        let total = campaign.total
        let share = total == 0 ? 0 : Double(campaign.settled) / Double(total)
        let text = " \(percent(share * 100))  \(campaign.settled)/\(total) settled"
        let room = min(50, width - text.count - 2)
        guard room >= 8 else { return text.trimmingPrefix(" ").description }
        // What ended otherwise stands between what settled and what is left.
        let settled = Int(share * Double(room))
        let ended = total == 0 ? 0 : campaign.ended * room / total
        let other = max(0, ended - settled)
        let left = String(repeating: ".", count: room - settled - other)
        return "[" + String(repeating: "#", count: settled) + String(repeating: "x", count: other)
            + left + "]" + text
    }

    private var pace: String {
        var parts: [String] = []
        if let rate = detail.ratePerMinute { parts.append("rate \(Self.short(rate))/min") }
        let inFlight = ["released", "offered", "rollingBack"].reduce(0) {
            $0 + (campaign.members[$1] ?? 0)
        }
        if !campaign.isOver, campaign.total > 0 { parts.append("in flight \(inFlight)") }
        if let end = detail.estimatedEnd, !campaign.isOver {
            parts.append("last released about \(end), in \(roughly(end.seconds - now))")
        }
        if let end = campaign.endedAt, campaign.isOver {
            let length = campaign.startedAt.map { ", after \(roughly(end.seconds - $0.seconds))" }
            parts.append("ended \(end)\(length ?? "")")
        }
        return parts.joined(separator: "   ")
    }

    private var waves: [String] {
        guard detail.waves.count > 1 else { return [] }
        // The stage that is open, and its neighbours, when there is no room for all.
        let open = detail.waves.lastIndex { $0.isOpen } ?? 0
        let start = max(0, min(open - Self.most.waves / 2, detail.waves.count - Self.most.waves))
        let part = detail.waves[start..<min(detail.waves.count, start + Self.most.waves)]
        return part.map { wave in
            let total = wave.members.values.reduce(0, +)
            let failed = wave.members["failed"] ?? 0
            let state = wave.isOpen ? "open  " : "closed"
            return "wave \(wave.number)  \(state)  \(wave.members["settled"] ?? 0)/\(total)"
                + (failed > 0 ? ", \(failed) failed" : "")
        }
    }

    private func slow(_ member: CampaignMember) -> String {
        let since = member.releasedAt.map { " " + roughly(now - $0.seconds) } ?? ""
        return "\(member.device) \(member.state)\(since)"
    }

    /// Counts that are not zero, the important ones first.
    private func words(_ counts: [String: Int], first: [String] = []) -> String {
        func rank(_ word: String) -> Int { first.firstIndex(of: word) ?? first.count }
        let parts = counts.filter { $0.value > 0 }
            .sorted { (rank($0.key), $0.key) < (rank($1.key), $1.key) }
            .map { "\($0.value) \($0.key)" }
        return parts.isEmpty ? "no devices yet" : parts.joined(separator: ", ")
    }

    /// Cut to the width, without what could move the cursor; coloured by what the campaign does.
    func fit(_ line: String) -> String {
        let line = String(printable(line).prefix(max(1, width)))
        guard hasColor, line.hasPrefix("[") || line.hasPrefix(campaign.name) else { return line }
        let color =
            switch campaign.state {
            case "paused", "awaitingApproval": "33"
            case "cancelled", "cancelling", "rollingBack": "31"
            default: (campaign.members["failed"] ?? 0) > 0 ? "33" : "32"
            }
        return "\u{1B}[\(color)m\(line)\u{1B}[0m"
    }

    private static func short(_ rate: Double) -> String {
        rate >= 10 || rate == rate.rounded()
            ? "\(Int(rate.rounded()))" : "\((rate * 10).rounded() / 10)"
    }
}

extension CampaignView {
    /// One line for a log.
    static func line(_ detail: CampaignDetail) -> String {
        let campaign = detail.campaign
        let inFlight = (campaign.members["released"] ?? 0) + (campaign.members["offered"] ?? 0)
        var parts = [
            "\(campaign.name) \(campaign.state)" + (campaign.reason.map { " (\($0))" } ?? ""),
            "\(campaign.settled)/\(campaign.total) settled",
        ]
        if inFlight > 0 { parts.append("\(inFlight) in flight") }
        for word in ["failed", "suspect", "blocked", "skipped", "cancelled", "rolledBack", "kept"] {
            guard let count = campaign.members[word], count > 0 else { continue }
            let counts =
                word == "failed"
                ? campaign.failures : word == "blocked" ? detail.waitsFor ?? [:] : [:]
            let why = counts.filter { $0.value > 0 }.sorted { $0.key < $1.key }
                .map { "\($0.value) \(word == "blocked" ? "by " : "")\($0.key)" }
            parts.append(
                "\(count) \(word)" + (why.isEmpty ? "" : " (\(why.joined(separator: ", ")))")
            )
        }
        if let hold = detail.hold { parts.append("held back: \(hold)") }
        parts += (detail.warnings ?? []).map { "warning: \($0)" }
        return printable(parts.joined(separator: ", "))
    }
}
