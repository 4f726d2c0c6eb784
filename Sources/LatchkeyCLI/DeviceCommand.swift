internal import AdminModel
internal import ArgumentParser

struct DeviceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "device",
        abstract: "Imports, lists, shows and retires devices.",
        discussion: lesson(
            examples: "latchkey device list --group hall",
            "latchkey device show lamp-1"
        ),
        subcommands: [Import.self, List.self, Show.self, Retire.self]
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
                "States: registered, enrolled, retiring, retired, quarantined.",
                examples: "latchkey device list",
                "latchkey device list --group hall --state enrolled",
                "latchkey device list --json | jq -r '.[].id'"
            )
        )

        @Option(help: "Only of this group.") var group: String?
        @Option(help: "Only in this state.") var state: String?
        @OptionGroup var server: ServerOptions
        @OptionGroup var output: OutputOptions

        func perform(with client: AdminClient) async throws {
            try await client.list(
                of: "/v1/devices",
                [("group", group), ("state", state)],
                asJSON: output.isJSON,
                table: Table("DEVICE", "GROUP", "STATE", "STORE", "LEVEL", "AGENT", "LAST SEEN"),
                ifEmpty: "no such devices: a device enrols with a bundle (`latchkey bundle create`)"
            ) { (device: Device) in
                [
                    device.id, device.group, device.state, shown(device.store),
                    shown(device.level), shown(device.agentVersion), shown(device.lastSeenAt),
                ]
            }
        }
    }

    struct Show: AdminCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows a device and its keys, as both sides see them.",
            discussion: lesson(
                """
                ON SERVER is what the server believes, ON DEVICE what the device reported last. The
                thumbprint (RFC 9679) names a key without giving it away: `latchkey-agent keys` on the
                device shows the same.
                """,
                examples: "latchkey device show lamp-1",
                "latchkey device show lamp-1 --json"
            )
        )

        @Argument(help: "The device's name.") var id: String
        @OptionGroup var server: ServerOptions
        @OptionGroup var output: OutputOptions

        func validate() throws { try checkDevice(id) }

        func perform(with client: AdminClient) async throws {
            let detail: DeviceDetail = try await client.get("/v1/devices/\(escaped(id))")
            let console = Console.current
            if output.isJSON { return console.print(try json(detail)) }
            let device = detail.device
            let lines = [
                ("device", device.id), ("group", device.group), ("state", device.state),
                ("store", "\(shown(device.store)), \(shown(device.level))"),
                ("agent", shown(device.agentVersion)), ("last seen", shown(device.lastSeenAt)),
            ]
            for (name, value) in lines {
                let gap = String(repeating: " ", count: 11 - name.count)
                console.print(name + gap + printable(value))
            }
            guard !detail.keys.isEmpty else { return console.note("no keys yet") }
            console.print("")
            var table = Table(
                "KEY",
                "EPOCH",
                "ON SERVER",
                "ON DEVICE",
                "ALGORITHM",
                "CHANGED",
                "THUMBPRINT"
            )
            table.print(
                detail.keys.map { key in
                    [
                        key.name, "\(key.epoch)", key.state,
                        // What it reported before it destroyed them would mislead.
                        device.state == "retired" ? "-" : shown(key.reported), key.algorithm,
                        shown(key.changedAt), key.thumbprint,
                    ]
                }
            )
        }
    }

    struct Retire: AdminCommand {
        static let configuration = CommandConfiguration(
            abstract: "Takes a device out of use for good.",
            discussion: lesson(
                """
                At its next contact the device destroys its keys and says so; until then it is shown
                as retiring. It never comes back under this name. Asks first; --yes answers.
                """,
                examples: "latchkey device retire lamp-1",
                "latchkey device retire lamp-1 --yes"
            )
        )

        @Argument(help: "The device's name.") var id: String
        @Flag(name: [.customLong("yes"), .customShort("y")], help: "Do not ask.")
        var isSure = false
        @OptionGroup var server: ServerOptions
        @OptionGroup var output: OutputOptions

        func validate() throws { try checkDevice(id) }

        func perform(with client: AdminClient) async throws {
            if !isSure { try confirm() }
            let device: Device = try await client.post("/v1/devices/\(escaped(id))/retire")
            Console.current.print(
                output.isJSON
                    ? try json(device)
                    : "device \(device.id) is \(device.state): latchkey device show \(device.id)"
            )
        }

        private func confirm() throws(Failure) {
            let console = Console.current
            guard console.isInputTerminal else {
                throw Failure(
                    .local,
                    "retiring \(id) can't be undone: say --yes, since nobody can be asked"
                )
            }
            console.error(
                "\(printable(id)) will destroy all its keys and never come back. Type yes: "
            )
            guard console.readLine() == "yes" else {
                throw Failure(.local, "not retired: \(id) stays as it is")
            }
        }
    }
}

/// Nothing would leave another path to ask for.
private func checkDevice(_ name: String) throws(ValidationError) {
    guard !name.isEmpty else { throw ValidationError("say which device: the name is empty") }
}
