internal import AdminModel
internal import ArgumentParser

struct StatusCommand: AdminCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Shows how the server and its fleet are.",
        discussion: lesson(
            """
            Keep the audit head somewhere else: whoever can change the server's disk can't make an
            older log end in the same hash.
            """,
            examples: "latchkey status",
            "latchkey status --json | jq .devices"
        )
    )

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func perform(with client: AdminClient) async throws {
        let status: ServerStatus = try await client.get("/v1/status")
        let console = Console.current
        if output.isJSON { return console.print(try json(status)) }
        let devices = words(status.devices)
        var lines = [
            ("fleet", status.fleet),
            ("server", "version \(status.version)"),
        ]
        if let started = status.startedAt { lines.append(("started", "\(started)")) }
        if let broker = status.broker { lines.append(("broker", broker)) }
        if let sessions = status.sessions { lines.append(("sessions", "\(sessions) open")) }
        lines += [
            ("devices", devices.isEmpty ? "none" : devices),
            ("keys due", keys(status)),
            (
                "audit log",
                "\(counted(Int(status.auditRows), "row")), head \(status.auditHead ?? "none")"
            ),
            ("store", "\(status.databaseBytes) bytes, layout \(status.schemaVersion)"),
        ]
        if let level = status.disk, level != "enough" {
            lines.append(("disk", disk(level, status)))
        }
        let campaigns = words(status.campaigns)
        if !campaigns.isEmpty { lines.append(("campaigns", campaigns)) }
        for (kind, count) in (status.notices ?? [:]).sorted(by: { $0.key < $1.key }) where count > 0
        {
            lines.append(
                (
                    "notice",
                    "\(counted(count, "device")) \(kind): \(NoticeWords.meaning(kind)); see "
                        + "`latchkey notices --kind \(kind)`"
                )
            )
        }
        for (name, value) in lines {
            let gap = String(repeating: " ", count: 11 - name.count)
            console.print(name + gap + printable(value))
        }
    }

    private func disk(_ level: String, _ status: ServerStatus) -> String {
        let free = status.diskFreeBytes.map { ", \($0 >> 20) MB free" } ?? ""
        let meaning =
            level == "full"
            ? "all waits but retirement, quarantine, suspension and compromise"
            : "campaigns wait"
        return "\(level)\(free): \(meaning); make room"
    }

    /// Counts by kind, without those that are zero.
    private func words(_ counts: [String: Int]?) -> String {
        (counts ?? [:]).filter { $0.value > 0 }.sorted { $0.key < $1.key }
            .map { "\($0.value) \($0.key)" }.joined(separator: ", ")
    }

    private func keys(_ status: ServerStatus) -> String {
        var words = ["\(status.keysDue)"]
        if let count = status.keysOverAge, count > 0 { words.append("\(count) over age") }
        if let count = status.keysSuspended, count > 0 { words.append("\(count) suspended") }
        if let count = status.keysCompromised, count > 0 {
            words.append("\(count) compromised and not replaced yet")
        }
        return words.joined(separator: ", ")
    }
}
