internal import EDHOC
internal import KeyExchange

/// The keys of the device and the rules by which they change; no I/O.
///
///     offer ──▶ pending ── activate ──▶ primary ── newer one activated ──▶ grace ── time ──▶ gone
///                  │                     ⇅ suspend, resume                      ⇅
///                  │                  suspended ── newer one activated ──▶ suspended ── time ──▶ gone
///                  └───── discard, or a newer one activated ──▶ gone
///
/// A suspended generation stays suspended when a newer one comes: a rotation proves nothing about it.
///
/// Each change says whether anything changed, so that nothing is written when nothing did.
struct KeyRing: Sendable {
    /// Ascending by name.
    var keys: [StoredKey] = []
    /// What the last authentic message told of the server's time; it rides along when the keys are
    /// written.
    var serverTime: UInt64?
    /// The last retirement whose keys are destroyed, in the same write; those that came later are others.
    var retired: Retirement.Mark?
    /// Numbers that are used up beyond those that are held, in the order in which they went.
    var spent: [SpentEpoch] = []

    /// Takes a key in as pending, beside those in use; why not, if it can't be.
    mutating func install(_ offered: OfferedKey, crypto: any Crypto) -> FailureKind? {
        let thumbprint = Thumbprint(of: offered.material.secret, crypto: crypto)
        let entry = StoredEpoch(
            epoch: offered.epoch,
            state: .pending,
            algorithm: offered.algorithm,
            use: offered.use,
            graceSeconds: offered.graceSeconds,
            leaseSeconds: offered.leaseSeconds,
            thumbprint: thumbprint,
            material: offered.material
        )
        guard let index = keys.firstIndex(where: { $0.name == offered.name }) else {
            guard !isSpent(offered.epoch, of: offered.name) else { return .unknownEpoch }
            guard keys.count < MessageLimits.keys else { return .storeFull }
            keys.append(StoredKey(name: offered.name, epochs: [entry]))
            keys.sort { $0.name < $1.name }
            return nil
        }
        if let held = keys[index].epochs.first(where: { $0.epoch == offered.epoch }) {
            // A number is given out once: the same one with another key is not that key.
            return held.thumbprint == thumbprint ? nil : .unknownEpoch
        }
        let epochs = keys[index].epochs
        guard epochs.allSatisfy({ $0.epoch < offered.epoch }),
            !isSpent(offered.epoch, of: offered.name)
        else { return .unknownEpoch }
        guard epochs.count < MessageLimits.epochs else { return .storeFull }
        keys[index].epochs.append(entry)
        return nil
    }

    /// Does what the server says about one key; what was destroyed, or nil if nothing changed.
    mutating func apply(_ verdict: Verdict) -> [DestroyedKey]? {
        guard let index = keys.firstIndex(where: { $0.name == verdict.name }) else { return nil }
        switch verdict.action {
        case .activate(let epoch, let grace):
            return activate(epoch, graceSeconds: grace, at: index)
        case .discard(let epoch):
            return remove(at: index) { $0.epoch == epoch && $0.state != .primary }
        case .remove:
            return remove(at: index) { _ in true }
        case .suspend(let epoch):
            return suspend(epoch, at: index)
        case .resume(let epoch):
            return resume(epoch, at: index)
        }
    }

    /// Destroys a superseded generation whose grace is over; false if there is none.
    mutating func endGrace(of name: KeyName, _ epoch: Epoch) -> Bool {
        guard let index = keys.firstIndex(where: { $0.name == name }) else { return false }
        let superseded = keys[index].superseded.map(\.epoch)
        return remove(at: index) { $0.epoch == epoch && superseded.contains(epoch) } != nil
    }

    /// Destroys a generation that never came into use; false if there is none.
    mutating func refuse(_ name: KeyName, _ epoch: Epoch) -> Bool {
        guard let index = keys.firstIndex(where: { $0.name == name }) else { return false }
        return remove(at: index) { $0.epoch == epoch && $0.state == .pending } != nil
    }

