import EDHOC
import Fleet
import KeyExchange
import MbedCrypto
import Registry
import Secrets
import Testing

/// A device that behaves: it keeps what it is offered, and obeys verdicts.
struct FakeDevice {
    let id: DeviceID
    let ccs: [UInt8]
    let kid: [UInt8]
    let publicKey: [UInt8]
    var held: [KeyName: [Report.HeldEpoch]] = [:]
    /// Its process; nil for an agent that knows of none.
    var instance: [UInt8]?
    /// The newest generation of the server's anchor that it has pinned.
    var anchor: UInt32 = 0
    /// The number of the last order that it obeyed.
    var lastOrder: UInt64 = 0
    /// Whether it has obeyed an order to destroy everything.
    var isRetiring = false
    private let crypto = MbedCrypto()

    init(_ name: String, kid: [UInt8]? = nil, publicKey: [UInt8]? = nil) throws {
        id = try DeviceID(parsing: name)
        self.kid = try kid ?? crypto.randomBytes(8)
        // The registry compares keys and computes nothing with them.
        self.publicKey = try publicKey ?? crypto.randomBytes(32)
        ccs = CCS.encode(
            subject: name,
            kid: self.kid,
            curve: .p256,
            publicKey: self.publicKey
        )
    }

    var report: Report {
        Report(
            agentVersion: "1.0",
            store: .file,
            level: .software,
            lastOrder: lastOrder,
            keys: held.sorted { $0.key < $1.key }.map { entry in
                Report.HeldKey(
                    name: entry.key,
                    epochs: entry.value.sorted { $0.epoch < $1.epoch }
                )
            },
            instance: instance,
            anchor: anchor,
            isRetiring: isRetiring
        )
    }

    /// The proof that it was given the token.
    func claim(_ bundle: CreatedBundle) -> EnrolmentClaim {
        let message = Array("latchkey enrol".utf8) + ccs
        return EnrolmentClaim(
            tokenID: bundle.bundle.id.bytes,
            proof: crypto.authenticate(
                .sha256,
                key: bundle.secret.secret,
                message: message.rawSpan
            ),
            message: message
        )
    }

    func contact(
        byValue claim: EnrolmentClaim?,
        hash: String? = "$7$hash",
        now: Int64 = Home.now
    ) throws -> Contact {
        Contact(
            credential: try Credential(ccs: ccs, sentByValue: true),
            isByValue: true,
            claim: claim,
            report: report,
            brokerPasswordHash: hash,
            now: now
        )
    }

    /// `began` is when the session did; without it nothing is held against what was said before.
    func contact(began: Ticket? = nil, now: Int64 = Home.now) throws -> Contact {
        Contact(
            credential: try Credential(ccs: ccs, sentByValue: false),
            isByValue: false,
            claim: nil,
            report: report,
            brokerPasswordHash: nil,
            began: began,
            now: now
        )
    }

    mutating func install(_ offer: Offer) -> [KeyOutcome] {
        offer.keys.map { key in
            let check = Thumbprint(of: key.material.secret, crypto: crypto).check
            held[key.name, default: []].removeAll { $0.epoch == key.epoch }
            held[key.name, default: []].append(
                Report.HeldEpoch(epoch: key.epoch, state: .pending, check: check)
            )
            return KeyOutcome(name: key.name, epoch: key.epoch, failure: nil)
        }
    }

    mutating func obey(_ settle: Settle) {
        for verdict in settle.verdicts {
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
    }

    /// A whole session: report, offer, confirmation, verdicts.
    mutating func talk(
        to registry: Registry,
        _ contact: Contact? = nil,
        now: Int64 = Home.now
    ) async throws -> Answer {
        let answer = try await registry.reconcile(try contact ?? self.contact(now: now))
        switch answer {
        case .offer(let device, let offer, let verdicts):
            let outcomes = install(offer)
            obey(
                try await registry.confirm(
                    device: device,
                    operation: offer.operation,
                    outcomes: outcomes,
                    verdicts: verdicts,
                    now: now
                )
            )
        case .settle(_, let settle): obey(settle)
        case .retire, .refuse: break
        }
        return answer
    }

    mutating func enrol(
        with bundle: CreatedBundle,
        at registry: Registry,
        now: Int64 = Home.now
    ) async throws -> Answer {
        try await talk(to: registry, contact(byValue: claim(bundle), now: now), now: now)
    }

    /// Destroys what it is told to, by a session or by an order, and remembers the number.
    mutating func destroy(_ retire: Retire) -> Receipt {
        var destroyed: [DestroyedKey] = []
        for (name, epochs) in held {
            if case .keys(let names) = retire.scope, !names.contains(name) { continue }
            for held in epochs {
                // The registry compares what it knows; the rest of the thumbprint is made up.
                let bytes = held.check + [UInt8](repeating: 0, count: 24)
                if let thumbprint = Thumbprint(bytes: bytes) {
                    destroyed.append(
                        DestroyedKey(name: name, epoch: held.epoch, thumbprint: thumbprint)
                    )
                }
            }
            held[name] = nil
        }
        lastOrder = retire.counter
        return Receipt(
            operation: retire.operation,
            counter: retire.counter,
            destroyed: destroyed
        )
    }

    /// What it holds in short: `door 1 primary`.
    var inShort: [String] {
        report.keys.flatMap { key in key.epochs.map { "\(key.name) \($0.epoch) \($0.state)" } }
    }
}

extension Answer {
    var offer: Offer? {
        if case .offer(_, let offer, _) = self { offer } else { nil }
    }
    var settle: Settle? {
        if case .settle(_, let settle) = self { settle } else { nil }
    }
    var retire: Retire? {
        if case .retire(_, let retire) = self { retire } else { nil }
    }
    var refusal: ProblemCode? {
        if case .refuse(let problem) = self { problem.code } else { nil }
    }
}

extension OfferedKey {
    /// Its material's name, for comparisons.
    var thumbprint: Thumbprint { Thumbprint(of: material.secret, crypto: MbedCrypto()) }
}
