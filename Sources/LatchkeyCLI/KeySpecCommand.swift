internal import AdminModel
internal import ArgumentParser

/// The algorithms that this command knows.
enum AlgorithmName: String, ExpressibleByArgument, CaseIterable {
    case aes256 = "aes-256"
    case aes128 = "aes-128"
    case hmacSHA256 = "hmac-sha-256"
}

/// The uses that this command knows.
enum UseName: String, ExpressibleByArgument, CaseIterable {
    case both, protect, consume
}

struct KeySpecCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key-spec",
        abstract: "Says which keys the devices of a group shall hold.",
        discussion: lesson(
            examples: "latchkey key-spec create data --group hall --algorithm aes-256",
            "latchkey key-spec list --group hall",
            "latchkey key-spec retire log --group hall"
        ),
        subcommands: [Create.self, List.self, Retire.self]
    )

    struct Create: AdminCommand {
        static let configuration = CommandConfiguration(
            abstract: "Gives each device of a group one more key.",
            discussion: lesson(
                """
                Every device gets a key of its own at its next contact. When a key changes, the old
                one may still decrypt and verify for the grace. A lease ends a key on a device that
                has not heard from the server for so long; without one a key has no end.
                """,
                examples: "latchkey key-spec create data --group hall --algorithm aes-256",
                "latchkey key-spec create log --group hall --algorithm hmac-sha-256 \\",
                "    --use protect --grace 1h --lease 30d --rotate-every 90d"
            )
        )

        @Argument(help: "The key's name.") var name: String
        @Option(help: "The group.") var group: String
        @Option(help: "What the key is for.") var algorithm: AlgorithmName
        @Option(help: "What the device may do with it.") var use: UseName = .both
        @Option(
            help: ArgumentHelp(
                "How long the older key may still decrypt and verify, like 15m (default: "
                    + "\(span(KeySpecCreation.defaultGraceSeconds)))."
            ),
            transform: TimeSpan.parsing
        )
        var grace = TimeSpan(seconds: KeySpecCreation.defaultGraceSeconds)
        @Option(
            help: "How long a device may use the key without word from the server, like 30d.",
            transform: TimeSpan.parsing
        )
        var lease: TimeSpan?
        @Option(
            help: "How often the key changes by itself, like 90d.",
            transform: TimeSpan.parsing
        )
        var rotateEvery: TimeSpan?
        @Option(
            name: .customLong("maximum-age"),
            help:
                "How old a key may become before it is replaced whatever else is set, like 1095d.",
            transform: TimeSpan.parsing
        )
        var maximumAge: TimeSpan?
        @OptionGroup var server: ServerOptions
        @OptionGroup var output: OutputOptions

        func perform(with client: AdminClient) async throws {
            let spec: KeySpec = try await client.post(
                "/v1/key-specs",
                KeySpecCreation(
                    name: name,
                    group: group,
                    algorithm: algorithm.rawValue,
                    use: use.rawValue,
                    graceSeconds: grace.seconds,
                    leaseSeconds: lease?.seconds,
                    rotateEverySeconds: rotateEvery?.seconds,
                    maximumAgeSeconds: maximumAge?.seconds
                )
            )
            if output.isJSON { return Console.current.print(try json(spec)) }
            Console.current.print("key spec \(spec.name) of group \(spec.group) made")
            Console.current.note(
                "next: latchkey bundle create --group \(spec.group) --output \(spec.group).bundle"
            )
        }
    }

    struct List: AdminCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the key specs.",
            discussion: lesson(
                examples: "latchkey key-spec list",
                "latchkey key-spec list --group hall --json"
            )
        )

        @Option(help: "Only of this group.") var group: String?
        @OptionGroup var server: ServerOptions
        @OptionGroup var output: OutputOptions

        func perform(with client: AdminClient) async throws {
            try await client.list(
                of: "/v1/key-specs",
                [("group", group)],
                asJSON: output.isJSON,
                table: Table(
                    "GROUP",
                    "KEY",
                    "ALGORITHM",
                    "USE",
                    "GRACE",
                    "LEASE",
                    "ROTATES",
                    "MAX AGE"
                ),
                ifEmpty: "no key specs: make one with `latchkey key-spec create`"
            ) { (spec: KeySpec) in
                [
                    spec.group, spec.name, spec.algorithm, spec.use, span(spec.graceSeconds),
                    spec.leaseSeconds == 0 ? "-" : span(spec.leaseSeconds),
                    spec.retiredAt.map { "retired \($0)" }
                        ?? spec.rotateEverySeconds.map { "every " + span($0) } ?? "-",
                    spec.maximumAgeSeconds.map(span) ?? "-",
                ]
            }
        }
    }
}

/// Seconds in the largest unit that leaves no rest.
func span(_ seconds: UInt32) -> String {
    for (unit, length) in [("d", 86_400), ("h", 3_600), ("m", 60)] as [(String, UInt32)]
    where seconds >= length && seconds.isMultiple(of: length) {
        return "\(seconds / length)\(unit)"
    }
    return "\(seconds)s"
}
