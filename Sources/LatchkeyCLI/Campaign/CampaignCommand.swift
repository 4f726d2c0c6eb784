internal import AdminModel
internal import ArgumentParser

struct CampaignCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "campaign",
        abstract: "Changes keys on many devices, step by step, and stops when they fail.",
        discussion: lesson(
            """
            A campaign begins as a draft: create keeps its plan, plan tells what it would do, start
            sets it off, watch shows how far it is. It survives a restart of the server. It stops by
            itself when too many devices fail, and report tells what happened.
            """,
            examples: "latchkey campaign create spring --key data --where 'group=hall' \\",
            "    --rate 60/min --wave 5 --wave 10% --wave rest --gate 95%",
            "latchkey campaign plan spring",
            "latchkey campaign start spring && latchkey campaign watch spring",
            "latchkey campaign report spring --format markdown > spring.md"
        ),
        subcommands: [
            Create.self, Plan.self, Start.self, Watch.self, Show.self, List.self, Pause.self,
            Resume.self, Cancel.self, Rollback.self, Approve.self, Retry.self, Report.self,
        ]
    )

    struct Create: AdminCommand {
        static let configuration = CommandConfiguration(
            abstract: "Keeps a plan as a draft; no device is touched.",
            discussion: lesson(
                """
                Stages (--wave) go one after the other; --gate says how much of one must have settled
                before the next opens. A stop rule names kinds of failure, a number or a share with a
                minimum sample, and what happens: pause, slowDown, cancel or rollBackWave. Without
                --stop it pauses when a tenth of a hundred failed. Kinds: rejected, throttled,
                timedOut, notSeen, storeFull, tpmFailed, hookFailed, proofMismatch, unknownEpoch,
                silent. --print shows the plan as JSON, which --file reads, and sends nothing.
                """,
                examples:
                    "latchkey campaign create spring --key data --where 'group=hall' --rate 60/min",
                "latchkey campaign create spring --key data --where 'group=hall' \\",
                "    --exponential base=10,factor=2,max=600 --wave 5 --wave 10% --wave rest \\",
                "    --gate 95% --window 'mon-fri 22:00-04:00' --stop 'any>=5%/100:cancel'",
                "latchkey campaign create --file spring.json"
            )
        )

        @Argument(help: "The campaign's name (default: the file's).") var name: String?
        @OptionGroup var options: PlanOptions
        @Flag(name: .customLong("print"), help: "Print the plan as JSON and do nothing else.")
        var isPrinting = false
        @OptionGroup var server: ServerOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            // A file is read when the command runs, once.
            if options.file == nil { _ = try options.plan(named: name) }
        }

        func run() async throws {
            if isPrinting {
                return Console.current.print(try json(try options.plan(named: name)))
            }
            try await AdminClient.connected(to: server.socket) { try await perform(with: $0) }
        }

        func perform(with client: AdminClient) async throws {
            let detail: CampaignDetail = try await client.post(
                "/v1/campaigns",
                try options.plan(named: name)
            )
            if output.isJSON { return Console.current.print(try json(detail)) }
            let name = detail.campaign.name
            Console.current.print("campaign \(name) is a draft: no device is touched yet")
            Console.current.note("next: latchkey campaign plan \(name)")
        }
    }

    struct List: AdminCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists campaigns by name.",
            discussion: lesson(
                """
                States: draft, awaitingApproval, preparing, running, paused, cancelling, rollingBack,
                finished, cancelled.
                """,
                examples: "latchkey campaign list",
                "latchkey campaign list --state running --json"
            )
        )

        @Option(help: "Only in this state.") var state: String?
        @OptionGroup var server: ServerOptions
        @OptionGroup var output: OutputOptions

        func perform(with client: AdminClient) async throws {
            try await client.list(
                of: "/v1/campaigns",
                [("state", state)],
                asJSON: output.isJSON,
                table: Table("CAMPAIGN", "STATE", "KEY", "SETTLED", "FAILED", "BY", "WHERE"),
                ifEmpty: state == nil
                    ? "no campaigns: make one with `latchkey campaign create`"
                    : "no campaigns in this state: `latchkey campaign list` shows all"
            ) { (campaign: Campaign) in
                [
                    campaign.name, campaign.state, campaign.key,
                    campaign.total == 0 ? "-" : "\(campaign.settled)/\(campaign.total)",
                    "\(campaign.members["failed"] ?? 0)", campaign.createdBy, campaign.query,
                ]
            }
        }
    }
}

/// Where a campaign is in the API.
func campaignPath(_ name: String, _ rest: String = "") -> String {
    "/v1/campaigns/\(escaped(name))" + (rest.isEmpty ? "" : "/" + rest)
}

/// Nothing would leave another path to ask for.
func checkCampaign(_ name: String) throws(ValidationError) {
    guard !name.isEmpty else { throw ValidationError("say which campaign: the name is empty") }
}
