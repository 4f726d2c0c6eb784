internal import AdminModel

/// Writes a report part by part: a campaign may have a hundred thousand devices.
struct ReportWriter {
    /// How it is written.
    enum Format: String, CaseIterable {
        case text, markdown, json
    }

    let format: Format
    /// The heading of the list in text.
    var heading = "DEVICES"
    private var isBegun = false
    private var table = Table(
        "DEVICE",
        "WAVE",
        "STATE",
        "WHY",
        "RETRIES",
        "EPOCH",
        "CHANGED",
        "THUMBPRINT"
    )

    init(format: Format) { self.format = format }

    /// What comes before the devices.
    func begin(_ report: CampaignReport) throws {
        switch format {
        case .json: Console.current.output("{\"report\": \(try json(report)),\n\"members\": [")
        case .markdown: markdown(report)
        case .text: text(report)
        }
    }

    /// The next devices.
    mutating func add(_ members: [CampaignMember]) throws {
        switch format {
        case .json:
            for member in members {
                Console.current.output(isBegun ? ",\n" : "\n")
                Console.current.output(try compactJSON(member))
                isBegun = true
            }
        case .markdown:
            for member in members { row(Self.cells(member)) }
        case .text: table.print(members.map(Self.cells))
        }
    }

    /// What comes after them.
    func end() {
        switch format {
        case .json: Console.current.print("\n]}")
        case .text: if table.count == 0 { Console.current.print("  none") }
        case .markdown: break
        }
    }

    private func text(_ report: CampaignReport) {
        let console = Console.current
        console.print(printable("CAMPAIGN \(report.detail.campaign.name) of fleet \(report.fleet)"))
        for (name, value) in Self.facts(report) {
            console.print(
                printable("  \(name)\(String(repeating: " ", count: 14 - name.count))\(value)")
            )
        }
        console.print("\nEVENTS")
        for event in report.events {
            console.print(printable("  \(event.at)  \(event.event)"))
        }
        if report.events.isEmpty { console.print("  none") }
        console.print("\n\(heading)")
    }

    private func markdown(_ report: CampaignReport) {
        let console = Console.current
        console.print("# Campaign \(Self.escaped(report.detail.campaign.name))\n")
        row(["What", "Value"])
        row(["---", "---"])
        row(["fleet", report.fleet])
        for (name, value) in Self.facts(report) { row([name, value]) }
        console.print("\n## Events\n")
        row(["Time", "What"])
        row(["---", "---"])
        for event in report.events { row(["\(event.at)", event.event]) }
        console.print("\n## Devices\n")
        let heads = ["Device", "Wave", "State", "Why", "Retries", "Epoch", "Changed", "Thumbprint"]
        row(heads)
        row(heads.map { _ in "---" })
    }

    private func row(_ cells: [String]) {
        Console.current.print("| " + cells.map(Self.escaped).joined(separator: " | ") + " |")
    }

    /// Text that stays in its cell and is not read as markup.
    private static func escaped(_ text: String) -> String {
        printable(text).reduce(into: "") { result, character in
            if "|\\`*_[]<>#&".contains(character), text != "---" { result.append("\\") }
            result.append(character)
        }
    }

    private static func facts(_ report: CampaignReport) -> [(String, String)] {
        let campaign = report.detail.campaign
        func words(_ counts: [String: Int]) -> String {
            let parts = counts.filter { $0.value > 0 }.sorted { $0.key < $1.key }
                .map { "\($0.value) \($0.key)" }
            return parts.isEmpty ? "none" : parts.joined(separator: ", ")
        }
        var facts = [
            ("state", campaign.state + (campaign.reason.map { " (\($0))" } ?? "")),
            ("what", "\(campaign.action) key \(campaign.key)"), ("where", campaign.query),
            ("made", "\(shown(campaign.createdAt)) by \(campaign.createdBy)"),
            ("approved by", shown(campaign.approvedBy)), ("started", shown(campaign.startedAt)),
            ("ended", shown(campaign.endedAt)), ("devices", words(campaign.members)),
            ("failures", words(campaign.failures)),
        ]
        let plan = PlanWords(plan: report.detail.plan)
        facts += plan.lines
        for wave in report.detail.waves {
            facts.append(
                ("wave \(wave.number)", "\(plan.wave(wave.number)): \(words(wave.members))")
            )
        }
        facts.append(("report made", "\(report.madeAt)"))
        if let row = report.auditRow { facts.append(("audit row", "\(row)")) }
        if let head = report.auditHead { facts.append(("audit head", head)) }
        return facts
    }

    private static func cells(_ member: CampaignMember) -> [String] {
        let epochs = [member.epochBefore, member.epochAfter].compactMap { $0.map { "\($0)" } }
        return [
            member.device, shown(member.wave), member.state,
            member.blockedBy.map { "waits for \($0)" } ?? shown(member.reason),
            "\(member.attempts)", epochs.isEmpty ? "-" : epochs.joined(separator: " to "),
            shown(member.changedAt), shown(member.thumbprint),
        ]
    }
}
