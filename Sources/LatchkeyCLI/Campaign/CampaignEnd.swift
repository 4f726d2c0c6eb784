internal import AdminModel

/// What is printed when a campaign that was watched is over: its report, as far as a person reads it there.
struct CampaignEnd {
    let campaign: Campaign

    /// Devices up to which all are listed; of more, those that did not settle, up to as many.
    private static let most = 25
    /// The states of devices that did not settle, those first that someone has to look at.
    private static let unsettled = ["failed", "kept", "rolledBack", "cancelled", "skipped"]

    /// Prints it; that it can't be had is said, and changes nothing about how the campaign ended.
    func print(with client: AdminClient) async {
        let console = Console.current
        do {
            let report: CampaignReport = try await client.get(campaignPath(campaign.name, "report"))
            console.print("")
            var writer = ReportWriter(format: .text)
            let isAll = campaign.total <= Self.most
            if !isAll { writer.heading = "DEVICES THAT DID NOT SETTLE (at most \(Self.most))" }
            try writer.begin(report)
            var left = Self.most
            let states: [String?] = isAll ? [nil] : Self.unsettled
            for state in states where left > 0 {
                try await client.pages(
                    of: campaignPath(campaign.name, "members"),
                    [("state", state)],
                    limit: left
                ) { (members: [CampaignMember]) in
                    left -= members.count
                    try writer.add(members)
                }
            }
            writer.end()
        } catch {
            console.note(printable("the report can't be had now: \(error)"))
        }
        console.note(
            printable(
                "all devices, to keep: latchkey campaign report \(campaign.name) --format markdown "
                    + "> \(campaign.name).md"
            )
        )
    }
}
