import BoringCrypto
import BrokerHarness
import EDHOC
import Fleet
import KeyExchange
import Logging
import Secrets
import Synchronization
import Testing

@testable import Registry
@testable import ServerKit

/// A fleet with the group `lights`, whose devices shall hold the key `door`, and one worker that serves it.
final class Scene: Sendable {
    static let now: Int64 = 1_700_000_000

    let folder: TemporaryFolder
    let registry: Registry
    let worker: SessionWorker
    let counters = Counters()
    let crypto: any Crypto = BoringCrypto()
    private let sent: Sent

    private final class Sent: Sendable {
        let payloads = Mutex<[Channel: [[UInt8]]]>([:])
    }

    /// `identity` makes a long-term key of the fleet's own one.
    init(
        limits: SessionLimits = SessionLimits(),
        suites: [CipherSuite.ID] = Profile.suites,
        identity: @escaping @Sendable (SoftwareKey) -> any LongTermKey = { $0 }
    ) async throws {
        folder = try TemporaryFolder()
        registry = try Registry.create(
            folder: folder.path + "/data",
            fleet: FleetID(parsing: "house"),
            broker: BrokerSettings(host: "broker.test", port: 8883, authority: [1]),
            rootKey: .file(folder.path + "/root.key"),
            crypto: crypto,
            actor: "uid:root",
            now: Self.now
        )
        let group = try GroupName(parsing: "lights")
        _ = try await registry.createGroup(group, actor: "uid:root", now: Self.now)
        try await registry.createKeySpec(
            KeySpec(group: group, name: KeyName(parsing: "door"), algorithm: .aes256GCM),
            actor: "uid:root",
            now: Self.now
        )
        let sent = Sent()
        self.sent = sent
        worker = SessionWorker(
            index: 0,
            of: 1,
            shared: .init(
                fleet: registry.fleet,
                answering: { [registry, crypto] hint in
                    registry.anchor(answering: hint).map { anchor in
                        Answering(
                            generation: anchor.generation,
                            responder: Responder(
                                credential: anchor.credential,
                                methods: [Profile.method],
                                suites: suites,
                                crypto: crypto
                            ),
                            identity: identity(SoftwareKey(anchor.key))
                        )
                    }
                },
                registry: registry,
                crypto: crypto,
                counters: counters,
                limits: limits,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
                send: { channel, payload in
                    sent.payloads.withLock { $0[channel, default: []].append(payload) }
                },
                wallClock: { Self.now }
            )
        )
    }

    /// What was sent on a channel, from the first on.
    func sent(on channel: Channel) -> [[UInt8]] {
        sent.payloads.withLock { $0[channel] ?? [] }
    }

    /// The payload that comes after `count` others.
    func payload(after count: Int, on channel: Channel) async throws -> [UInt8] {
        _ = await becomes { self.sent(on: channel).count > count }
        return try #require(sent(on: channel).dropFirst(count).first, "nothing was sent")
    }

    /// Lets whatever may still be under way end, where a test shows that nothing comes of it.
    func settle() async {
        _ = await becomes { await self.worker.close() == 0 }
    }

    func token(uses: UInt32 = 10) async throws -> EnrolmentToken {
        let bundle = try await registry.createBundle(
            group: GroupName(parsing: "lights"),
            uses: uses,
            expiresAt: Self.now + 3600,
            actor: "uid:root",
            now: Self.now
        )
        return EnrolmentToken(id: bundle.bundle.id.bytes, secret: bundle.secret)
    }

    func kinds() async throws -> [AuditKind] {
        try await registry.auditList(AuditFilter(), limit: 1000).map(\.event.kind)
    }

    func refusals() async throws -> [AuditRow] {
        try await registry.auditList(AuditFilter(kind: .contactRefused), limit: 1000)
    }
}

/// Waits until something is so, a minute at the most; whether it became so.
func becomes(_ condition: () async throws -> Bool) async rethrows -> Bool {
    let deadline = ContinuousClock.now + .seconds(60)
    while try await !condition() {
        guard .now < deadline else { return false }
        try? await Task.sleep(for: .milliseconds(2))
    }
    return true
}

extension SessionWorker {
    func receive(_ message: (payload: [UInt8], channel: Channel)) {
        receive(message.payload, on: message.channel)
    }
}