    /// What a retirement of this scope would destroy.
    func held(in scope: RetireScope) -> [DestroyedKey] {
        let doomed = keys.filter { key in
            switch scope {
            case .device: true
            case .keys(let names): names.contains(key.name)
            }
        }
        return doomed.flatMap { key in key.epochs.map { $0.destroyed(as: key.name) } }
    }

    /// Destroys exactly these generations; false if none is held.
    mutating func destroy(_ doomed: [DestroyedKey]) -> Bool {
        var hasChanged = false
        for index in keys.indices.reversed() {
            let name = keys[index].name
            let gone = remove(at: index) { doomed.contains($0.destroyed(as: name)) }
            // An order ends the numbers of those, too, that were not in use yet.
            spend(gone ?? [])
            hasChanged = hasChanged || gone != nil
        }
        return hasChanged
    }

    private mutating func activate(
        _ epoch: Epoch,
        graceSeconds: UInt32,
        at index: Int
    ) -> [DestroyedKey]? {
        let name = keys[index].name
        guard let chosen = keys[index].epochs.firstIndex(where: { $0.epoch == epoch }),
            // An epoch that was superseded never comes back.
            keys[index].epochs[chosen].state == .pending
        else { return nil }
        let current = keys[index].current?.epoch
        keys[index].epochs[chosen].state = .primary
        spent.removeAll { $0.name == name }
        var kept: [StoredEpoch] = []
        var gone: [DestroyedKey] = []
        for var entry in keys[index].epochs {
            if entry.epoch < epoch {
                let wasPending = entry.state == .pending
                if entry.state == .primary { entry.state = .grace }
                // One that was superseded before keeps its own time.
                if entry.epoch == current { entry.graceSeconds = graceSeconds }
                if wasPending || entry.graceSeconds == 0 {
                    gone.append(entry.destroyed(as: name))
                    continue
                }
            }
            kept.append(entry)
        }
        keys[index].epochs = kept
        return gone
    }

    /// Suspends a generation, whatever it was; nil if it is not held, or suspended already.
    private mutating func suspend(_ epoch: Epoch, at index: Int) -> [DestroyedKey]? {
        guard let entry = keys[index].epochs.first(where: { $0.epoch == epoch }),
            entry.state != .suspended
        else { return nil }
        // The server suspends what it knows to be in use: the word that said so was lost.
        let isNew = entry.state == .pending
        let gone = isNew ? activate(epoch, graceSeconds: entry.graceSeconds, at: index) : []
        for position in keys[index].epochs.indices where keys[index].epochs[position].epoch == epoch
        {
            keys[index].epochs[position].state = .suspended
        }
        return gone
    }

    /// Ends a suspension; nil if there is none.
    private mutating func resume(_ epoch: Epoch, at index: Int) -> [DestroyedKey]? {
        let chosen = keys[index].epochs.firstIndex { $0.epoch == epoch && $0.state == .suspended }
        guard let chosen else { return nil }
        let isCurrent = keys[index].current?.epoch == epoch
        keys[index].epochs[chosen].state = isCurrent ? .primary : .grace
        return []
    }

    private mutating func remove(
        at index: Int,
        where isDoomed: (StoredEpoch) -> Bool
    ) -> [DestroyedKey]? {
        let name = keys[index].name
        let gone = keys[index].epochs.filter(isDoomed)
        guard !gone.isEmpty else { return nil }
        keys[index].epochs.removeAll(where: isDoomed)
        if keys[index].epochs.isEmpty { keys.remove(at: index) }
        // One that was refused before its use may be offered again.
        spend(gone.filter { $0.state != .pending }.map { $0.destroyed(as: name) })
        return gone.map { $0.destroyed(as: name) }
    }
}

extension StoredEpoch {
    /// How a receipt names it.
    func destroyed(as name: KeyName) -> DestroyedKey {
        DestroyedKey(name: name, epoch: epoch, thumbprint: thumbprint)
    }
}
