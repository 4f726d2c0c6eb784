internal import AdminModel
internal import ArgumentParser

/// A command that says one word to a campaign.
protocol CampaignOrderCommand: AdminCommand {
    var name: String { get }
    var revision: RevisionOptions { get }
    var output: OutputOptions { get }
    /// The last part of the path.
    static var verb: String { get }
    /// What to do next, for people.
    func hint(_ campaign: Campaign) -> String
}

/// Whether the order holds only if nobody else said anything.
struct RevisionOptions: ParsableArguments {
    @Option(
        name: .customLong("revision"),
        help: "Refuse if another admin acted since; `campaign show --json` tells the number."
    )
    var number: UInt64?
}

extension CampaignOrderCommand {
    func hint(_ campaign: Campaign) -> String {
        campaign.isOver
            ? "next: latchkey campaign report \(campaign.name)"
            : "next: latchkey campaign watch \(campaign.name)"
    }

    func validate() throws { try checkCampaign(name) }

    func perform(with client: AdminClient) async throws {
        try await say(CampaignOrder(revision: revision.number), with: client)
    }

    /// Sends the order and tells what the campaign is now.
    func say(_ order: CampaignOrder, with client: AdminClient) async throws {
        let campaign: Campaign = try await client.post(campaignPath(name, Self.verb), order)
        if output.isJSON { return Console.current.print(try json(campaign)) }
        let reason = campaign.reason.map { " (\($0))" } ?? ""
        Console.current.print(printable("campaign \(campaign.name) is \(campaign.state)\(reason)"))
        Console.current.note(printable(hint(campaign)))
    }
}
