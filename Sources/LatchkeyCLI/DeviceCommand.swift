internal import AdminModel
internal import ArgumentParser

struct DeviceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "device",
        abstract: "Imports, lists, shows, labels, quarantines and retires devices.",
        discussion: lesson(
            examples: "latchkey device list --group hall",
            "latchkey device show lamp-1",
            "latchkey device label lamp-1 floor=3"
        ),
        subcommands: [
            Import.self, List.self, Show.self, Label.self, Quarantine.self, Reinstate.self,
            Retire.self,
        ]
    )

    struct Import: AdminCommand {
        static let configuration = CommandConfiguration(
            abstract: "Registers devices by their public keys, from a CSV file.",
            discussion: lesson(
                """
                The first line is name,group,public_key; the key is the x-coordinate of a P-256 point
                (64 hexadecimal digits), or x and y. Either every row is taken, or none, and each bad
                row is reported with its line.
                """,
                examples: "latchkey device import lamps.csv"
            )
        )

        private static let largestFile = 16 << 20

        @Argument(help: "The file; - for the input.", completion: .file(extensions: ["csv"]))
        var file: String
        @OptionGroup var server: ServerOptions
        @OptionGroup var output: OutputOptions

        func perform(with client: AdminClient) async throws {
            let bytes = try readFile(file, atMost: Self.largestFile)
            let result: ImportResult = try await client.post("/v1/devices/import", file: bytes)
            if output.isJSON { return Console.current.print(try json(result)) }
            Console.current.print("\(counted(result.imported, "device")) registered")
            Console.current.note(
                "next: latchkey bundle create --group GROUP --pre-registered --output FILE"
            )
        }
    }

    struct List: AdminCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists devices by name.",
            discussion: lesson(
                """
                States: registered, enrolled, retiring, retired, quarantined.
                \(TargetOptions.queryHelp)
                """,
                examples: "latchkey device list",
                "latchkey device list --group hall --state enrolled",
                "latchkey device list --where 'label.floor in (3,4) and seen < 7d'",
                "latchkey device list --where 'age.data > 90d or not store=tpm'",
                "latchkey device list --json | jq -r '.[].id'"
            )
        )

        @Option(help: "Only of this group.") var group: String?
        @Option(help: "Only in this state.") var state: String?
        @Option(
            name: .customLong("where"),
            help: ArgumentHelp("Only those that a query finds.", valueName: "query")
        )
        var query: String?
        @OptionGroup var server: ServerOptions
        @OptionGroup var output: OutputOptions

        func perform(with client: AdminClient) async throws {
            try await client.list(
                of: "/v1/devices",
                [("group", group), ("state", state), ("where", query)],
                asJSON: output.isJSON,
                table: Table("DEVICE", "GROUP", "STATE", "STORE", "LEVEL", "AGENT", "LAST SEEN"),
                ifEmpty: group == nil && state == nil && query == nil
                    ? "no devices: a device enrols with a bundle (`latchkey bundle create`)"
                    : "no such devices: `latchkey device list` shows all of them"
            ) { (device: Device) in
                [
                    device.id, device.group, device.state, shown(device.store),
                    shown(device.level), shown(device.agentVersion), shown(device.lastSeenAt),
                ]
            }
        }
    }
}

/// Nothing would leave another path to ask for.
func checkDevice(_ name: String) throws(ValidationError) {
    guard !name.isEmpty else { throw ValidationError("say which device: the name is empty") }
}
