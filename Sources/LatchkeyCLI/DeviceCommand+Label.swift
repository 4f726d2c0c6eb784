internal import AdminModel
internal import ArgumentParser

extension DeviceCommand {
    struct Label: AdminCommand {
        static let configuration = CommandConfiguration(
            abstract: "Writes labels on devices, and takes them away.",
            discussion: lesson(
                """
                A label is a name and a value that queries can use: floor=3 writes one, floor- takes
                it away. Without --group and --where the first word is the device's name.
                """,
                examples: "latchkey device label lamp-1 floor=3 canary=yes",
                "latchkey device label lamp-1 canary-",
                "latchkey device label --where 'group=hall and not label.floor=3' floor=2"
            )
        )

        @Argument(help: "The device's name, then name=value or name-.") var words: [String]
        @Option(help: "All devices of a group.") var group: String?
        @Option(
            name: .customLong("where"),
            help: ArgumentHelp("All devices that a query finds.", valueName: "query")
        )
        var query: String?
        @OptionGroup var server: ServerOptions
        @OptionGroup var output: OutputOptions

        func validate() throws { _ = try change }

        func perform(with client: AdminClient) async throws {
            let count: DeviceCount = try await client.post(
                "/v1/labels",
                try change,
                timeoutSeconds: 600
            )
            if output.isJSON { return Console.current.print(try json(count)) }
            Console.current.print("labels changed on \(counted(count.devices, "device"))")
            if count.devices == 0 {
                Console.current.note(
                    "nothing was found: try `latchkey device list` with the same words"
                )
            }
        }

        /// The words in the server's form.
        private var change: LabelChange {
            get throws {
                guard group == nil || query == nil else {
                    throw ValidationError("say either --group or --where")
                }
                var words = words[...]
                var change = LabelChange(group: group, query: query)
                if group == nil, query == nil {
                    change.device = words.popFirst()
                    guard let device = change.device, !device.contains("="), !device.hasSuffix("-")
                    else {
                        throw ValidationError(
                            "say which device first: latchkey device label NAME floor=3"
                        )
                    }
                }
                guard !words.isEmpty else {
                    throw ValidationError("say what to write: name=value, or name- to take away")
                }
                var set: [String: String] = [:]
                var remove: [String] = []
                for word in words {
                    let parts = word.split(
                        separator: "=",
                        maxSplits: 1,
                        omittingEmptySubsequences: false
                    )
                    let name = String(parts.count == 2 ? parts[0] : word.dropLast())
                    guard parts.count == 2 ? !parts[1].isEmpty : word.hasSuffix("-"), !name.isEmpty
                    else {
                        throw ValidationError("\"\(word)\": want name=value, or name- to take away")
                    }
                    guard set[name] == nil, !remove.contains(name) else {
                        throw ValidationError("label \(name) is named twice")
                    }
                    if parts.count == 2 {
                        set[name] = String(parts[1])
                    } else {
                        remove.append(name)
                    }
                }
                change.set = set.isEmpty ? nil : set
                change.remove = remove.isEmpty ? nil : remove
                return change
            }
        }
    }
}
