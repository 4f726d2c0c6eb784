internal import AdminModel
internal import ArgumentParser

extension CampaignCommand {
    struct Rollback: CampaignOrderCommand {
        static let configuration = CommandConfiguration(
            abstract: "Leads devices back to the key that they had.",
            discussion: lesson(
                """
                Each device gets one more generation with the former key, as long as the grace of
                that key lasts; those whose grace is over keep the new one. A key that was
                replaced because others may know it never comes back.
                """,
                examples: "latchkey campaign rollback spring",
                "latchkey campaign rollback spring --wave 2"
            )
        )
        static let verb = "rollback"

        @Argument(help: "The campaign's name.") var name: String
        @Option(help: "Only this stage, from 1 (default: all).") var wave: Int?
        @OptionGroup var revision: RevisionOptions
        @OptionGroup var server: ServerOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            try checkCampaign(name)
            guard wave.map({ $0 > 0 }) ?? true else {
                throw ValidationError("--wave takes a number from 1")
            }
        }

        func perform(with client: AdminClient) async throws {
            try await say(CampaignOrder(revision: revision.number, wave: wave), with: client)
        }
    }

    struct Retry: CampaignOrderCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lets devices that failed try again.",
            discussion: lesson(
                """
                Names the kinds of failure whose cause is gone; `campaign show` counts them.
                """,
                examples: "latchkey campaign retry spring --failure storeFull",
                "latchkey campaign retry spring --failure hookFailed --failure silent"
            )
        )
        static let verb = "retry"

        @Argument(help: "The campaign's name.") var name: String
        @Option(
            name: .customLong("failure"),
            help: "A kind of failure, like storeFull. Say it again for each."
        )
        var failures: [String]
        @OptionGroup var revision: RevisionOptions
        @OptionGroup var server: ServerOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            try checkCampaign(name)
            guard !failures.isEmpty else {
                throw ValidationError("say what failed: --failure storeFull")
            }
        }

        func perform(with client: AdminClient) async throws {
            try await say(
                CampaignOrder(revision: revision.number, failures: failures),
                with: client
            )
        }
    }
}
