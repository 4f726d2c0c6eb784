internal import Fleet
internal import Foundation
internal import KeyExchange
internal import KeyStore
internal import Registry

/// One run of the simulated world under one seed.
public struct Simulation: Sendable {
    /// What a run shall be like.
    public struct Options: Sendable {
        /// Everything that is random follows from it.
        public var seed: UInt64
        /// How many devices; nil for a number that follows from the seed.
        public var devices: Int?
        /// How long things break, in days of virtual time.
        public var days: Double = 2
        /// Faults that do not happen, to find out which ones matter.
        public var absent: Set<Fault> = []
        /// Gets each line of the trace at once.
        public var echo: (@Sendable (String) -> Void)?
        /// The faults and their rates; nil for what follows from the seed.
        var weather: [Fault: Double]?
        /// Bugs that tests plant.
        var seams = Seams()

        /// A run with this seed.
        public init(seed: UInt64) { self.seed = seed }
    }

    /// What came of it.
    public struct Outcome: Sendable {
        /// The seed.
        public let seed: UInt64
        /// Names everything that happened: the same seed gives the same one.
        public let digest: UInt64
        /// Lines of the trace.
        public let steps: Int
        /// Generations that came into use on devices in place of others.
        public let rotations: Int
        /// Faults by kind.
        public let faults: [Fault: Int]
        /// What admins did.
        public let actions: [String: Int]
        /// Devices without a common key at the end.
        public let stranded: Int
        /// Promises that were broken.
        public let violations: [Violation]
    }

    private let options: Options

    /// Takes what the run shall be like.
    public init(_ options: Options) { self.options = options }

    /// Runs in a folder of its own, which is gone afterwards; throws when the world can't be made.
    public func run() async throws -> Outcome {
        let folder = "/dev/shm/latchkey-simulate-\(getpid())-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: folder,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let world = try World(options, folder: folder)
        try await world.live(days: options.days)
        return Outcome(
            seed: options.seed,
            digest: world.digest,
            steps: world.steps,
            rotations: world.watch.rotations,
            faults: world.faults,
            actions: world.actions,
            stranded: world.violations.count { $0.kind == .stranded },
            violations: world.violations
        )
    }
}

/// Bugs that tests plant, each in the place where a real one could stand.
struct Seams: Sendable {
    /// Called when a device has stored an offer, before it confirms.
    var installed: (@Sendable (KeyStore, Offer) -> Void)?
    /// Changes what a device reads of the server's last word.
    var settling: (@Sendable (Settle) -> Settle)?
    /// Called when the server has committed a confirmation, before it answers.
    var confirmed: (@Sendable (Registry, Introduction, Settle, Int64) async -> Void)?
    /// A device confirms before its write is durable.
    var deviceDiskForgets = false
    /// The server answers before its commit is durable.
    var serverAnswersEarly = false
}

extension World {
    private static let day: Int64 = 86_400_000

    /// The whole story: foundation, trouble, a quiet time, and the balance.
    func live(days: Double) async throws {
        try await found()
        for device in devices { after(chance.magnitude(1...7_200_000), .boot(device.index)) }
        after(60_000, .serverTick)
        after(chance.magnitude(60_000...7_200_000), .admin)
        after(chance.magnitude(60_000...7_200_000), .mischief)
        await run(for: Int64(days * Double(Self.day)))
        await calmDown()
        await run(for: 3 * Self.day / 2)
        await takeStock()
        await server.end()
        for device in devices { device.forget() }
    }

    private func calmDown() async {
        guard violations.isEmpty else { return }
        trace(nil, "quiet time begins")
        isQuiet = true
        weather = .calm
        server.faults.setFull(false)
        server.faults.reset()
        for device in devices {
            device.disk.calm()
            if device.isCut { setCut(device, false) }
            device.silentUntil = min(device.silentUntil, now)
            if !device.isRunning { after(1000, .boot(device.index)) }
        }
        if !server.isRunning { await startServer() }
        await settleAffairs()
        await endCampaigns()
        await rotateAll()
        after(Self.day / 8, .supervision)
    }

    /// Admins look in now and then: a campaign may wait for them.
    func supervise() async {
        after(Self.day / 8, .supervision)
        await endCampaigns()
    }

    private func takeStock() async {
        guard violations.isEmpty else { return }
        changedAtServer = true
        touched = Set(devices.indices)
        await look()
        for device in devices { compareAtEnd(device) }
        // One may have begun a moment ago.
        let recent = now - 60_000
        if devices.contains(where: { $0.conduct != nil && $0.began < recent }) {
            violate(.notEqual, nil, "a session is still under way")
        }
        guard let registry = server.registry else {
            return violate(.serverFailed, nil, "the server does not run")
        }
        do {
            let status = try await registry.status(now: serverTime)
            if status.outbox > 0 { violate(.notEqual, nil, "\(status.outbox) nudges wait") }
            let verification = try await registry.auditVerify()
            if let fault = verification.fault { violate(.auditBroken, nil, "\(fault)") }
            try await compareCampaigns(registry)
        } catch {
            violate(.serverFailed, nil, "\(error)")
        }
        for content in server.contents() { scan(content, "the database") }
        for device in devices {
            for content in device.disk.contents() { scan(content, "the folder of \(device.name)") }
        }
    }
}
