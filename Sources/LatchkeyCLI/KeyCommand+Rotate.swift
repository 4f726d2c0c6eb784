internal import AdminModel
internal import ArgumentParser

extension KeyCommand {
    struct Rotate: AdminCommand {
        static let configuration = CommandConfiguration(
            abstract: "Gives devices new keys in the place of the old.",
            discussion: lesson(
                """
                The server nudges each device; a device that is away gets its new key when it comes
                back. The old key keeps working until the new one is in use. With --wait the command
                shows how far it is, and ends when every key has settled or the time is over; to stop
                waiting, by Ctrl-C too, does not stop the change. For many devices take
                `latchkey campaign create`, which goes step by step and stops when they fail.
                """,
                examples: "latchkey key rotate --device lamp-1 --key data",
                "latchkey key rotate --group hall --all --wait 60",
                "latchkey key rotate --where 'group=hall and age.data > 90d' --key data"
            )
        )

        @OptionGroup var target: TargetOptions
        @Option(help: "The key's name (default: all keys).") var key: String?
        @Flag(name: .customLong("all"), help: "All keys.") var isAll = false
        @OptionGroup var wait: WaitOptions
        @OptionGroup var server: ServerOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard key == nil || !isAll else {
                throw ValidationError("say either --key NAME or --all")
            }
        }

        func perform(with client: AdminClient) async throws {
            let selection = target.selection(key)
            let start: RotationStart = try await client.post(
                "/v1/rotations",
                selection,
                timeoutSeconds: 600
            )
            let console = Console.current
            if !output.isJSON {
                if start.keys == 0 { console.note("no such keys in \(printable(target.words))") }
                console.print(
                    "asked for \(counted(start.keys, "new key")), made at the next contact of each device"
                )
            }
            try await wait.follow(selection, asked: start.keys, asJSON: output.isJSON, client)
        }
    }
}
