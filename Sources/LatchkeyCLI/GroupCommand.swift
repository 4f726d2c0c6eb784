internal import AdminModel
internal import ArgumentParser

struct GroupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "group",
        abstract: "Makes and lists groups of devices.",
        discussion: lesson(
            "The devices of a group hold the same kinds of keys, each device its own.",
            examples: "latchkey group create hall",
            "latchkey group list"
        ),
        subcommands: [Create.self, List.self]
    )

    struct Create: AdminCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a group.",
            discussion: lesson(
                "A name has 1 to 64 of a-z, 0-9 and '-'.",
                examples: "latchkey group create hall"
            )
        )

        @Argument(help: "The group's name.") var name: String
        @OptionGroup var server: ServerOptions
        @OptionGroup var output: OutputOptions

        func perform(with client: AdminClient) async throws {
            let group: Group = try await client.post("/v1/groups", GroupCreation(name: name))
            if output.isJSON { return Console.current.print(try json(group)) }
            Console.current.print("group \(group.name) made")
            Console.current.note(
                "next: latchkey key-spec create NAME --group \(group.name) --algorithm aes-256"
            )
        }
    }

    struct List: AdminCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the groups.",
            discussion: lesson(examples: "latchkey group list", "latchkey group list --json")
        )

        @OptionGroup var server: ServerOptions
        @OptionGroup var output: OutputOptions

        func perform(with client: AdminClient) async throws {
            try await client.list(
                of: "/v1/groups",
                asJSON: output.isJSON,
                table: Table("GROUP", "MADE"),
                ifEmpty: "no groups: make one with `latchkey group create NAME`"
            ) { (group: Group) in [group.name, shown(group.createdAt)] }
        }
    }
}
