internal import AdminModel
internal import ArgumentParser

extension DeviceCommand {
    struct Show: AdminCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows a device and its keys, as both sides see them.",
            discussion: lesson(
                """
                ON SERVER is what the server believes, ON DEVICE what the device reported last. The
                thumbprint (RFC 9679) names a key without giving it away: `latchkey-agent keys` on the
                device shows the same.
                """,
                examples: "latchkey device show lamp-1",
                "latchkey device show lamp-1 --json"
            )
        )

        @Argument(help: "The device's name.") var id: String
        @OptionGroup var server: ServerOptions
        @OptionGroup var output: OutputOptions

        func validate() throws { try checkDevice(id) }

        func perform(with client: AdminClient) async throws {
            let detail: DeviceDetail = try await client.get("/v1/devices/\(escaped(id))")
            let console = Console.current
            if output.isJSON { return console.print(try json(detail)) }
            let device = detail.device
            var lines = [
                ("device", device.id), ("group", device.group), ("state", device.state),
                ("store", "\(shown(device.store)), \(shown(device.level))"),
                ("agent", shown(device.agentVersion)), ("last seen", shown(device.lastSeenAt)),
            ]
            if let seconds = detail.contactSeconds {
                lines.append(("contact", "every \(roughly(Int64(seconds)))"))
            }
            if let retired = detail.retiredKeys {
                lines.append(("retired", retired.joined(separator: " ")))
            }
            if let anchor = detail.anchor { lines.append(("anchor", "\(anchor)")) }
            if let labels = detail.labels, !labels.isEmpty {
                let words = labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
                lines.append(("labels", words.joined(separator: " ")))
            }
            for notice in detail.notices ?? [] {
                lines.append(("notice", NoticeWords.line(notice)))
            }
            for line in detail.damage ?? [] { lines.append(("damaged", line)) }
            for (name, value) in lines {
                let gap = String(repeating: " ", count: 11 - name.count)
                console.print(name + gap + printable(value))
            }
            guard !detail.keys.isEmpty else { return console.note("no keys yet") }
            console.print("")
            printKeys(of: detail)
            for line in detail.keys.flatMap(remarks) { console.note(printable(line)) }
        }

        private func printKeys(of detail: DeviceDetail) {
            var table = Table(
                "KEY",
                "EPOCH",
                "ON SERVER",
                "ON DEVICE",
                "ALGORITHM",
                "CHANGED",
                "THUMBPRINT"
            )
            table.print(
                detail.keys.map { key in
                    [
                        key.name, "\(key.epoch)", key.state,
                        // What it reported before it destroyed them would mislead.
                        detail.device.state == "retired" ? "-" : shown(key.reported), key.algorithm,
                        shown(key.changedAt), key.thumbprint,
                    ]
                }
            )
        }

        /// What a table has no room for.
        private func remarks(_ key: DeviceKey) -> [String] {
            let name = "\(key.name) epoch \(key.epoch)"
            var remarks: [String] = []
            if let failure = key.failure { remarks.append("\(name) was not taken: \(failure)") }
            if key.isOverAge == true { remarks.append("\(name) is older than its key spec allows") }
            if key.state == "suspended" { remarks.append("\(name) is suspended: not accepted") }
            if key.state == "compromised" {
                remarks.append("\(name) is compromised: accepted until its successor is confirmed")
            }
            if let end = key.graceUntil, key.state == "superseded" {
                remarks.append("\(name) ends at \(end)")
            }
            return remarks
        }
    }
}
