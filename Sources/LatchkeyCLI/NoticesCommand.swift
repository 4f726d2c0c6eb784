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
        default: kind
        }
    }

    /// One line on a device's notice.
    static func line(_ notice: Notice) -> String {
        "\(notice.kind) since \(notice.firstAt): \(meaning(notice.kind))"
    }
}

struct NoticesCommand: AdminCommand {
    static let configuration = CommandConfiguration(
        commandName: "notices",
        abstract: "Lists what an admin should know about devices.",
        discussion: lesson(
            """
            ahead: the device knows later keys than the server, because the database was restored from
            an older copy; it gets a fresh key by itself. cloned: two devices seem to have the same
            identity; it is quarantined if the policy says so, and `device reinstate` ends that.
            """,
            examples: "latchkey notices",
            "latchkey notices --kind cloned --json"
        )
    )

    @Option(help: "Only of this kind, like cloned.") var kind: String?
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
