import Fleet
import KeyExchange
import Testing

@Suite struct CampaignReportTests {
    private func report(createdBy admin: String = "1:ann") throws -> CampaignReport {
        let plan = try Story.plan(target: "label.floor=\"a|b <i>\"")
        var machine = CampaignMachine(plan: plan, state: CampaignState(createdBy: admin))
        _ = try machine.start(by: admin, needsSecondPerson: false, at: 1_700_000_000)
        return CampaignReport(
            fleet: try FleetID(parsing: "hall"),
            plan: plan,
            state: machine.state,
            counts: Story.counts([.settled: 1, .failed: 2]),
            history: [.init(time: 1_700_000_000, text: "started")],
            madeAt: 1_700_000_100
        )
    }

    private func rows() throws -> [CampaignReport.Row] {
        [
            .init(
                device: try DeviceID(parsing: "lamp-1"),
                wave: 0,
                state: .settled,
                fromEpoch: try Story.epoch(1),
                toEpoch: try Story.epoch(2),
                thumbprint: try Story.thumbprint(7),
                changedAt: 1_700_000_050
            ),
            .init(
                device: try DeviceID(parsing: "lamp-2"),
                wave: 0,
                state: .failed,
                failure: .tpmFailed
            ),
        ]
    }

    private func text(
        _ format: CampaignReport.Format,
        _ report: CampaignReport
    ) throws -> [String] {
        var text = ""
        try report.render(format, rows: rows()) { text += $0 }
        return text.split(separator: "\n", omittingEmptySubsequences: false).map { String($0) }
    }

    @Test func `a report in Markdown has who, what, when, and the thumbprints`() throws {
        let lines = try text(.markdown, report())
        #expect(lines.first == "# Campaign spring")
        #expect(lines.contains("- **fleet**: hall"))
        #expect(lines.contains("- **made by**: 1:ann"))
        #expect(lines.contains("- **started**: 2023-11-14T22:13:20Z"))
        #expect(lines.contains("- **tpmFailed**: 2"))
        #expect(
            lines.contains(
                "| lamp-1 | 1 | settled |  | 1 | 2 | 2023-11-14T22:14:10Z | "
                    + String(repeating: "07", count: 32) + " |"
            )
        )
        #expect(lines.contains("| lamp-2 | 1 | failed | tpmFailed |  |  |  |  |"))
        // As many columns in each row of a table.
        var columns: Int?
        for line in lines {
            guard line.hasPrefix("|") else {
                columns = nil
                continue
            }
            let count = line.count { $0 == "|" }
            #expect(columns == nil || columns == count, "\(line)")
            columns = count
        }
    }

    @Test func `a report in plain text lines up`() throws {
        let lines = try text(.text, report())
        let head = try #require(lines.first { $0.hasPrefix("device ") })
        let row = try #require(lines.first { $0.hasPrefix("lamp-2 ") })
        let place = { (text: String, word: String) in
            text.firstRange(of: word).map {
                text.distance(from: text.startIndex, to: $0.lowerBound)
            }
        }
        #expect(place(head, "reason") == place(row, "tpmFailed"))
        #expect(lines.allSatisfy { !$0.hasSuffix(" ") })
    }

    @Test func `what others wrote makes no table, link, HTML or colour of its own`() throws {
        let lines = try text(.markdown, report(createdBy: "1:[a](b)|<x>\u{1b}[2J\n# no"))
        #expect(lines.contains("- **made by**: 1:\\[a\\](b)\\|\\<x\\> \\[2J \\# no"))
        #expect(!lines.contains("# no"))
        #expect(lines.contains { $0.contains("a\\|b \\<i\\>") })
    }

    @Test func `rows are written one by one`() throws {
        struct Full: Error {}
        var written = 0
        let report = try report()
        let row = try rows()[0]
        // An endless sequence: only one that is read row by row gets anywhere.
        do throws(Full) {
            try report.render(.text, rows: sequence(first: row) { $0 }) { _ throws(Full) in
                written += 1
                if written > 5000 { throw Full() }
            }
            Issue.record("it ended")
        } catch {
            #expect(written == 5001)
        }
    }

    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00Z"), (951_782_400, "2000-02-29T00:00:00Z"),
            (2_177_452_799, "2038-12-31T23:59:59Z"), (4_107_542_400, "2100-03-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"), (253_402_300_800, "10000-01-01T00:00:00Z"),
        ] as [(Int64, String)]
    )
    func `moments are written as dates`(time: Int64, expected: String) throws {
        var report = try report()
        report.madeAt = time
        let lines = try text(.markdown, report)
        #expect(lines.contains("- **report made**: \(expected)"))
    }
}
