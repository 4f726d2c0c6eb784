internal import AdminModel
internal import ArgumentParser

extension DeviceCommand {
    struct Retire: AdminCommand {
        static let configuration = CommandConfiguration(
            abstract: "Takes a device out of use for good.",
            discussion: lesson(
                """
                At its next contact the device destroys its keys and says so; until then it is shown
                as retiring. It never comes back under this name. Asks first; --yes answers.
                """,
                examples: "latchkey device retire lamp-1",
                "latchkey device retire lamp-1 --yes"
            )
        )

        @Argument(help: "The device's name.") var id: String
        @OptionGroup var consent: ConsentOptions
        @OptionGroup var server: ServerOptions
        @OptionGroup var output: OutputOptions

        func validate() throws { try checkDevice(id) }

        func perform(with client: AdminClient) async throws {
            try consent.ask(
                "retiring \(id) can't be undone",
                "\(id) will destroy all its keys and never come back."
            )
            let device: Device = try await client.post("/v1/devices/\(escaped(id))/retire")
            Console.current.print(
                output.isJSON
                    ? try json(device)
                    : "device \(device.id) is \(device.state): latchkey device show \(device.id)"
            )
        }
    }
}
