import EDHOC
import Fleet
import KeyExchange
import Secrets
import Testing

@testable import Registry
@testable import ServerKit

/// A device beside the worker, with no broker in between, that keeps what it is offered and obeys.
final class Lamp {
    let id: DeviceID
    let scene: Scene
    let ccs: [UInt8]
    let identity: SoftwareKey
    var token: EnrolmentToken?
    /// Its process; nil for an agent that knows neither of processes nor of anchors.
    var instance: [UInt8]?
    /// What it has pinned, ascending; it talks under the newest.
    var anchors: [Anchor]
    /// The highest counter that it has obeyed.
    var lastOrder: UInt64 = 0
    private(set) var held: [KeyName: [Report.HeldEpoch]] = [:]
    private(set) var materials: [Thumbprint] = []
    private(set) var session: DeviceSession
    private(set) var connection: ConnectionID
    /// Where its session takes place.
    private(set) var channel: Channel
    private var heard = 0

    /// A new device that is about to enrol.
    init(
        _ name: String,
        at scene: Scene,
        token: EnrolmentToken? = nil,
        instance: [UInt8]? = nil,
        suites: [CipherSuite.ID] = [3]
    ) throws {
        id = try DeviceID(parsing: name)
        self.scene = scene
        self.token = token
        self.instance = instance
        let anchor = scene.registry.newestAnchor
        anchors = [
            Anchor(
                generation: anchor.generation,
                fleet: scene.registry.fleet,
                server: anchor.credential,
                commandKey: anchor.commandKey.publicKey
            )
        ]
        let key = try scene.crypto.generateAgreementKey(.p256)
        identity = SoftwareKey(key)
        ccs = CCS.encode(
            subject: name,
            kid: try scene.crypto.randomBytes(Profile.kidLength),
            curve: .p256,
            publicKey: key.publicKey
        )
        connection = ConnectionID(try scene.crypto.randomBytes(8))
        channel = .enrolment(hexadecimal(connection.bytes))
        session = try DeviceSession(
            profile: DeviceProfile(
                fleet: scene.registry.fleet,
                server: anchor.credential,
                anchor: anchor.generation,
                own: Credential(ccs: ccs, sentByValue: true)
            ),
            token: token,
            report: Self.report([:], instance, anchor.generation, 0),
            connectionID: connection,
            suites: suites,
            crypto: scene.crypto
        )
    }

    var outgoing: (payload: [UInt8], channel: Channel) { (session.outgoing, channel) }
    /// What it holds in short: `door 1 primary`.
    var inShort: [String] {
        report.keys.flatMap { key in
            key.epochs.map { "\(key.name) \($0.epoch) \($0.state)" }
        }
    }

    /// Begins another session: enrolling under its whole credential, or under its name and kid.
    func begin(byValue: Bool, on other: Channel? = nil, suites: [CipherSuite.ID] = [3]) throws {
        connection = ConnectionID(try scene.crypto.randomBytes(8))
        channel = other ?? (byValue ? .enrolment(hexadecimal(connection.bytes)) : .device(id))
        session = try DeviceSession(
            profile: DeviceProfile(
                fleet: scene.registry.fleet,
                server: anchors[anchors.count - 1].server,
                anchor: anchors[anchors.count - 1].generation,
                own: Credential(ccs: ccs, sentByValue: byValue)
            ),
            token: byValue ? token : nil,
            report: report,
            connectionID: connection,
            suites: suites,
            crypto: scene.crypto
        )
        heard = scene.sent(on: channel).count
    }

    /// Speaks on another channel from now on.
    func move(to other: Channel) {
        channel = other
        heard = scene.sent(on: other).count
    }

    /// Sends what is to be sent and takes the answer.
    func step() async throws -> DeviceEvent {
        await scene.worker.receive(outgoing)
        return try await hear()
    }

    /// Takes the next answer; performs what it asks of the identity key and of the store.
    func hear() async throws -> DeviceEvent {
        let payload = try await scene.payload(after: heard, on: channel)
        heard += 1
        return try act(on: session.receive(payload))
    }

