internal import AdminModel
internal import ArgumentParser
internal import Glibc

extension CampaignCommand {
    struct Show: AdminCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows a campaign, how far it is and where each device stands.",
            discussion: lesson(
                """
                --members lists the devices, --state those in one state: waiting, blocked, released,
                offered, suspect, settled, failed, skipped, cancelled, rollingBack, rolledBack, kept.
                """,
                examples: "latchkey campaign show spring",
                "latchkey campaign show spring --members --state failed"
            )
        )

        @Argument(help: "The campaign's name.") var name: String
        @Flag(help: "List its devices.") var members = false
        @Option(help: "Only devices in this state.") var state: String?
        @OptionGroup var server: ServerOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            try checkCampaign(name)
            guard state == nil || members else {
                throw ValidationError("--state is for --members")
            }
        }

        func perform(with client: AdminClient) async throws {
            if members { return try await list(with: client) }
            let detail: CampaignDetail = try await client.get(campaignPath(name))
            let console = Console.current
            if output.isJSON { return console.print(try json(detail)) }
            let view = CampaignView(
                detail: detail,
                width: console.terminalSize().map { $0.columns } ?? 100,
                hasColor: console.hasColor,
                now: Int64(Glibc.time(nil))
            )
            for line in view.lines { console.print(line) }
            console.print("")
            let campaign = detail.campaign
            let lines = [
                ("where", campaign.query),
                ("made", "\(shown(campaign.createdAt)) by \(campaign.createdBy)"),
                ("approved", shown(campaign.approvedBy)),
                ("started", shown(campaign.startedAt)),
                ("priority", "\(campaign.priority)"),
                ("revision", "\(campaign.revision)"),
            ]
            for (name, value) in lines + PlanWords(plan: detail.plan).lines where value != "-" {
                console.print(
                    name + String(repeating: " ", count: 12 - name.count) + printable(value)
                )
            }
            if let hint = campaign.nextStep { console.note(printable(hint)) }
        }

        private func list(with client: AdminClient) async throws {
            try await client.list(
                of: campaignPath(name, "members"),
                [("state", state)],
                asJSON: output.isJSON,
                table: Table("DEVICE", "WAVE", "STATE", "WHY", "RETRIES", "EPOCH", "CHANGED"),
                ifEmpty: "no such devices: a draft has none before its start"
            ) { (member: CampaignMember) in
                [
                    member.device, shown(member.wave), member.state,
                    member.blockedBy.map { "waits for \($0)" } ?? shown(member.reason),
                    "\(member.attempts)", shown(member.epochAfter ?? member.epochBefore),
                    shown(member.changedAt),
                ]
            }
        }
    }
}

extension Campaign {
    /// Whether it goes on only when a person says so.
    var waitsForPerson: Bool { state == "paused" || state == "awaitingApproval" }

    /// What an admin may want to say to it now.
    var nextStep: String? {
        switch state {
        case "draft": "next: latchkey campaign plan \(name), then latchkey campaign start \(name)"
        case "awaitingApproval": "next: another admin runs latchkey campaign approve \(name)"
        case "paused" where reason?.contains("approval") == true:
            "next: latchkey campaign approve \(name)"
        case "paused": "next: latchkey campaign resume \(name), or cancel or rollback"
        default: nil
        }
    }
}
