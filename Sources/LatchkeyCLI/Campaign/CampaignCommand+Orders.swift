internal import AdminModel
internal import ArgumentParser

extension CampaignCommand {
    struct Start: CampaignOrderCommand {
        static let configuration = CommandConfiguration(
            abstract: "Sets a draft off.",
            discussion: lesson(
                """
                The devices are listed, then released stage by stage. Where the policy asks for a
                second person, the campaign waits for `campaign approve` by another admin.
                """,
                examples: "latchkey campaign start spring"
            )
        )
        static let verb = "start"

        @Argument(help: "The campaign's name.") var name: String
        @OptionGroup var revision: RevisionOptions
        @OptionGroup var server: ServerOptions
        @OptionGroup var output: OutputOptions

        func hint(_ campaign: Campaign) -> String {
            campaign.state == "awaitingApproval"
                ? "next: another admin runs latchkey campaign approve \(campaign.name)"
                : "next: latchkey campaign watch \(campaign.name)"
        }
    }

    struct Approve: CampaignOrderCommand {
        static let configuration = CommandConfiguration(
            abstract: "Agrees to a campaign, or to its next stage.",
            discussion: lesson(
                """
                Where the policy asks for a second person, the admin who made the campaign can't
                approve it.
                """,
                examples: "latchkey campaign approve spring"
            )
        )
        static let verb = "approve"

        @Argument(help: "The campaign's name.") var name: String
        @OptionGroup var revision: RevisionOptions
        @OptionGroup var server: ServerOptions
        @OptionGroup var output: OutputOptions
    }

    struct Pause: CampaignOrderCommand {
        static let configuration = CommandConfiguration(
            abstract: "Releases no further device until it is resumed.",
            discussion: lesson(
                """
                Devices that were released finish: none is stopped between the old key and the
                new.
                """,
                examples: "latchkey campaign pause spring"
            )
        )
        static let verb = "pause"

        @Argument(help: "The campaign's name.") var name: String
        @OptionGroup var revision: RevisionOptions
        @OptionGroup var server: ServerOptions
        @OptionGroup var output: OutputOptions

        func hint(_ campaign: Campaign) -> String {
            "to go on: latchkey campaign resume \(campaign.name)"
        }
    }

    struct Resume: CampaignOrderCommand {
        static let configuration = CommandConfiguration(
            abstract: "Goes on after a pause.",
            discussion: lesson(
                """
                What failed so far is forgiven: stop rules count anew. A gate that was not reached
                is let pass. A stage that waits for approval is approved instead.
                """,
                examples: "latchkey campaign resume spring"
            )
        )
        static let verb = "resume"

        @Argument(help: "The campaign's name.") var name: String
        @OptionGroup var revision: RevisionOptions
        @OptionGroup var server: ServerOptions
        @OptionGroup var output: OutputOptions
    }

    struct Cancel: CampaignOrderCommand {
        static let configuration = CommandConfiguration(
            abstract: "Ends a campaign at a safe point.",
            discussion: lesson(
                """
                Devices that were offered nothing yet keep their key; those that hold an offer
                finish. What has settled stays: `campaign rollback` leads back.
                """,
                examples: "latchkey campaign cancel spring"
            )
        )
        static let verb = "cancel"

        @Argument(help: "The campaign's name.") var name: String
        @OptionGroup var revision: RevisionOptions
        @OptionGroup var server: ServerOptions
        @OptionGroup var output: OutputOptions
    }
}