    /// Takes an answer that came another way.
    func take(_ payload: [UInt8]) throws -> DeviceEvent { try act(on: session.receive(payload)) }

    /// Talks until the session has ended.
    func talk() async throws -> DeviceEvent {
        while true {
            let event = try await step()
            guard case .send = event else { return event }
        }
    }

    func enrol() async throws { _ = try settle(try await talk()) }

    func settle(_ event: DeviceEvent) throws -> Settle {
        guard case .settle(let settle) = event else {
            Issue.record("want SETTLE, have \(event)")
            throw MessageError("no SETTLE")
        }
        return settle
    }

    private func act(on event: DeviceEvent) throws -> DeviceEvent {
        switch event {
        case .perform(let operation):
            return try act(on: session.provide(try identity.performNow(operation)))
        case .install(let offer):
            let results = offer.keys.map { key in
                let thumbprint = Thumbprint(of: key.material.secret, crypto: scene.crypto)
                materials.append(thumbprint)
                held[key.name, default: []].removeAll { $0.epoch == key.epoch }
                held[key.name, default: []].append(
                    .init(epoch: key.epoch, state: .pending, check: thumbprint.check)
                )
                return InstallResult(name: key.name, epoch: key.epoch, failure: nil)
            }
            return try act(on: session.installed(results))
        case .retire(let retire):
            held = [:]
            lastOrder = max(lastOrder, retire.counter)
            return try act(on: session.destroyed([]))
        case .settle(let settle):
            for verdict in settle.verdicts { obey(verdict) }
            if let announcement = settle.anchor { try pin(announcement) }
            return event
        case .nothing, .send, .refused, .failed: return event
        }
    }

    /// Pins what the newest command key vouches for.
    private func pin(_ announcement: [UInt8]) throws {
        let anchor = try Anchor.verify(
            announcement,
            commandKey: anchors[anchors.count - 1].commandKey,
            fleet: scene.registry.fleet,
            crypto: scene.crypto
        )
        anchors.append(anchor)
    }

    /// Obeys an order that came without a session.
    func obey(order bytes: [UInt8]) throws -> Order {
        let order = try Order.verify(
            bytes,
            commandKey: anchors[anchors.count - 1].commandKey,
            fleet: scene.registry.fleet,
            device: id,
            crypto: scene.crypto
        )
        if order.refusal(lastObeyed: lastOrder, serverTimeFloor: nil) == nil {
            lastOrder = order.counter
            held = [:]
        }
        return order
    }

    private func obey(_ verdict: Verdict) {
        let epochs = held[verdict.name] ?? []
        switch verdict.action {
        case .remove: held[verdict.name] = nil
        case .discard(let epoch): held[verdict.name] = epochs.filter { $0.epoch != epoch }
        case .suspend(let epoch), .resume(let epoch):
            held[verdict.name] = epochs.map { old in
                var new = old
                let isSuspended = verdict.action == .suspend(epoch)
                if old.epoch == epoch { new.state = isSuspended ? .suspended : .primary }
                return new
            }
        case .activate(let epoch, _):
            held[verdict.name] = epochs.map { old in
                var new = old
                new.state = old.epoch == epoch ? .primary : .grace
                return new
            }
        }
    }

    private var report: Report {
        Self.report(held, instance, anchors.last?.generation ?? 0, lastOrder)
    }

    private static func report(
        _ held: [KeyName: [Report.HeldEpoch]],
        _ instance: [UInt8]?,
        _ anchor: UInt32,
        _ lastOrder: UInt64
    ) -> Report {
        Report(
            agentVersion: "1.0",
            store: .file,
            level: .software,
            lastOrder: lastOrder,
            keys: held.sorted { $0.key < $1.key }.map { .init(name: $0.key, epochs: $0.value) },
            instance: instance,
            anchor: instance == nil ? 0 : anchor
        )
    }
}
