internal import AdminModel
internal import ArgumentParser

struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Reads and checks the audit log.",
        discussion: lesson(
            "Each row is bound to the one before by a hash: none can be changed or left out unseen.",
            examples: "latchkey audit list --device lamp-1",
            "latchkey audit verify"
        ),
        subcommands: [List.self, Verify.self]
    )

    struct List: AdminCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists audit rows, oldest first.",
            discussion: lesson(
                "A time is 2026-03-01, 2026-03-01T12:00:00Z, or how long ago: 24h.",
                examples: "latchkey audit list --since 24h",
                "latchkey audit list --device lamp-1 --kind keyActivated",
                "latchkey audit list --since 2026-03-01 --until 2026-04-01 --json"
            )
        )

        @Option(help: "Only about this device.") var device: String?
        @Option(help: "Only of this kind, like keyActivated.") var kind: String?
        @Option(help: "Only at or after this time.", transform: Moment.parsing)
        var since: Moment?
        @Option(help: "Only before this time.", transform: Moment.parsing)
        var until: Moment?
        @Option(help: "At most so many rows (default: all).") var limit: Int?
        @OptionGroup var server: ServerOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard limit.map({ $0 > 0 }) ?? true else {
                throw ValidationError("--limit takes a number from 1")
            }
        }

        func perform(with client: AdminClient) async throws {
            let parameters = [
                ("device", device), ("kind", kind), ("since", since?.time.description),
                ("until", until?.time.description),
            ]
            try await client.list(
                of: "/v1/audit",
                parameters,
                limit: limit,
                asJSON: output.isJSON,
                table: Table("ROW", "TIME", "KIND", "ACTOR", "DEVICE", "KEY", "EPOCH", "DETAILS"),
                ifEmpty: "no such rows"
            ) { (entry: AuditEntry) in
                [
                    "\(entry.sequence)", "\(entry.at)", entry.kind, entry.actor,
                    shown(entry.device), shown(entry.key), shown(entry.epoch),
                    entry.details.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
                        .joined(separator: " "),
                ]
            }
        }
    }

    struct Verify: AdminCommand {
        static let configuration = CommandConfiguration(
            abstract: "Checks every row of the audit log against its chain.",
            discussion: lesson(
                """
                Finds any row that was edited, removed or moved, and names the first. Compare the head
                with one that you noted elsewhere.
                """,
                examples: "latchkey audit verify && echo intact"
            )
        )

        @OptionGroup var server: ServerOptions
        @OptionGroup var output: OutputOptions

        func perform(with client: AdminClient) async throws {
            let verdict: AuditVerdict = try await client.post(
                "/v1/audit/verify",
                timeoutSeconds: 3_600
            )
            if output.isJSON { Console.current.print(try json(verdict)) }
            guard verdict.isIntact else {
                throw Failure(
                    .auditDamaged,
                    "the audit log was changed: row \(shown(verdict.faultAt)): "
                        + "\(verdict.fault ?? "no reason given"); the \(verdict.rows) rows before "
                        + "it are good. Keep a copy of the database and compare it with a backup"
                )
            }
            if !output.isJSON {
                Console.current.print(
                    "audit log intact: \(verdict.rows) rows, head \(shown(verdict.head))"
                )
            }
        }
    }
}
