internal import EDHOC
internal import KeyExchange
internal import KeyStore

/// The command `latchkey-agent status`.
func status(_ words: some Sequence<String>) throws(Failure) {
    let arguments = try Arguments(
        words,
        of: "status",
        options: ["--state", "--runtime"],
        flags: ["--json"]
    )
    let (device, view) = try Settings(arguments).device()
    let silence = LastWord.silence(in: try Settings.runtime(arguments), of: device)
    let lending = view.keys.flatMap { key in
        key.epochs.map { (key: key.name, epoch: $0.epoch, lending: $0.lending(after: silence)) }
    }
    let publicKey = (try? CCS(parsing: device.credential)).map { hexadecimal($0.publicKey) } ?? ""
    let counts = Report.EpochState.allCases.filter { $0 != .gone }.map { state in
        (state, view.keys.reduce(0) { $0 + $1.epochs.count { $0.state == state } })
    }
    let notLent = lending.compactMap { key, epoch, lending -> String? in
        guard case .none = lending else { return nil }
        return "\(key) \(epoch) (\(lending))"
    }
    // Only keys with a lease make anyone remember.
    let heard =
        Leases.exist(in: view.keys)
        ? [["server heard", silence.map { "\($0.components.seconds) s ago" } ?? "not known"]] : []
    if arguments.has("--json") {
        let states = counts.map { ("\($0.0)", JSON.number(UInt64($0.1))) }
        let members: [(String, JSON)] = [
            ("device", .text(device.name.description)), ("fleet", .text(device.fleet.description)),
            ("group", .text(device.group.description)), ("state", .text(device.life.description)),
            ("broker", .text("\(device.broker.host):\(device.broker.port)")),
            ("store", .text("file")), ("level", .text("\(view.level)")),
            ("public_key", .text(publicKey)), ("last_order", .number(device.order)),
            ("anchor", .number(UInt64(device.newestAnchor.generation))),
            ("running", .truth(view.isInUse)), ("keys", .object(states)),
            ("heard_seconds_ago", silence.map { .number(UInt64($0.components.seconds)) } ?? .null),
            (
                "lending",
                .list(
                    lending.map { key, epoch, lending in
                        .object([
                            ("key", .text(key.description)),
                            ("epoch", .number(UInt64(epoch.number))),
                            ("lending", .text("\(lending)")),
                        ])
                    }
                )
            ),
        ]
        return say(JSON.object(members).description)
    }
    say(
        table(
            [
                ["device", device.name.description], ["fleet", device.fleet.description],
                ["group", device.group.description], ["state", device.life.description],
                ["agent", view.isInUse ? "running" : "not running"],
                ["broker", "\(device.broker.host):\(device.broker.port)"],
                ["store", "file, protected by \(protection(view.level))"],
                ["public key", publicKey],
                ["keys", counts.map { "\($0.1) \($0.0)" }.joined(separator: ", ")],
                ["not lent", notLent.isEmpty ? "none" : notLent.joined(separator: ", ")],
            ] + heard
        )
    )
}

/// The command `latchkey-agent keys`.
func keys(_ words: some Sequence<String>) throws(Failure) {
    let arguments = try Arguments(words, of: "keys", options: ["--state"], flags: ["--json"])
    let (_, view) = try Settings(arguments).device()
    let entries = view.keys.flatMap { key in key.epochs.map { (key.name, $0) } }
    if arguments.has("--json") {
        let list = entries.map { name, entry in
            JSON.object([
                ("name", .text(name.description)), ("epoch", .number(UInt64(entry.epoch.number))),
                ("state", .text("\(entry.state)")),
                ("algorithm", .text(entry.algorithm.description)),
                ("use", .text(entry.use.description)),
                ("thumbprint", .text(entry.thumbprint.description)),
            ])
        }
        return say(JSON.list(list).description)
    }
    let rows = entries.map { name, entry in
        [
            name.description, entry.epoch.description, "\(entry.state)",
            entry.algorithm.description, entry.use.description, entry.thumbprint.description,
        ]
    }
    guard !rows.isEmpty else { return say("no keys") }
    say(table([["NAME", "EPOCH", "STATE", "ALGORITHM", "USE", "THUMBPRINT"]] + rows))
}

private func protection(_ level: Report.SecurityLevel) -> String {
    switch level {
    case .software: "file permissions"
    case .credential: "a credential of the service manager"
    case .hardware: "hardware"
    }
}
