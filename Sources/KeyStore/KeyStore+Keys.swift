internal import EDHOC
public import KeyExchange
internal import Secrets

/// A superseded generation and how long it may still decrypt and verify.
public struct GracePeriod: Hashable, Sendable {
    /// The key's name.
    public let name: KeyName
    /// The superseded generation.
    public let epoch: Epoch
    /// How long from its supersession, or from the last start.
    public let duration: Duration
}

extension KeyStore {
    /// Stores offered keys as pending, all in one write; what became of each.
    ///
    /// When the disk takes nothing, each result says `storeFull` and nothing has changed. A device that
    /// is retiring takes nothing: each result says `rejected`.
    public func install(_ offered: [OfferedKey]) -> (results: [InstallResult], fault: StoreError?) {
        do throws(StoreError) {
            let results = try change { contents, crypto throws(StoreError) in
                // A server that came back from an old copy of itself may not know of the order.
                if let life = contents.device?.life, life >= .retiring {
                    return offered.map {
                        InstallResult(name: $0.name, epoch: $0.epoch, failure: .rejected)
                    }
                }
                var ring = contents.ring
                let before = ring.count
                let results = offered.map { key in
                    InstallResult(
                        name: key.name,
                        epoch: key.epoch,
                        failure: ring.install(key, crypto: crypto)
                    )
                }
                // Installing only ever adds.
                if ring.count > before { try write(ring, &contents) }
                return results
            }
            return (results, nil)
        } catch {
            let results = offered.map {
                InstallResult(name: $0.name, epoch: $0.epoch, failure: .storeFull)
            }
            return (results, error)
        }
    }

    /// Does what the server says about each key, all in one write; what was destroyed.
    public func apply(_ verdicts: [Verdict]) throws(StoreError) -> [DestroyedKey] {
        try change { contents, _ throws(StoreError) in
            var ring = contents.ring
            let changes = verdicts.compactMap { ring.apply($0) }
            guard !changes.isEmpty else { return [] }
            try write(ring, &contents)
            return changes.flatMap(\.self)
        }
    }

    /// Destroys a generation that is stored and not in use; does nothing when there is none.
    public func refuse(_ name: KeyName, _ epoch: Epoch) throws(StoreError) {
        try change { contents, _ throws(StoreError) in
            var ring = contents.ring
            guard ring.refuse(name, epoch) else { return }
            try write(ring, &contents)
        }
    }

    /// Destroys a superseded generation whose grace is over; false if there is none.
    public func endGrace(of name: KeyName, _ epoch: Epoch) throws(StoreError) -> Bool {
        try change { contents, _ throws(StoreError) in
            var ring = contents.ring
            guard ring.endGrace(of: name, epoch) else { return false }
            try write(ring, &contents)
            return true
        }
    }

    /// The generations that wait for the end of their grace.
    public var gracePeriods: [GracePeriod] {
        keys.flatMap { key in
            key.superseded.map { entry in
                GracePeriod(
                    name: key.name,
                    epoch: entry.epoch,
                    duration: .seconds(Int64(entry.graceSeconds))
                )
            }
        }
    }
}

extension KeyRing {
    /// Generations held.
    fileprivate var count: Int { keys.reduce(0) { $0 + $1.epochs.count } }
}
