import AdminAPI
import AdminModel
import BoringCrypto
import EDHOC
import Fleet
import FoundationEssentials
import KeyExchange
import Registry
import Secrets

@testable import ServerKit

/// A fleet in a folder of its own, with the admin's side of it.
final class Home: Sendable {
    static let now: Int64 = 1_772_366_400

    let folder: String
    let registry: Registry
    let admin: RegistryAdmin

    init() throws {
        let parent = FileManager.default.temporaryDirectory
        folder = parent.appending(path: "latchkey-\(UInt32.random(in: 0 ... .max))").path()
        try FileManager.default.createDirectory(
            atPath: folder,
            withIntermediateDirectories: false
        )
        registry = try Registry.create(
            folder: folder + "/data",
            fleet: FleetID(parsing: "house"),
            broker: BrokerSettings(
                host: "broker.test",
                port: 8_883,
                authority: Array("PEM".utf8)
            ),
            rootKey: .file(folder + "/root.key"),
            crypto: BoringCrypto(),
            actor: root.description,
            now: Self.now
        )
        admin = RegistryAdmin(
            registry: registry,
            counters: Counters(),
            wallClock: { Self.now }
        )
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// Makes the group `hall`, which shall hold the key `data`.
    func furnish() async throws {
        _ = try await admin.createGroup(GroupCreation(name: "hall"), by: root)
        _ = try await admin.createKeySpec(
            KeySpecCreation(name: "data", group: "hall", algorithm: "aes-256"),
            by: root
        )
    }

    /// A device that enrols with a token, takes its keys and says so; returns its credential, to come
    /// back with.
    @discardableResult
    func enrol(_ name: String) async throws -> [UInt8] {
        let crypto = BoringCrypto()
        let kid = try crypto.randomBytes(8)
        let ccs = CCS.encode(
            subject: name,
            kid: kid,
            curve: .p256,
            publicKey: try crypto.randomBytes(32)
        )
        let bundle = try await registry.createBundle(
            group: GroupName(parsing: "hall"),
            uses: 1,
            expiresAt: Self.now + 60,
            actor: root.description,
            now: Self.now
        )
        let message = Array("a handshake".utf8)
        let proof = crypto.authenticate(
            .sha256,
            key: bundle.secret.secret,
            message: message.rawSpan
        )
        let contact = Contact(
            credential: try Credential(ccs: ccs, sentByValue: true),
            isByValue: true,
            claim: EnrolmentClaim(
                tokenID: bundle.bundle.id.bytes,
                proof: proof,
                message: message
            ),
            report: Report(
                agentVersion: "1.0",
                store: .file,
                level: .software,
                lastOrder: 0,
                keys: []
            ),
            brokerPasswordHash: nil,
            now: Self.now
        )
        guard
            case .offer(let device, let offer, let verdicts) =
                try await registry.reconcile(contact)
        else { throw AdminProblem(.failed, "no offer came") }
        _ = try await registry.confirm(
            device: device,
            operation: offer.operation,
            outcomes: offer.keys.map { KeyOutcome(name: $0.name, epoch: $0.epoch, failure: nil) },
            verdicts: verdicts,
            now: Self.now
        )
        return ccs
    }

    /// The device comes back later, and says which order it obeyed last.
    func visit(_ ccs: [UInt8], lastOrder: UInt64 = 0, at now: Int64) async throws {
        _ = try await registry.reconcile(
            Contact(
                credential: try Credential(ccs: ccs, sentByValue: false),
                isByValue: false,
                claim: nil,
                report: Report(
                    agentVersion: "1.0",
                    store: .file,
                    level: .software,
                    lastOrder: lastOrder,
                    keys: [],
                    instance: [UInt8](repeating: 1, count: Report.instanceLength),
                    anchor: 1
                ),
                brokerPasswordHash: nil,
                now: now
            )
        )
    }
}

/// Who asks in these stories.
let root = AdminActor("uid:root")

/// The problem that an operation ends in; nil when it succeeds.
func problem<Value>(
    _ body: () async throws(AdminProblem) -> Value
) async -> AdminProblem? {
    do {
        _ = try await body()
        return nil
    } catch {
        return error
    }
}
