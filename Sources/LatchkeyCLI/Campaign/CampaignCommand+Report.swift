internal import AdminModel
internal import ArgumentParser

extension ReportWriter.Format: ExpressibleByArgument {}

extension CampaignCommand {
    struct Report: AdminCommand {
        static let configuration = CommandConfiguration(
            abstract: "Tells who did what, when, and what came of it on each device.",
            discussion: lesson(
                """
                For an auditor to keep: the plan's facts, each decision, each device with its
                generations, the thumbprint of its new key, and why it failed. The audit row and head
                tie it to the audit log.
                """,
                examples: "latchkey campaign report spring",
                "latchkey campaign report spring --format markdown > spring.md",
                "latchkey campaign report spring --format json | jq '.members | length'"
            )
        )

        @Argument(help: "The campaign's name.") var name: String
        @Option(help: "text, markdown or json.") var format: ReportWriter.Format = .text
        @Flag(name: .customLong("json"), help: "The same as --format json.") var isJSON = false
        @OptionGroup var server: ServerOptions

        func validate() throws { try checkCampaign(name) }

        func perform(with client: AdminClient) async throws {
            let report: CampaignReport = try await client.get(campaignPath(name, "report"))
            var writer = ReportWriter(format: isJSON ? .json : format)
            try writer.begin(report)
            try await client.pages(of: campaignPath(name, "members")) {
                (members: [CampaignMember]) in try writer.add(members)
            }
            writer.end()
        }
    }
}
