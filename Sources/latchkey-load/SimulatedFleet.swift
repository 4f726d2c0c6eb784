internal import ArgumentParser
internal import BoringCrypto
internal import EDHOC
internal import FoundationEssentials
internal import KeyExchange
internal import MQTTLink
internal import Secrets

/// Many devices behind one connection to the broker.
actor SimulatedFleet {
    /// When one device was nudged, and when it had settled.
    struct Times: Sendable {
        let nudged: ContinuousClock.Instant
        let settled: ContinuousClock.Instant
    }

    private final class Member {
        let device: SimulatedDevice
        var waiter: CheckedContinuation<Void, any Error>?
        var sentAt = ContinuousClock.now
        var isTalking = false
        var isEnrolled = false

        init(_ device: SimulatedDevice) { self.device = device }
    }

    private let link: MQTTConnection
    private let fleet: FleetID
    private let server: Credential
    private let crypto = BoringCrypto()
    private var members: [Member] = []
    private var byChannel: [String: Int] = [:]
    private var byName: [String: Int] = [:]
    private var settlements: [String: CheckedContinuation<Times, any Error>] = [:]
    private var nudges: [String: ContinuousClock.Instant] = [:]
    /// Devices that have yet to settle a change of all, and who waits for them.
    private var unsettled: Set<Int> = []
    private var allSettled: CheckedContinuation<Void, any Error>?
    private var reader: Task<Void, Never>?
    private var totalBytes = 0
    private(set) var repeats = 0

    init(bundle: Bundle, authority: String, passwordFile: String) async throws {
        fleet = bundle.fleet
        server = bundle.server
        var settings = MQTTConfiguration(
            host: bundle.broker.host,
            port: bundle.broker.port,
            clientID: "latchkey-load",
            authorityFile: authority
        )
        settings.username = "@load"
        let password = try String(contentsOfFile: passwordFile, encoding: .utf8)
            .prefix { !$0.isNewline }
        settings.password = MQTTPassword(Secret(copying: Array(password.utf8).rawSpan))
        settings.inboxCapacity = 8192
        settings.outboxCapacity = 8192
        link = try MQTTConnection(settings)
        try link.start()
        try await link.waitUntilConnected(within: .seconds(10))
        let prefix = "\(Profile.version)/\(fleet)"
        try await link.subscribe(to: [
            "\(prefix)/enrol/+/down", "\(prefix)/device/+/down", "\(prefix)/device/+/nudge",
        ])
        let messages = link.messages
        reader = Task { for await message in messages { receive(message) } }
    }

    func close() async {
        await link.close()
        reader?.cancel()
    }

    func name(_ index: Int) -> String { members[index].device.id.description }
    /// Payload bytes of one enrolment, on average.
    var wireBytes: Double { Double(totalBytes) / Double(max(1, members.count)) }

    /// Enrols `count` new devices, so many at a time.
    func run(count: Int, concurrency: Int, token: EnrolmentToken?) async throws {
        for index in 0..<count {
            let id = try DeviceID(parsing: "load-\(String(index, radix: 36))")
            members.append(
                Member(
                    try SimulatedDevice(id: id, fleet: fleet, server: server, crypto: crypto)
                )
            )
            byName[id.description] = index
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<count {
                if index >= concurrency { _ = try await group.next() }
                group.addTask { try await self.enrol(index, token) }
            }
            try await group.waitForAll()
        }
    }

    /// Waits until a device has settled the rotation that is asked for now.
    func settled(_ name: String) async throws -> Times {
        try await withCheckedThrowingContinuation { settlements[name] = $0 }
    }

    /// Has `start` change the key of every device; returns when each has settled.
    func settleAll(_ start: @Sendable () async throws -> Void) async throws {
        unsettled = Set(members.indices)
        let repeating = Task { await self.repeatWhatIsOpen() }
        defer { repeating.cancel() }
        try await start()
        guard !unsettled.isEmpty else { return }
        try await withCheckedThrowingContinuation { allSettled = $0 }
    }

    /// What devices do about a silence, for all of them together.
    private func repeatWhatIsOpen() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(1))
            guard !Task.isCancelled else { return }
            let late = ContinuousClock.now - .seconds(2)
            for index in unsettled where members[index].isTalking && members[index].sentAt < late {
                repeats += 1
                send(members[index].device.outgoing, "device/\(name(index))")
                members[index].sentAt = .now
            }
        }
    }

    // MARK: - One device

    private func enrol(_ index: Int, _ token: EnrolmentToken?) async throws {
        let member = members[index]
        let first = try member.device.begin(token: token)
        let channel = "enrol/\(hexadecimal(member.device.connection.bytes))"
        byChannel[channel] = index
        let resend = Task { await self.resend(index, channel) }
        defer { resend.cancel() }
        try await withCheckedThrowingContinuation { waiter in
            member.waiter = waiter
            send(first, channel)
        }
        byChannel[channel] = nil
        totalBytes += member.device.wireBytes
    }

    /// What a device does about a silence: the same bytes again after a second, two, four.
    private func resend(_ index: Int, _ channel: String) async {
        var pause = 1
        while !Task.isCancelled, pause <= 16 {
            try? await Task.sleep(for: .seconds(pause))
            guard !Task.isCancelled else { return }
            repeats += 1
            send(members[index].device.outgoing, channel)
            pause *= 2
        }
    }

    private func receive(_ message: MQTTMessage) {
        let levels = message.topic.split(separator: "/")
        guard levels.count == 6 else { return }
        let name = String(levels[4])
        if levels[5] == "nudge" { return nudged(name) }
        let channel = "\(levels[3])/\(name)"
        guard let index = byChannel[channel] ?? byName[name] else { return }
        switch members[index].device.receive(message.payload) {
        case .nothing: break
        case .send(let bytes): send(bytes, channel)
        case .done: finish(index, nil)
        case .failed(let reason): finish(index, ValidationError("device \(index): \(reason)"))
        }
    }

    private func finish(_ index: Int, _ failure: (any Error)?) {
        let member = members[index]
        if let waiter = member.waiter {
            member.waiter = nil
            member.isEnrolled = failure == nil
            if let failure { waiter.resume(throwing: failure) } else { waiter.resume() }
            return
        }
        member.isTalking = false
        let name = member.device.id.description
        if let failure, let all = allSettled {
            allSettled = nil
            return all.resume(throwing: failure)
        }
        // A settlement that brought no key is the answer to a nudge that came too early.
        if member.device.hasNewKey, unsettled.remove(index) != nil, unsettled.isEmpty {
            allSettled?.resume()
            allSettled = nil
        }
        guard let waiter = settlements.removeValue(forKey: name) else { return }
        if let failure { return waiter.resume(throwing: failure) }
        waiter.resume(returning: Times(nudged: nudges[name] ?? .now, settled: .now))
    }

    private func nudged(_ name: String) {
        guard let index = byName[name], members[index].isEnrolled else { return }
        nudges[name] = .now
        guard let first = try? members[index].device.begin(token: nil) else { return }
        members[index].isTalking = true
        members[index].sentAt = .now
        send(first, "device/\(name)")
    }

    private func send(_ payload: [UInt8], _ channel: String) {
        let topic = "\(Profile.version)/\(fleet)/\(channel)/up"
        try? link.send(MQTTPublication(topic: topic, payload: payload))
    }
}
