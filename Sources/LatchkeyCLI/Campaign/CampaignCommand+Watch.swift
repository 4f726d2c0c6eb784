internal import AdminModel
internal import ArgumentParser
internal import Glibc

extension CampaignCommand {
    struct Watch: AdminCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows how far a campaign is until it ends.",
            discussion: lesson(
                """
                On a terminal the view is drawn anew; elsewhere each change is a line, and with --json
                an object. At the end comes a report, but not with --json. A campaign that is paused,
                or that another admin has to approve, is watched on; --until-paused ends there, and
                when all that is left waits for campaigns that are paused. Ctrl-C ends the watching,
                not the campaign. The exit code tells the end: 0 when every device settled or was left
                alone, 8 when some did not, 10 when the campaign was cancelled, 11 when --until-paused
                ended it.
                """,
                examples: "latchkey campaign watch spring",
                "latchkey campaign watch spring --until-paused || latchkey campaign show spring",
                "latchkey campaign watch spring --json | jq -c .campaign.members"
            )
        )

        @Argument(help: "The campaign's name.") var name: String
        @Flag(help: "End, with code 11, when the campaign waits for a person.")
        var untilPaused = false
        @OptionGroup var server: ServerOptions
        @OptionGroup var output: OutputOptions

        func validate() throws { try checkCampaign(name) }

        func perform(with client: AdminClient) async throws {
            let end = try await withThrowingTaskGroup(of: End?.self) { tasks in
                let console = Console.current
                tasks.addTask { try await follow(client) }
                tasks.addTask {
                    for await _ in console.interruptions() { return nil }
                    // No way to interrupt: the other task tells the end.
                    try await Task.sleep(for: .seconds(1 << 30))
                    return nil
                }
                defer { tasks.cancelAll() }
                return try await tasks.next() ?? nil
            }
            guard let end else {
                throw Failure(
                    .interrupted,
                    "stopped watching; campaign \(name) goes on: latchkey campaign watch \(name)"
                )
            }
            if end.campaign.isOver, !output.isJSON {
                await CampaignEnd(campaign: end.campaign).print(with: client)
            }
            try Self.judge(end)
        }

        /// Where watching ended.
        private struct End {
            let campaign: Campaign
            /// The paused campaigns that it waits for, when that is why.
            var paused: [Campaign] = []
        }

        /// Looks until the campaign is over, and shows each change.
        private func follow(_ client: AdminClient) async throws -> End {
            let console = Console.current
            let isLive = console.isOutputTerminal && !output.isJSON
            var screen = Screen()
            var last: CampaignDetail?
            var pause = Duration.milliseconds(100)
            var patience = 60
            while true {
                do {
                    let detail: CampaignDetail = try await client.get(campaignPath(name))
                    patience = 60
                    if detail.campaign.state == "draft" {
                        throw Failure(
                            .conflict,
                            "campaign \(name) is a draft: latchkey campaign start \(name)"
                        )
                    }
                    if isLive {
                        let size = console.terminalSize() ?? (columns: 80, rows: 24)
                        let view = CampaignView(
                            detail: detail,
                            width: size.columns - 1,
                            hasColor: console.hasColor,
                            now: Int64(Glibc.time(nil))
                        )
                        let next = detail.campaign.waitsForPerson ? detail.campaign.nextStep : nil
                        let lines = view.lines + (next.map { [view.fit($0)] } ?? [])
                        console.output(
                            screen.draw(
                                Array(lines.prefix(max(1, size.rows - 1))),
                                columns: size.columns
                            )
                        )
                    } else if last.map({ Self.differs(detail, from: $0) }) ?? true {
                        console.print(
                            output.isJSON ? try compactJSON(detail) : CampaignView.line(detail)
                        )
                    }
                    if !isLive, let next = detail.campaign.nextStep,
                        last?.campaign.state != detail.campaign.state
                    {
                        console.note(printable(next))
                    }
                    last = detail
                    if detail.campaign.isOver { return End(campaign: detail.campaign) }
                    if untilPaused {
                        if detail.campaign.waitsForPerson { return End(campaign: detail.campaign) }
                        let paused = try await pausedOthers(detail, client)
                        if !paused.isEmpty { return End(campaign: detail.campaign, paused: paused) }
                    }
                } catch let failure as Failure
                    where failure.status == .unreachable && last != nil && patience > 0
                {
                    // A server that is started anew goes on with the campaign, and so does this.
                    if patience == 60 {
                        console.note("\(failure); trying again for a minute")
                        // The view goes on below what was just said.
                        screen = Screen()
                    }
                    patience -= 1
                }
                try await Task.sleep(for: pause)
                pause = min(pause * 3 / 2, .seconds(1))
            }
        }

        /// The campaigns that all the rest waits for, if each of them waits for a person.
        private func pausedOthers(
            _ detail: CampaignDetail,
            _ client: AdminClient
        ) async throws -> [Campaign] {
            guard detail.waitsForOthers else { return [] }
            var paused: [Campaign] = []
            for name in (detail.waitsFor ?? [:]).keys.sorted() {
                let other: CampaignDetail = try await client.get(campaignPath(name))
                guard other.campaign.waitsForPerson else { return [] }
                paused.append(other.campaign)
            }
            return paused
        }

        /// Whether a person would see a change; estimates alone are none.
        private static func differs(_ new: CampaignDetail, from old: CampaignDetail) -> Bool {
            new.campaign != old.campaign || new.waves != old.waves || new.hold != old.hold
                || new.warnings != old.warnings
        }

        /// Turns the end into an exit code.
        private static func judge(_ end: End) throws(Failure) {
            let campaign = end.campaign
            if let other = end.paused.first {
                throw Failure(
                    .waitsForPerson,
                    "campaign \(campaign.name) waits for \(other.name), which is \(other.state): "
                        + (other.nextStep ?? "")
                )
            }
            if campaign.waitsForPerson {
                throw Failure(
                    .waitsForPerson,
                    "campaign \(campaign.name) is \(campaign.state)"
                        + (campaign.reason.map { " (\($0))" } ?? "") + ": "
                        + (campaign.nextStep ?? "")
                )
            }
            guard campaign.state == "finished" else {
                throw Failure(
                    .cancelled,
                    "campaign \(campaign.name) was cancelled: \(campaign.settled) of "
                        + "\(campaign.total) settled; see `latchkey campaign report \(campaign.name)`"
                )
            }
            let missed = campaign.total - campaign.settled - (campaign.members["skipped"] ?? 0)
            guard missed == 0 else {
                throw Failure(
                    .notSettled,
                    "\(counted(missed, "device")) of \(campaign.total) did not settle: see "
                        + "`latchkey campaign show \(campaign.name) --members --state failed`, then "
                        + "`latchkey campaign retry`"
                )
            }
        }
    }
}
