internal import AdminModel
internal import ArgumentParser

struct AnchorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "anchor",
        abstract: "Renews the server's own identity, step by step.",
        discussion: lesson(
            """
            Devices trust the server by its anchor: an identity key and a command key. announce makes
            the next one, which the old one signs and devices learn at their next contact; switch
            takes it into use, once as much of the fleet trusts it as the policy asks; stragglers
            lists those who do not yet.
            """,
            examples: "latchkey anchor list",
            "latchkey anchor announce",
            "latchkey anchor stragglers",
            "latchkey anchor switch"
        ),
        subcommands: [List.self, Announce.self, Switch.self, Stragglers.self]
    )

    struct List: AdminCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the anchors, and how much of the fleet trusts each.",
            discussion: lesson(examples: "latchkey anchor list", "latchkey anchor list --json")
        )

        @OptionGroup var server: ServerOptions
        @OptionGroup var output: OutputOptions

        func perform(with client: AdminClient) async throws {
            let status: AnchorStatus = try await client.get("/v1/anchors")
            let console = Console.current
            if output.isJSON { return console.print(try json(status)) }
            var table = Table("ANCHOR", "STATE", "MADE", "TRUSTED BY", "THUMBPRINT")
            table.print(
                status.anchors.map { anchor in
                    [
                        "\(anchor.generation)", anchor.state, shown(anchor.createdAt),
                        anchor.devices.map { "\($0) of \(status.devices)" } ?? "-",
                        shown(anchor.thumbprint),
                    ]
                }
            )
            guard let next = status.anchors.last, next.state == "announced" else { return }
            if let bundles = status.openBundles, bundles > 0 {
                console.note(
                    "\(counted(bundles, "bundle")) made before it: no device enrols with those after "
                        + "the switch"
                )
            }
            console.note(
                "anchor \(next.generation) waits: `latchkey anchor switch` when "
                    + "\(percent(status.requiredPercent)) trust it; `latchkey anchor stragglers` "
                    + "lists those who do not"
            )
        }
    }

    struct Announce: AdminCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes the next anchor, and tells it to each device at its next contact.",
            discussion: lesson(
                "Nothing changes for devices until the switch: they trust both.",
                examples: "latchkey anchor announce"
            )
        )

        @OptionGroup var server: ServerOptions
        @OptionGroup var output: OutputOptions

        func perform(with client: AdminClient) async throws {
            let anchor: AnchorRecord = try await client.post("/v1/anchors/announce")
            if output.isJSON { return Console.current.print(try json(anchor)) }
            Console.current.print("anchor \(anchor.generation) is \(anchor.state)")
            Console.current.note("next: latchkey anchor stragglers, then latchkey anchor switch")
        }
    }

    struct Switch: AdminCommand {
        static let configuration = CommandConfiguration(
            abstract: "Takes the announced anchor into use.",
            discussion: lesson(
                """
                Refused until as many devices trust it as the policy asks. Asks first: the old one is
                destroyed, and a device that does not trust the new one has to enrol again. To leave
                devices behind all the same, name how many: another number is refused.
                """,
                examples: "latchkey anchor switch",
                "latchkey anchor switch --yes",
                "latchkey anchor switch --stranding 3"
            )
        )

        @Option(help: "Cut off exactly so many devices, which then have to enrol again.")
        var stranding: Int?
        @OptionGroup var consent: ConsentOptions
        @OptionGroup var server: ServerOptions
        @OptionGroup var output: OutputOptions

        func perform(with client: AdminClient) async throws {
            if !consent.isSure {
                let status: AnchorStatus = try await client.get("/v1/anchors")
                // Without one there is nothing to agree to: the server says what is missing.
                if let next = status.anchors.last, next.state == "announced" {
                    try consent.ask(
                        "switching the anchor can't be undone",
                        "\(next.devices ?? 0) of \(counted(status.devices, "device")) trust the new one; "
                            + "the policy asks for \(percent(status.requiredPercent))."
                    )
                }
            }
            let anchor: AnchorRecord = try await client.post(
                "/v1/anchors/switch",
                AnchorSwitch(stranding: stranding)
            )
            if output.isJSON { return Console.current.print(try json(anchor)) }
            Console.current.print("anchor \(anchor.generation) is \(anchor.state)")
        }
    }

    struct Stragglers: AdminCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the devices that do not trust the newest anchor yet.",
            discussion: lesson(examples: "latchkey anchor stragglers")
        )

        @OptionGroup var server: ServerOptions
        @OptionGroup var output: OutputOptions

        func perform(with client: AdminClient) async throws {
            try await client.list(
                of: "/v1/anchors/stragglers",
                asJSON: output.isJSON,
                table: Table("DEVICE", "GROUP", "TRUSTS", "LAST SEEN"),
                ifEmpty: "none: every device trusts the newest anchor"
            ) { (straggler: Straggler) in
                [
                    straggler.device, straggler.group, shown(straggler.anchor),
                    shown(straggler.lastSeenAt),
                ]
            }
        }
    }
}

/// A share in percent, without digits that say nothing.
func percent(_ share: Double) -> String {
    let tenths = (share * 10).rounded()
    let whole = Int(tenths) / 10
    let rest = Int(tenths) % 10
    return rest == 0 ? "\(whole)%" : "\(whole).\(rest)%"
}
