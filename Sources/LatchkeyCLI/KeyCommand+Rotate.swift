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

        /// What the command did, for programs.
        struct Outcome: Encodable {
            var keys: Int
            var progress: RotationProgress?
        }

        @OptionGroup var target: TargetOptions
        @Option(help: "The key's name (default: all keys).") var key: String?
        @Flag(name: .customLong("all"), help: "All keys.") var isAll = false
        @Option(help: ArgumentHelp("Wait until every key has settled.", valueName: "seconds"))
        var wait: Int?
        @OptionGroup var server: ServerOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard key == nil || !isAll else {
                throw ValidationError("say either --key NAME or --all")
            }
            guard wait.map({ (1...86_400).contains($0) }) ?? true else {
                throw ValidationError("--wait takes 1 to 86400 seconds")
            }
        }

        func perform(with client: AdminClient) async throws {
            let selection = KeySelection(
                device: target.device,
                group: target.group,
                query: target.query,
                key: key
            )
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
            guard let wait else {
                if output.isJSON { console.print(try json(Outcome(keys: start.keys))) }
                return
            }
            let progress = try await follow(selection, seconds: wait, client)
            if output.isJSON {
                console.print(try json(Outcome(keys: start.keys, progress: progress)))
            } else {
                console.print("\(progress.settled) of \(counted(progress.keys, "key")) settled")
            }
            guard progress.settled == progress.keys else {
                throw Failure(
                    .notSettled,
                    "waiting for a device: \(progress.waiting), failed: \(progress.failed); see "
                        + "`latchkey device show` and `latchkey audit list --since 1h`"
                )
            }
        }

        /// Looks again and again, less often the longer it takes.
        private func follow(
            _ selection: KeySelection,
            seconds: Int,
            _ client: AdminClient
        ) async throws -> RotationProgress {
            let clock = ContinuousClock()
            let end = clock.now + .seconds(seconds)
            var pause = Duration.milliseconds(100)
            var last: RotationProgress?
            let console = Console.current
            while true {
                let progress: RotationProgress = try await client.get(
                    "/v1/rotations",
                    [
                        ("device", selection.device), ("group", selection.group),
                        ("where", selection.query), ("key", selection.key),
                    ]
                )
                if progress != last {
                    console.note(
                        "\(progress.settled)/\(progress.keys) settled, \(progress.waiting) waiting, "
                            + "\(progress.failed) failed"
                    )
                    last = progress
                }
                if progress.waiting == 0 || clock.now >= end { return progress }
                try await clock.sleep(until: min(clock.now + pause, end))
                pause = min(pause * 3 / 2, .seconds(2))
            }
        }
    }
}
