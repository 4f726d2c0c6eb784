internal import AdminModel
internal import ArgumentParser

/// What the server's notices mean, for people.
enum NoticeWords {
    /// One sentence on a kind of notice.
    static func meaning(_ kind: String) -> String {
        switch kind {
        case "ahead":
            "knows later keys than the server: the database was probably restored from an older copy"
        case "cloned": "seems to live twice: the same identity came from two places"
        case "implausible": "reports what no honest history leads to"
        case "damaged": "a row of the database about it can't be read"
        default: kind
        }
    }

    /// One line on a device's notice.
    static func line(_ notice: Notice) -> String {
        "\(notice.kind) since \(notice.firstAt): \(meaning(notice.kind))"
    }
}

struct NoticesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "notices",
        abstract: "Lists what an admin should know about devices, or takes it off the list.",
        discussion: lesson(
            """
            ahead: the device knows later keys than the server, because the database was restored from
            an older copy; it gets a fresh key by itself. cloned: two devices seem to have the same
            identity; it is quarantined if the policy says so, and `device reinstate` ends that.
            implausible: its report cannot be true. damaged: a row about it can't be read. A notice
            stays until it is dismissed.
            """,
            examples: "latchkey notices",
            "latchkey notices --kind cloned --json",
            "latchkey notices dismiss lamp-1 --kind ahead"
        ),
        subcommands: [List.self, Dismiss.self],
        defaultSubcommand: List.self
    )

    struct List: AdminCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists notices by kind and device.",
            discussion: lesson(examples: "latchkey notices list --kind cloned")
        )

        @Option(help: "Only of this kind: ahead, cloned, implausible or damaged.")
        var kind: String?
        @OptionGroup var server: ServerOptions
        @OptionGroup var output: OutputOptions

        func perform(with client: AdminClient) async throws {
            try await client.list(
                of: "/v1/notices",
                [("kind", kind)],
                asJSON: output.isJSON,
                table: Table("DEVICE", "NOTICE", "FIRST", "LAST", "MEANING"),
                ifEmpty: kind == nil ? "no notices: all is well" : "no notices of this kind"
            ) { (notice: Notice) in
                [
                    notice.device, notice.kind, "\(notice.firstAt)", "\(notice.lastAt)",
                    NoticeWords.meaning(notice.kind),
                ]
            }
        }
    }

    struct Dismiss: AdminCommand {
        static let configuration = CommandConfiguration(
            abstract: "Takes a notice off the list; what it is about stays as it is.",
            discussion: lesson(
                """
                The audit log keeps who did it. A quarantine is not ended by this: `device reinstate`
                does that. A notice that is not there is no fault.
                """,
                examples: "latchkey notices dismiss lamp-1 --kind ahead"
            )
        )

        @Argument(help: "The device's name.") var device: String
        @Option(help: "Its kind: ahead, cloned, implausible or damaged.") var kind: String
        @OptionGroup var server: ServerOptions
        @OptionGroup var output: OutputOptions

        func validate() throws { try checkDevice(device) }

        func perform(with client: AdminClient) async throws {
            let gone: DeviceCount = try await client.post(
                "/v1/notices/dismiss",
                NoticeDismissal(device: device, kind: kind)
            )
            if output.isJSON { return Console.current.print(try json(gone)) }
            Console.current.print(
                printable(
                    gone.devices == 0
                        ? "device \(device) has no notice \(kind)"
                        : "notice \(kind) of device \(device) is dismissed"
                )
            )
        }
    }
}
