internal import AdminModel
internal import ArgumentParser

extension KeySpecCommand {
    struct Retire: AdminCommand {
        static let configuration = CommandConfiguration(
            abstract: "Takes a key away from a whole group for good.",
            discussion: lesson(
                """
                The same as `latchkey key retire --group`: each device destroys the key at its next
                contact, and no device of the group gets it again. Asks first; --yes answers.
                """,
                examples: "latchkey key-spec retire log --group hall",
                "latchkey key-spec retire log --group hall --yes"
            )
        )

        @Argument(help: "The key's name.") var name: String
        @Option(help: "The group.") var group: String
        @OptionGroup var consent: ConsentOptions
        @OptionGroup var server: ServerOptions
        @OptionGroup var output: OutputOptions

        func perform(with client: AdminClient) async throws {
            if !consent.isSure {
                let count: DeviceCount = try await client.get(
                    "/v1/device-count",
                    [("group", group)]
                )
                try consent.ask(
                    "retiring key \(name) of group \(group) can't be undone",
                    "\(counted(count.devices, "device")) will destroy key \(name), and never get it "
                        + "again."
                )
            }
            let change: KeyChange = try await client.post(
                "/v1/keys/retire",
                KeyOrder(group: group, key: name),
                timeoutSeconds: 600
            )
            Console.current.print(
                output.isJSON
                    ? try json(change)
                    : "key spec \(name) of group \(group) retired: \(counted(change.keys, "key")) "
                        + "destroyed at the next contact of each device"
            )
        }
    }
}
