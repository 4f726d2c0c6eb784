internal import Fleet
internal import KeyExchange

/// Turns what became of offered keys into states and verdicts.
struct Confirming {
    private(set) var verdicts: [Verdict] = []
    private var keys: Keys
    private let specs: [KeySpec]
    private let now: Int64

    init(device: DeviceRow, now: Int64, in transaction: Transaction) throws {
        keys = try Keys(of: device, actor: "device", now: now, in: transaction)
        specs = try transaction.group(device.group).specs
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

    private mutating func activate(_ index: Int, _ outcome: KeyOutcome) throws {
        let grace = grace(of: outcome.name)
        for old in keys.records.indices
        where keys.records[old].name == outcome.name && keys.records[old].state == .active {
            // Its grace begins when the device says that it uses the new one: should SETTLE get lost,
            // the device goes on with the old one, for however long it stays away.
            try keys.move(old, to: .superseded)
        }
        try keys.move(index, to: .active, rotateAt: nextRotation(of: keys.records[index]))
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
        try keys.transaction.audit(
            AuditEvent(
                time: now,
                kind: .keyFailed,
                actor: "device",
                device: keys.device.description,
                key: record.name,
                epoch: record.epoch,
                details: ["failure": failure.description]
            )
        )
        if failure == .unknownEpoch { try keys.setRotation(index, at: now) }
    }

    /// Up to a tenth early, by a fraction that differs from key to key: no two devices in step.
    private func nextRotation(of record: KeyRecord) -> Int64? {
        guard
            let period = specs.first(where: { $0.name == record.name })?.rotationSeconds
        else { return nil }
        let bytes = record.thumbprint.bytes
        let fraction = Int64(bytes[0]) << 8 | Int64(bytes[1])
        return now + Int64(period) - Int64(period) / 10 * fraction / 65_536
    }

    private func grace(of name: KeyName) -> UInt32 {
        specs.first { $0.name == name }?.graceSeconds ?? 0
    }

    private mutating func say(_ outcome: KeyOutcome, _ action: Verdict.Action) {
        verdicts.append(Verdict(name: outcome.name, action: action))
    }
}
