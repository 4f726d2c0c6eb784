internal import AdminModel
internal import ArgumentParser

struct BundleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bundle",
        abstract: "Makes, lists and revokes enrolment bundles.",
        discussion: lesson(
            """
            A bundle is the file that a new device needs: where the broker is, which server to trust,
            and a token that lets it in. Whoever has the file can enrol a device: keep it secret.
            """,
            examples: "latchkey bundle create --group hall --uses 5 --output hall.bundle",
            "latchkey bundle list"
        ),
        subcommands: [Create.self, List.self, Revoke.self]
    )

    struct Create: AdminCommand {
        static let configuration = CommandConfiguration(
            abstract: "Writes a bundle into a new file that only its owner can read.",
            discussion: lesson(
                """
                The file must not exist yet. With --pre-registered the bundle has no token: it is for
                devices whose public keys were imported with `latchkey device import`.
                """,
                examples: "latchkey bundle create --group hall --uses 5 --output hall.bundle",
                "latchkey bundle create --group hall --pre-registered --output hall.bundle",
                "latchkey-agent enrol --bundle hall.bundle --name lamp-1     (on the device)"
            )
        )

        @Option(help: "The group that its devices join.") var group: String
        @Option(help: "How many devices may enrol with it (default: 1).") var uses: Int?
        @Option(
            help: "How long it may be used, like 8h (default: 24h).",
            transform: TimeSpan.parsing
        )
        var expires: TimeSpan?
        @Flag(help: "For devices that were imported before: no token.") var preRegistered = false
        @Option(help: "The file to write; - for the output.", completion: .file())
        var output: String
        @OptionGroup var server: ServerOptions

        func validate() throws {
            guard !preRegistered || (uses == nil && expires == nil) else {
                throw ValidationError(
                    "--uses and --expires are for tokens: not with --pre-registered"
                )
            }
            guard uses.map({ $0 > 0 }) ?? true else {
                throw ValidationError("--uses takes a number from 1")
            }
            guard !output.isEmpty else {
                throw ValidationError("--output takes the name of a file, or -")
            }
        }

        func perform(with client: AdminClient) async throws {
            // The file comes first: a bundle that can't be kept should not be made.
            let file = output == "-" ? nil : try NewFile(output)
            do {
                let bundle: CreatedBundle = try await client.post(
                    "/v1/bundles",
                    BundleCreation(
                        group: group,
                        uses: uses,
                        expiresInSeconds: expires?.seconds,
                        isForRegistered: preRegistered ? true : nil
                    )
                )
                guard let file else { return Console.current.output(bundle.text) }
                try file.finish(with: bundle.text)
                let end = bundle.expiresAt.map { ", usable until \($0)" } ?? ""
                let name = bundle.id.map { "bundle \($0)" } ?? "bundle"
                Console.current.print("\(name) for group \(group) written to \(output)\(end)")
                Console.current.note(
                    "next, on the device: latchkey-agent enrol --bundle \(output) --name NAME"
                )
            } catch {
                file?.abandon()
                throw error
            }
        }
    }

    struct List: AdminCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the bundles; their secrets are not kept in the open.",
            discussion: lesson(examples: "latchkey bundle list", "latchkey bundle list --json")
        )

        @OptionGroup var server: ServerOptions
        @OptionGroup var output: OutputOptions

        func perform(with client: AdminClient) async throws {
            try await client.list(
                of: "/v1/bundles",
                asJSON: output.isJSON,
                table: Table("BUNDLE", "GROUP", "STATE", "USES LEFT", "EXPIRES"),
                ifEmpty: "no bundles: make one with `latchkey bundle create`"
            ) { (bundle: BundleRecord) in
                [
                    bundle.id, bundle.group, bundle.state,
                    "\(bundle.usesLeft) of \(bundle.usesAllowed)", "\(bundle.expiresAt)",
                ]
            }
        }
    }

    struct Revoke: AdminCommand {
        static let configuration = CommandConfiguration(
            abstract: "Ends a bundle before its time; devices that used it stay.",
            discussion: lesson(examples: "latchkey bundle revoke 1f2e3d4c5b6a7988")
        )

        @Argument(help: "The bundle's id, from `latchkey bundle list`.") var id: String
        @OptionGroup var server: ServerOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard !id.isEmpty else { throw ValidationError("say which bundle: its id is empty") }
        }

        func perform(with client: AdminClient) async throws {
            let bundle: BundleRecord = try await client.post("/v1/bundles/\(escaped(id))/revoke")
            Console.current.print(
                output.isJSON ? try json(bundle) : "bundle \(bundle.id) is \(bundle.state)"
            )
        }
    }
}
