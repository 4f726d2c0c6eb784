internal import ArgumentParser

extension KeyCommand {
    struct Suspend: KeyOrderCommand {
        static let configuration = CommandConfiguration(
            abstract: "Takes a key out of use for a while.",
            discussion: lesson(
                """
                The server accepts the key no longer, from now on; the device stops to lend it at its
                next contact. A suspended key is not rotated. resume brings it back unchanged.
                """,
                examples: "latchkey key suspend --device lamp-1 --key data",
                "latchkey key suspend --where 'label.floor=3' --key data"
            )
        )
        static let verb = "suspend"

        @OptionGroup var target: TargetOptions
        @Option(help: "The key's name.") var key: String
        @OptionGroup var server: ServerOptions
        @OptionGroup var output: OutputOptions

        func perform(with client: AdminClient) async throws { try await order(with: client) }

        func sentence(_ keys: String) -> String { "\(keys) suspended: not accepted from now on" }
    }

    struct Resume: KeyOrderCommand {
        static let configuration = CommandConfiguration(
            abstract: "Brings a suspended key back into use.",
            discussion: lesson(
                "The same generation is accepted again at once, and lent again from the device's next contact.",
                examples: "latchkey key resume --device lamp-1 --key data"
            )
        )
        static let verb = "resume"

        @OptionGroup var target: TargetOptions
        @Option(help: "The key's name.") var key: String
        @OptionGroup var server: ServerOptions
        @OptionGroup var output: OutputOptions

        func perform(with client: AdminClient) async throws { try await order(with: client) }

        func sentence(_ keys: String) -> String { "\(keys) resumed" }
    }
}
