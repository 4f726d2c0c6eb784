internal import Fleet
internal import KeyExchange

/// Turns what became of offered keys into states and verdicts.
struct Confirming {
    private(set) var verdicts: [Verdict] = []
    private var keys: Keys
    private let specs: [KeySpec]
    /// What the device said in this session that it holds.
    private let held: [Report.HeldKey]
    private let now: Int64

    init(device: DeviceRow, now: Int64, in transaction: Transaction) throws {
        keys = try Keys(of: device, actor: "device", now: now, in: transaction)
        specs = try transaction.group(device.group).specs
        held = device.presence.reported
        self.now = now
    }

    mutating func take(_ outcome: KeyOutcome) throws {
        guard let index = keys.index(outcome.name, outcome.epoch) else {
            say(outcome, .discard(outcome.epoch))
            return
        }
        switch (keys.records[index].state, outcome.failure) {
        case (.offered, nil):
            try activate(index, outcome)
        case (.active, nil):
            say(outcome, .activate(outcome.epoch, graceSeconds: grace(of: outcome.name)))
        case (.suspended, nil):
            // Only what is in use can be taken out of use.
            say(outcome, .activate(outcome.epoch, graceSeconds: grace(of: outcome.name)))
            say(outcome, .suspend(outcome.epoch))
        case (.offered, let failure?):
            try withdraw(index, failure)
            say(outcome, .discard(outcome.epoch))
        case (.active, let failure?):
            try note(index, failure)
            say(outcome, .discard(outcome.epoch))
        case (_, _):
            say(outcome, .discard(outcome.epoch))
        }
    }

    /// Whether the device had no room for a key, and gets it by what it is told to discard: then it is
    /// worth asking again at once.
    ///
    /// Once in a row: a disk that is full discards nothing either, and would be asked without end.
    func makesRoom(for outcomes: [KeyOutcome], by verdicts: [Verdict]) -> Bool {
        outcomes.contains { outcome in
            guard outcome.failure == .storeFull else { return false }
            let makesRoom = verdicts.contains { verdict in
                guard case .discard = verdict.action else { return false }
                return verdict.name == outcome.name
            }
            let earlier = keys.records.last { $0.name == outcome.name && $0.epoch < outcome.epoch }
            return makesRoom && earlier?.state != .withdrawn
        }
    }

    private mutating func activate(_ index: Int, _ outcome: KeyOutcome) throws {
        let grace = grace(of: outcome.name)
        let isNamed = { (record: KeyRecord) in record.name == outcome.name }
        for old in keys.records.indices where isNamed(keys.records[old]) {
            switch keys.records[old].state {
            case .active:
                // Its grace begins when the device says that it uses the new one: should SETTLE get
                // lost, the device goes on with the old one, for however long it stays away.
                try keys.move(old, to: .superseded)
            case .compromised:
                // The device has shown that it holds the successor: nobody needs this one any more.
                try keys.destroy(old)
            default: break
            }
        }
        let record = keys.records[index]
        let spec = specs.first { $0.name == record.name }
        try keys.move(
            index,
            to: .active,
            dates: Keys.Dates(
                rotateAt: spec?.rotation(
                    of: record.thumbprint,
                    createdAt: record.createdAt,
                    activatedAt: now
                ),
                expiresAt: spec?.expiry(createdAt: record.createdAt)
            )
        )
        say(outcome, .activate(outcome.epoch, graceSeconds: grace))
    }

    private mutating func withdraw(_ index: Int, _ failure: FailureKind) throws {
        let name = keys.records[index].name
        try keys.move(index, to: .withdrawn, failure: failure)
        guard !failure.isRetryable else { return }
        // Trying again by itself would not help: it waits until an admin asks.
        for other in keys.records.indices
        where keys.records[other].name == name && keys.records[other].state == .active {
            try keys.setRotation(other, at: nil)
        }
    }

    /// The server uses this generation already, so it stays; only a later one can help the device.
    private mutating func note(_ index: Int, _ failure: FailureKind) throws {
        let record = keys.records[index]
        // With the generation that follows.
        guard let omitted = keys.transaction.admitsRows(4, by: keys.id, at: now) else { return }
        var details = ["failure": failure.description]
        if omitted > 0 { details["omittedBefore"] = "\(omitted)" }
        try keys.transaction.audit(
            AuditEvent(
                time: now,
                kind: .keyFailed,
                actor: "device",
                device: keys.device.description,
                key: record.name,
                epoch: record.epoch,
                details: details
            )
        )
        if failure == .unknownEpoch { try keys.setRotation(index, at: now) }
    }

    private func grace(of name: KeyName) -> UInt32 {
        guard let spec = specs.first(where: { $0.name == name }) else { return 0 }
        return Reconciler.grace(
            for: spec,
            replacing: held.first { $0.name == name }?.epochs ?? [],
            records: keys.records.filter { $0.name == name }
        )
    }

    private mutating func say(_ outcome: KeyOutcome, _ action: Verdict.Action) {
        verdicts.append(Verdict(name: outcome.name, action: action))
    }
}
