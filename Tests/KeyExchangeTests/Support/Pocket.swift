import EDHOC
import KeyExchange

/// The device's store, in memory.
struct Pocket {
    struct Held {
        var state: Report.EpochState
        let material: KeyMaterial
    }

    var keys: [KeyName: [Epoch: Held]] = [:]
    var lastOrder: UInt64 = 0
    /// Names the process; nil for an older agent.
    var instance: [UInt8]? = eight(0x17)
    /// The newest anchor that is pinned.
    var anchor: UInt32 = 0
    /// Keys that this device cannot take, and why.
    var refusals: [KeyName: FailureKind] = [:]
    let crypto: any Crypto

    init(crypto: any Crypto) { self.crypto = crypto }

    var report: Report {
        Report(
            agentVersion: "1.0.0",
            store: .file,
            level: .software,
            lastOrder: lastOrder,
            keys: keys.keys.sorted().map { name in
                Report.HeldKey(name: name, epochs: epochs(of: name))
            },
            instance: instance,
            anchor: anchor
        )
    }

    private func epochs(of name: KeyName) -> [Report.HeldEpoch] {
        (keys[name] ?? [:]).sorted { $0.key < $1.key }.map { epoch, held in
            Report.HeldEpoch(
                epoch: epoch,
                state: held.state,
                check: Thumbprint(of: held.material.secret, crypto: crypto).check
            )
        }
    }

    mutating func install(_ offer: Offer) -> [InstallResult] {
        offer.keys.map { key in
            let failure = refusals[key.name]
            if failure == nil {
                keys[key.name, default: [:]][key.epoch] =
                    Held(state: .pending, material: key.material)
            }
            return InstallResult(name: key.name, epoch: key.epoch, failure: failure)
        }
    }

    mutating func apply(_ settle: Settle) {
        for verdict in settle.verdicts {
            switch verdict.action {
            case .activate(let epoch, _):
                for other in keys[verdict.name, default: [:]].keys where other < epoch {
                    keys[verdict.name]?[other]?.state = .grace
                }
                keys[verdict.name]?[epoch]?.state = .primary
            case .discard(let epoch): keys[verdict.name]?[epoch] = nil
            case .remove: keys[verdict.name] = nil
            case .suspend(let epoch): keys[verdict.name]?[epoch]?.state = .suspended
            case .resume(let epoch): keys[verdict.name]?[epoch]?.state = .primary
            }
        }
    }

    mutating func destroy(_ retire: Retire) -> [DestroyedKey] {
        lastOrder = retire.counter
        let names: [KeyName] =
            switch retire.scope {
            case .device: keys.keys.sorted()
            case .keys(let names): names
            }
        return names.flatMap { name in
            let gone = (keys[name] ?? [:]).sorted { $0.key < $1.key }.map { epoch, held in
                DestroyedKey(
                    name: name,
                    epoch: epoch,
                    thumbprint: Thumbprint(of: held.material.secret, crypto: crypto)
                )
            }
            keys[name] = nil
            return gone
        }
    }

    /// The material in use.
    func primary(_ name: KeyName) -> [UInt8]? {
        keys[name]?.values.first { $0.state == .primary }.map { clear($0.material.secret) }
    }

    func states(_ name: KeyName) -> [Report.EpochState] { epochs(of: name).map(\.state) }
}
