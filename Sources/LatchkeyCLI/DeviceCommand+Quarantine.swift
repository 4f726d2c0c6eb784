internal import AdminModel
internal import ArgumentParser

extension DeviceCommand {
    struct Quarantine: AdminCommand {
        static let configuration = CommandConfiguration(
            abstract: "Refuses a device until it is reinstated.",
            discussion: lesson(
                """
                The device keeps its keys, but gets no word from the server: no new key, no lease. A
                device that seems to live twice is quarantined by itself, if the policy says so.
                """,
                examples: "latchkey device quarantine lamp-1",
                "latchkey device list --state quarantined"
            )
        )

        @Argument(help: "The device's name.") var id: String
        @OptionGroup var server: ServerOptions
        @OptionGroup var output: OutputOptions

        func validate() throws { try checkDevice(id) }

        func perform(with client: AdminClient) async throws {
            let device: Device = try await client.post("/v1/devices/\(escaped(id))/quarantine")
            if output.isJSON { return Console.current.print(try json(device)) }
            Console.current.print("device \(device.id) is \(device.state)")
            Console.current.note("to let it in again: latchkey device reinstate \(device.id)")
        }
    }

    struct Reinstate: AdminCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lets a quarantined device in again.",
            discussion: lesson(
                """
                What the device was suspected of is forgotten, and watching begins anew. If two
                devices have the same identity, retire it instead and enrol the right one again.
                """,
                examples: "latchkey device reinstate lamp-1"
            )
        )

        @Argument(help: "The device's name.") var id: String
        @OptionGroup var server: ServerOptions
        @OptionGroup var output: OutputOptions

        func validate() throws { try checkDevice(id) }

        func perform(with client: AdminClient) async throws {
            let device: Device = try await client.post("/v1/devices/\(escaped(id))/reinstate")
            Console.current.print(
                output.isJSON ? try json(device) : "device \(device.id) is \(device.state)"
            )
        }
    }
}
