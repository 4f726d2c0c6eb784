internal import ArgumentParser
internal import KeyExchange

/// Enrols many simulated devices through a real broker, then rotates their keys one by one.
struct FleetLoad: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fleet",
        abstract: "Enrol simulated devices and rotate their keys, through a real broker and server."
    )

    @OptionGroup var estate: EstateOptions
    @Option(help: "Devices to enrol.") var devices = 2000
    @Option(help: "Sessions at a time.") var concurrency = 64
    @Option(help: "Rotations to time, one after the other.") var rotations = 500

    func run() async throws {
        let parsed = try estate.readBundle()
        let fleet = try await SimulatedFleet(
            bundle: parsed,
            authority: estate.authority,
            passwordFile: estate.passwordFile
        )
        var results = try await enrol(fleet, parsed)
        try await rotate(fleet, &results)
        await fleet.close()
        printResults(results)
    }

    private func enrol(_ fleet: SimulatedFleet, _ bundle: Bundle) async throws -> [String: Double] {
        let before = try estate.serverCost()
        let began = ContinuousClock.now
        try await fleet.run(count: devices, concurrency: concurrency, token: bundle.token)
        let seconds = began.duration(to: .now) / .seconds(1)
        let after = try estate.serverCost()
        return [
            "enrol.devices": Double(devices),
            "enrol.devices_per_s": Double(devices) / seconds,
            "enrol.server_cpu_us": (after.cpu - before.cpu) / Double(devices),
            "enrol.wire_bytes": await fleet.wireBytes,
            "enrol.repeats": await Double(fleet.repeats),
            "server.rss_kb": after.resident,
        ]
    }

    private func rotate(
        _ fleet: SimulatedFleet,
        _ results: inout [String: Double]
    ) async throws {
        let admin = AdminCall(socket: estate.socket)
        var command: [Double] = []
        var nudge: [Double] = []
        let before = try estate.serverCost()
        for index in 0..<min(rotations, devices) {
            let device = await fleet.name(index)
            let began = ContinuousClock.now
            async let settled = fleet.settled(device)
            try await admin.post(
                "/v1/rotations",
                #"{"device":"\#(device)","key":"\#(estate.key)"}"#
            )
            let times = try await settled
            command.append(began.duration(to: times.settled) / .milliseconds(1))
            nudge.append(times.nudged.duration(to: times.settled) / .milliseconds(1))
        }
        guard !command.isEmpty else { return }
        let after = try estate.serverCost()
        results["rotate.server_cpu_us"] = (after.cpu - before.cpu) / Double(command.count)
        command.sort()
        nudge.sort()
        results["rotate.p50_ms"] = command[command.count / 2]
        results["rotate.p99_ms"] = command[min(command.count - 1, command.count * 99 / 100)]
        results["rotate.nudge_to_settled_p50_ms"] = nudge[nudge.count / 2]
        results["rotate.nudge_to_settled_p99_ms"] =
            nudge[min(nudge.count - 1, nudge.count * 99 / 100)]
        results["rotate.count"] = Double(command.count)
    }
}
