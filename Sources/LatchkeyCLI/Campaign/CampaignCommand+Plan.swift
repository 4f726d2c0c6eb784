internal import AdminModel
internal import ArgumentParser

extension CampaignCommand {
    struct Plan: AdminCommand {
        static let configuration = CommandConfiguration(
            abstract: "Tells what a campaign would do if it was started now.",
            discussion: lesson(
                """
                Computed from how often the devices come: how many, which stages, how long, and which
                devices will probably be left behind and why. Nothing is changed.
                """,
                examples: "latchkey campaign plan spring",
                "latchkey campaign plan spring --json | jq .stranded"
            )
        )

        @Argument(help: "The campaign's name.") var name: String
        @OptionGroup var server: ServerOptions
        @OptionGroup var output: OutputOptions

        func validate() throws { try checkCampaign(name) }

        func perform(with client: AdminClient) async throws {
            let forecast: CampaignForecast = try await client.post(
                campaignPath(name, "plan"),
                timeoutSeconds: 600
            )
            let console = Console.current
            if output.isJSON { return console.print(try json(forecast)) }
            console.print(
                "\(counted(forecast.members, "device")), over at about "
                    + "\(forecast.endsAt.map { "\($0)" } ?? "no time that anyone knows")"
            )
            for (reason, count) in forecast.skipped.sorted(by: { $0.key < $1.key }) {
                console.print("left alone: \(count) \(printable(reason))")
            }
            if !forecast.waves.isEmpty {
                console.print("")
                var table = Table("WAVE", "DEVICES", "OPENS", "MOST SETTLED")
                table.print(
                    forecast.waves.map {
                        ["\($0.number)", "\($0.members)", shown($0.beginsAt), shown($0.endsAt)]
                    }
                )
            }
            printStranded(forecast)
            for warning in forecast.warnings { console.note(printable("warning: \(warning)")) }
            console.note(
                forecast.members == 0
                    ? "nothing to do: try `latchkey device list --where QUERY` with its query"
                    : "next: latchkey campaign start \(printable(name))"
            )
        }

        private func printStranded(_ forecast: CampaignForecast) {
            let count = forecast.stranded.values.reduce(0, +)
            guard count > 0 else { return }
            let console = Console.current
            console.print("")
            console.print("\(counted(count, "device")) will probably be left behind:")
            for (reason, count) in forecast.stranded.sorted(by: { $0.key < $1.key }) {
                console.print(printable("  \(count) \(Self.meaning(reason))"))
            }
            guard !forecast.strandedDevices.isEmpty else { return }
            var table = Table("DEVICE", "WHY", "LAST SEEN", "USUALLY EVERY")
            table.print(
                forecast.strandedDevices.map {
                    [
                        $0.device, $0.reason, shown($0.lastSeenAt),
                        $0.contactSeconds.map(roughly) ?? "-",
                    ]
                }
            )
        }

        private static func meaning(_ reason: String) -> String {
            switch reason {
            case "neverHeard": "were never heard (neverHeard)"
            case "silent": "are silent for longer than usual already (silent)"
            case "notReleased": "come too late: pace, stages or windows are too slow (notReleased)"
            case "slowRhythm": "are released in time, but come too seldom (slowRhythm)"
            case "noWindow": "have no window before the deadline (noWindow)"
            default: reason
            }
        }
    }
}
