internal import KeyExchange

extension CampaignReport {
    /// A form of the report.
    public enum Format: String, Hashable, Sendable, CaseIterable {
        case markdown
        case text
    }

    /// Writes the report piece by piece, so that a hundred thousand members need no memory.
    ///
    /// `write` takes each line with its end; what it throws ends the report.
    public func render<Failure: Error>(
        _ format: Format,
        rows: some Sequence<Row>,
        write: (String) throws(Failure) -> Void
    ) throws(Failure) {
        let page = ReportPage(format: format)
        try write(page.title("Campaign \(plan.name)"))
        for (name, value) in facts { try write(page.fact(name, value)) }
        try write(page.heading("Result"))
        try write(page.tableHead(["wave", "members"] + Self.columns.map(\.description)))
        for (index, wave) in counts.waves.enumerated() {
            try write(
                page.row(
                    ["\(index + 1)", "\(wave.total)"] + Self.columns.map { "\(wave[$0])" },
                    widths: Self.countWidths
                )
            )
        }
        try write(
            page.row(
                ["all", "\(counts.total)"] + Self.columns.map { "\(counts[$0])" },
                widths: Self.countWidths
            )
        )
        let failures = CampaignFailure.allCases.filter { counts.failures($0) > 0 }
        if !failures.isEmpty {
            try write(page.heading("Failures"))
            for kind in failures {
                try write(page.fact(kind.description, "\(counts.failures(kind))"))
            }
        }
        if !history.isEmpty {
            try write(page.heading("What happened"))
            for entry in history { try write(page.fact(utc(entry.time), entry.text)) }
        }
        try write(page.heading("Members"))
        try write(page.tableHead(Self.memberColumns, widths: Self.memberWidths))
        for row in rows {
            try write(page.row(Self.cells(of: row), widths: Self.memberWidths))
        }
    }

    private static let columns: [MemberState] = [
        .settled, .failed, .skipped, .cancelled, .rolledBack, .kept, .waiting, .blocked, .released,
        .offered, .suspect, .rollingBack,
    ]
    private static let countWidths = [4, 7] + columns.map { max($0.description.count, 5) }
    private static let memberColumns = [
        "device", "wave", "state", "reason", "from", "to", "at", "thumbprint",
    ]
    private static let memberWidths = [24, 4, 11, 13, 5, 5, 20, 64]

    private static func cells(of row: Row) -> [String] {
        let reason =
            row.failure?.description ?? row.skip?.description
            ?? row.blockedBy.map { "for \($0)" } ?? ""
        return [
            row.device.description, "\(row.wave + 1)", row.state.description, reason,
            row.fromEpoch.map(\.description) ?? "", row.toEpoch.map(\.description) ?? "",
            row.changedAt.map(utc) ?? "", row.thumbprint?.description ?? "",
        ]
    }

    private var facts: [(String, String)] {
        var facts = [
            ("fleet", fleet.description), ("state", phaseText), ("action", plan.action.description),
            ("key", plan.key.description), ("target", plan.target.description),
            ("made by", state.createdBy),
        ]
        if let approver = state.approvedBy { facts.append(("approved by", approver)) }
        if let started = state.startedAt { facts.append(("started", utc(started))) }
        if let ended = state.endedAt { facts.append(("ended", utc(ended))) }
        if let deadline = plan.deadline { facts.append(("deadline", utc(deadline))) }
        return facts + [("report made", utc(madeAt))]
    }

    private var phaseText: String {
        guard let reason = state.pauseReason else { return state.phase.description }
        return "\(state.phase) (\(reason))"
    }
}

/// Lines of a page, in one form.
private struct ReportPage {
    let format: CampaignReport.Format

    func title(_ text: String) -> String {
        switch format {
        case .markdown: "# \(escaped(text))\n\n"
        case .text: "\(text)\n\(String(repeating: "=", count: text.count))\n\n"
        }
    }

    func heading(_ text: String) -> String {
        switch format {
        case .markdown: "\n## \(escaped(text))\n\n"
        case .text: "\n\(text)\n\(String(repeating: "-", count: text.count))\n"
        }
    }

    func fact(_ name: String, _ value: String) -> String {
        switch format {
        case .markdown: "- **\(escaped(name))**: \(escaped(value))\n"
        case .text: "\(padded(name, 12))  \(plain(value))\n"
        }
    }

    func tableHead(_ names: [String], widths: [Int]? = nil) -> String {
        switch format {
        case .markdown:
            row(names, widths: []) + "|" + String(repeating: " --- |", count: names.count) + "\n"
        case .text: row(names, widths: widths ?? names.map { max($0.count, 5) })
        }
    }

    func row(_ cells: [String], widths: [Int]) -> String {
        switch format {
        case .markdown:
            return "| " + cells.map(escaped).joined(separator: " | ") + " |\n"
        case .text:
            let line = zip(cells, widths).map { padded(plain($0), $1) }.joined(separator: "  ")
            var end = line.endIndex
            while end > line.startIndex, line[line.index(before: end)] == " " {
                end = line.index(before: end)
            }
            return line[..<end] + "\n"
        }
    }

    private func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    // A label's value or an admin's name is not ours: it may not make a table, a link or HTML of its own.
    private func escaped(_ text: String) -> String {
        var result = ""
        for character in plain(text) {
            if "\\`*_[]<>|#&".contains(character) { result.append("\\") }
            result.append(character)
        }
        return result
    }

    private func plain(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map {
                    switch $0.properties.generalCategory {
                    case .control, .format, .lineSeparator, .paragraphSeparator: " "
                    default: $0
                    }
                }
            )
        )
    }
}

/// A moment as `2026-11-24T00:15:00Z`.
func utc(_ time: Int64) -> String {
    let days = time >= 0 ? time / 86_400 : (time - 86_399) / 86_400
    let second = time - days * 86_400
    // Civil date from days, by eras of 400 years that begin on 1 March.
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra =
        (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthIndex = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * monthIndex + 2) / 5 + 1
    let month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
    let padding = year >= 0 && year < 1000 ? String(repeating: "0", count: 4 - "\(year)".count) : ""
    return "\(padding)\(year)-\(two(month))-\(two(day))T\(two(second / 3600)):"
        + "\(two(second / 60 % 60)):\(two(second % 60))Z"
}
