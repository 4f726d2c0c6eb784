internal import ArgumentParser
internal import BoringCrypto
internal import FoundationEssentials
internal import KeyExchange
internal import Secrets

/// Enrols many simulated devices, then changes the key of all of them at once.
struct CampaignLoad: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "campaign",
        abstract: "Enrol simulated devices and run one campaign, or one rotation, over all of them."
    )

    @OptionGroup var estate: EstateOptions
    @Option(help: "Devices to enrol.") var devices = 2000
    @Option(help: "Sessions at a time while they enrol.") var concurrency = 64
    @Option(help: "Devices that the campaign may have in flight.") var inFlight = 500
    @Flag(help: "Rotate the group without a campaign.") var withoutCampaign = false

    func run() async throws {
        let bundle = try estate.readBundle()
        let fleet = try await SimulatedFleet(
            bundle: bundle,
            authority: estate.authority,
            passwordFile: estate.passwordFile
        )
        try await fleet.run(count: devices, concurrency: concurrency, token: bundle.token)
        let before = try estate.serverCost()
        let began = ContinuousClock.now
        let admin = AdminCall(socket: estate.socket)
        let name = withoutCampaign ? "rotation" : "campaign"
        let (key, group, inFlight) = (estate.key, bundle.group, inFlight)
        try await fleet.settleAll { [withoutCampaign] in
            if withoutCampaign {
                try await admin.post(
                    "/v1/rotations",
                    #"{"group":"\#(group)","key":"\#(key)"}"#
                )
            } else {
                try await admin.post(
                    "/v1/campaigns",
                    """
                    {"name":"load","key":"\(key)","where":"group=\(group)",
                     "pace":{"perMinute":100000},"maximumInFlight":\(inFlight)}
                    """
                )
                try await admin.post("/v1/campaigns/load/start", "{}")
            }
        }
        let seconds = began.duration(to: .now) / .seconds(1)
        let after = try estate.serverCost()
        await fleet.close()
        printResults([
            "\(name).devices": Double(devices),
            "\(name).devices_per_s": Double(devices) / seconds,
            "\(name).server_cpu_us_per_device": (after.cpu - before.cpu) / Double(devices),
            "\(name).server_rss_kb": after.resident,
            "\(name).server_rss_kb_before": before.resident,
            "\(name).server_written_kb_per_device": (after.written - before.written) / 1024
                / Double(devices),
            "\(name).repeats": await Double(fleet.repeats),
        ])
    }
}

/// Where the broker and the server under measurement are.
struct EstateOptions: ParsableArguments {
    @Option(help: "The bundle's file; it must allow as many devices.") var bundle: String
    @Option(help: "The file of the password of the account `@load`.") var passwordFile: String
    @Option(help: "The file of the broker's authority.") var authority: String
    @Option(help: "The server's process, whose cost is measured.") var serverPid: Int32
    @Option(help: "The admin socket.") var socket: String
    @Option(help: "The key to rotate.") var key = "seal"

    func readBundle() throws -> Bundle {
        let text = try String(contentsOfFile: bundle, encoding: .utf8)
        return try Bundle(parsing: Array(text.utf8).rawSpan, crypto: BoringCrypto())
    }

    func serverCost() throws -> ProcessCost {
        guard let cost = ProcessCost(of: serverPid) else {
            throw ValidationError("no process \(serverPid)")
        }
        return cost
    }
}
