internal import AdminModel
internal import ArgumentParser

extension KeyCommand {
    struct Compromise: KeyOrderCommand {
        static let configuration = CommandConfiguration(
            abstract: "Replaces a key that others may know, at once.",
            discussion: lesson(
                """
                A new generation is due at once and the devices are nudged. The old one is accepted
                only until its successor is confirmed, then it is destroyed on both sides, without
                grace; it is never offered again and nothing rolls back to it. With --wait the command
                shows how many have a successor in use. Asks first when more than one device is meant;
                --yes answers.
                """,
                examples: "latchkey key compromise --device lamp-1 --key data --wait 30",
                "latchkey key compromise --device lamp-1 --key data --epoch 3",
                "latchkey key compromise --where 'label.batch=7' --key data --yes"
            )
        )
        static let verb = "compromise"

        @OptionGroup var target: TargetOptions
        @Option(help: "The key's name.") var key: String
        @Option(help: "One generation (default: each that is alive).") var epoch: UInt32?
        @OptionGroup var wait: WaitOptions
        @OptionGroup var consent: ConsentOptions
        @OptionGroup var server: ServerOptions
        @OptionGroup var output: OutputOptions

        func perform(with client: AdminClient) async throws {
            try await consent(consent, client) {
                "Key \(key) of \($0) will be replaced at once, without grace for the old one."
            }
            let change = try await send(with: client)
            try await wait.follow(
                target.selection(key),
                asked: change.keys,
                asJSON: output.isJSON,
                client
            )
        }

        func sentence(_ keys: String) -> String { "\(keys) compromised: successors are due now" }
    }

    struct Retire: KeyOrderCommand {
        static let configuration = CommandConfiguration(
            abstract: "Takes a key away from devices for good.",
            discussion: lesson(
                """
                At its next contact each device destroys every generation of the key, and sends a
                receipt. The key is not offered again; the device's other keys go on. With --group
                the group's key spec ends, too. Asks first when more than one device is meant; --yes
                answers.
                """,
                examples: "latchkey key retire --device lamp-1 --key data",
                "latchkey key retire --group hall --key log --yes"
            )
        )
        static let verb = "retire"

        @OptionGroup var target: TargetOptions
        @Option(help: "The key's name.") var key: String
        @OptionGroup var consent: ConsentOptions
        @OptionGroup var server: ServerOptions
        @OptionGroup var output: OutputOptions

        func perform(with client: AdminClient) async throws {
            try await consent(consent, client) {
                "\($0) will destroy key \(key), and never get it again."
            }
            try await order(with: client)
        }

        func sentence(_ keys: String) -> String {
            "\(keys) retired: destroyed at the next contact of each device"
        }
    }

    struct Destroy: AdminCommand {
        static let configuration = CommandConfiguration(
            abstract: "Ends the grace of an older generation now.",
            discussion: lesson(
                """
                A generation that was superseded may still decrypt and verify until its grace ends.
                This destroys it on the server at once, and on the device at its next contact. What
                only it can decrypt is lost. A key in use can't be destroyed: rotate it first.
                """,
                examples: "latchkey key destroy --device lamp-1 --key data --epoch 3"
            )
        )

        @Option(help: "The device.") var device: String
        @Option(help: "The key's name.") var key: String
        @Option(help: "The generation, as `latchkey device show` tells it.") var epoch: UInt32
        @OptionGroup var server: ServerOptions
        @OptionGroup var output: OutputOptions

        func perform(with client: AdminClient) async throws {
            let change: KeyChange = try await client.post(
                "/v1/keys/destroy",
                KeyOrder(device: device, key: key, epoch: epoch)
            )
            Console.current.print(
                output.isJSON
                    ? try json(change)
                    : printable("epoch \(epoch) of key \(key) on device \(device) destroyed")
            )
        }
    }
}
