internal import ArgumentParser
internal import AsyncHTTPClient
internal import BoringCrypto
internal import EDHOC
internal import FoundationEssentials
internal import KeyExchange
internal import MQTTLink
internal import NIOCore
internal import NIOHTTP1
internal import Secrets

/// Enrols many simulated devices through a real broker, then rotates their keys one by one.
struct FleetLoad: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fleet",
        abstract: "Enrol simulated devices and rotate their keys, through a real broker and server."
    )

    @Option(help: "The bundle's file; it must allow as many devices.") var bundle: String
    @Option(help: "The file of the password of the account `@load`.") var passwordFile: String
    @Option(help: "The file of the broker's authority.") var authority: String
    @Option(help: "The server's process, whose cost is measured.") var serverPid: Int32
    @Option(help: "The admin socket.") var socket: String
    @Option(help: "Devices to enrol.") var devices = 2000
    @Option(help: "Sessions at a time.") var concurrency = 64
    @Option(help: "Rotations to time, one after the other.") var rotations = 500
    @Option(help: "The key to rotate.") var key = "seal"

    func run() async throws {
        let text = try String(contentsOfFile: bundle, encoding: .utf8)
        let parsed = try Bundle(parsing: Array(text.utf8).rawSpan, crypto: BoringCrypto())
        let fleet = try await SimulatedFleet(
            bundle: parsed,
            authority: authority,
            passwordFile: passwordFile
        )
        var results = try await enrol(fleet, parsed)
        try await rotate(fleet, &results)
        await fleet.close()
        printResults(results)
    }

    private func enrol(_ fleet: SimulatedFleet, _ bundle: Bundle) async throws -> [String: Double] {
        guard let before = ProcessCost(of: serverPid) else {
            throw ValidationError("no process \(serverPid)")
        }
        let began = ContinuousClock.now
        try await fleet.run(count: devices, concurrency: concurrency, token: bundle.token)
        let seconds = began.duration(to: .now) / .seconds(1)
        guard let after = ProcessCost(of: serverPid) else {
            throw ValidationError("the server is gone")
        }
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
        let path = socket.utf8.map { "%\(hexadecimal([$0]))" }.joined()
        var command: [Double] = []
        var nudge: [Double] = []
        for index in 0..<min(rotations, devices) {
            let device = await fleet.name(index)
            var request = HTTPClientRequest(url: "http+unix://\(path)/v1/rotations")
            request.method = .POST
            request.headers.add(name: "content-type", value: "application/json")
            request.body = .bytes(
                ByteBuffer(string: #"{"device":"\#(device)","key":"\#(key)"}"#)
            )
            let began = ContinuousClock.now
            async let settled = fleet.settled(device)
            let response = try await HTTPClient.shared.execute(request, timeout: .seconds(10))
            guard response.status.code < 300 else {
                throw ValidationError("the server answers \(response.status)")
            }
            let times = try await settled
            command.append(began.duration(to: times.settled) / .milliseconds(1))
            nudge.append(times.nudged.duration(to: times.settled) / .milliseconds(1))
        }
        guard !command.isEmpty else { return }
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
