internal import AdminModel
internal import ArgumentParser

struct KeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key",
        abstract: "Changes keys: rotates, suspends, replaces, retires and destroys them.",
        discussion: lesson(
            """
            A key is renewed by rotate, put aside by suspend and resume, replaced at once by
            compromise when others may know it, and taken away for good by retire. destroy ends the
            grace of an older generation early.
            """,
            examples: "latchkey key rotate --device lamp-1 --key data --wait 30",
            "latchkey key suspend --device lamp-1 --key data",
            "latchkey key compromise --where 'label.batch=7' --key data"
        ),
        subcommands: [
            Rotate.self, Suspend.self, Resume.self, Compromise.self, Retire.self, Destroy.self,
        ]
    )
}

/// A command that changes the life of one key.
protocol KeyOrderCommand: AdminCommand {
    var target: TargetOptions { get }
    var key: String { get }
    var epoch: UInt32? { get }
    var output: OutputOptions { get }
    /// The last part of the path.
    static var verb: String { get }
    /// What was done to so many keys, for people.
    func sentence(_ keys: String) -> String
}

extension KeyOrderCommand {
    var epoch: UInt32? { nil }

    /// Sends the order and tells what came of it.
    func order(with client: AdminClient) async throws {
        let change = try await send(with: client)
        if output.isJSON { Console.current.print(try json(change)) }
    }

    /// Sends the order and tells people, not programs, what came of it.
    func send(with client: AdminClient) async throws -> KeyChange {
        let change: KeyChange = try await client.post(
            "/v1/keys/\(Self.verb)",
            KeyOrder(
                device: target.device,
                group: target.group,
                query: target.query,
                key: key,
                epoch: epoch
            ),
            timeoutSeconds: 600
        )
        if output.isJSON { return change }
        if change.keys == 0 {
            Console.current.note(
                printable(
                    "no key \(key) of \(target.words) could be changed: see "
                        + "`latchkey device list` and `latchkey device show NAME`"
                )
            )
        }
        Console.current.print(sentence(counted(change.keys, "key")))
        return change
    }

    /// Asks first where many devices are meant.
    func consent(
        _ options: ConsentOptions,
        _ client: AdminClient,
        _ consequence: (String) -> String
    ) async throws {
        if options.isSure || target.device != nil { return }
        let count = try await target.count(client)
        guard count != 1 else { return }
        try options.ask(
            "\(Self.verb) of key \(key) on \(counted(count, "device"))",
            consequence(counted(count, "device"))
        )
    }
}
