internal import AdminModel
internal import ArgumentParser

/// Which devices a command is about: one, a group, or what a query finds.
struct TargetOptions: ParsableArguments {
    @Option(help: "One device.") var device: String?
    @Option(help: "All devices of a group.") var group: String?
    @Option(
        name: .customLong("where"),
        help: ArgumentHelp(
            "All devices that a query finds, like 'group=hall and seen<7d'.",
            valueName: "query"
        )
    )
    var query: String?

    func validate() throws {
        guard [device, group, query].count(where: { $0 != nil }) == 1 else {
            throw ValidationError("say one of --device NAME, --group NAME and --where QUERY")
        }
    }

    /// The query's words, for the help of each command that takes one.
    static let queryHelp = """
        A query compares fields with = != < <= > >= or in (a,b), and joins them with and, or, not
        and brackets. Fields: id, group, state, store, level, agent, key, anchor, label.NAME,
        epoch.KEY; and as lengths of time created, seen (how long ago) and age.KEY. has FIELD asks
        whether there is one.
        """

    /// How many devices are meant; 1 without asking when one is named.
    func count(_ client: AdminClient) async throws -> Int {
        if device != nil { return 1 }
        let count: DeviceCount = try await client.get(
            "/v1/device-count",
            [("group", group), ("where", query)]
        )
        return count.devices
    }

    /// The keys of these devices; all of them for nil.
    func selection(_ key: String?) -> KeySelection {
        KeySelection(device: device, group: group, query: query, key: key)
    }

    /// The devices in words.
    var words: String {
        if let device { return "device \(device)" }
        if let group { return "group \(group)" }
        return "the devices where \(query ?? "")"
    }
}

/// Whether a person has to be asked first.
struct ConsentOptions: ParsableArguments {
    @Flag(name: [.customLong("yes"), .customShort("y")], help: "Do not ask.")
    var isSure = false

    /// Asks; throws unless the answer is yes.
    ///
    /// `deed` is what nobody but a person may decide, `consequence` a sentence on what will be.
    func ask(_ deed: String, _ consequence: String) throws(Failure) {
        if isSure { return }
        let console = Console.current
        guard console.isInputTerminal else {
            throw Failure(.local, "\(deed): say --yes, since nobody can be asked. \(consequence)")
        }
        console.error(printable("\(consequence) Type yes: "))
        guard console.readLine() == "yes" else {
            throw Failure(.local, "not done: everything stays as it is")
        }
    }
}
