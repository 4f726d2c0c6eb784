internal import AdminModel
internal import ArgumentParser

struct PolicyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy",
        abstract: "Shows and changes the rules that hold for the whole fleet.",
        discussion: lesson(
            examples: "latchkey policy show",
            "latchkey policy set cloneResponse report"
        ),
        subcommands: [Show.self, Set.self]
    )

    struct Show: AdminCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows each rule, what holds and what may be chosen.",
            discussion: lesson(examples: "latchkey policy show", "latchkey policy show --json")
        )

        @OptionGroup var server: ServerOptions
        @OptionGroup var output: OutputOptions

        func perform(with client: AdminClient) async throws {
            let policy: Policy = try await client.get("/v1/policy")
            if output.isJSON { return Console.current.print(try json(policy)) }
            print(policy)
        }
    }

    struct Set: AdminCommand {
        static let configuration = CommandConfiguration(
            abstract: "Changes one rule.",
            discussion: lesson(
                "The change holds from now on, and is in the audit log.",
                examples: "latchkey policy set cloneResponse report"
            )
        )

        @Argument(help: "The rule's name, as `latchkey policy show` has it.") var name: String
        @Argument(help: "What shall hold.") var value: String
        @OptionGroup var server: ServerOptions
        @OptionGroup var output: OutputOptions

        func perform(with client: AdminClient) async throws {
            let policy: Policy = try await client.post(
                "/v1/policy",
                PolicyChange(name: name, value: value)
            )
            if output.isJSON { return Console.current.print(try json(policy)) }
            print(Policy(settings: policy.settings.filter { $0.name == name }))
        }
    }
}

private func print(_ policy: Policy) {
    var table = Table("RULE", "VALUE", "DEFAULT", "CHOICES", "DECIDES")
    table.print(
        policy.settings.sorted { $0.name < $1.name }.map {
            [$0.name, $0.value, $0.standard, $0.choices, $0.about]
        }
    )
}
