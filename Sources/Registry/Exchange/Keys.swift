internal import EDHOC
internal import Fleet
internal import Foundation
internal import GRDB
internal import KeyExchange
internal import Secrets

/// The keys of one device while a transaction changes them: each change follows the table of
/// `KeyState` and leaves one row in the audit log.
struct Keys {
    /// Generations that never came into use, or are gone, are remembered no further back than this, if the
    /// device does not hold them.
    static let remembered: UInt32 = 8

    let transaction: Transaction
    let device: DeviceID
    let id: Int64
    let now: Int64
    let actor: String
    private(set) var records: [KeyRecord]
    /// Rows that cannot be read.
    private(set) var unreadable: [StoredKeys.Unreadable] = []
    private var sealed: [[UInt8]?]

    init(of device: DeviceRow, actor: String, now: Int64, in transaction: Transaction) throws {
        self.init(id: device.id, name: device.name, actor: actor, now: now, in: transaction)
        if !device.isNew { try load() }
    }

    init(
        id: Int64,
        name: DeviceID,
        actor: String,
        now: Int64,
        in transaction: Transaction
    ) {
        self.transaction = transaction
        self.device = name
        self.id = id
        self.now = now
        self.actor = actor
        records = []
        sealed = []
    }

    /// Reads every generation of every key; of a row that cannot be read an admin is told.
    mutating func load() throws {
        let rows = try transaction.rows(
            """
            SELECT \(Row.keyColumns), sealed
            FROM device_key WHERE device_id = ? ORDER BY name, epoch
            """,
            [id]
        )
        try take(rows)
        for row in unreadable {
            try transaction.noticeDamage(row.description, about: id, named: device, now: now)
        }
    }

    /// Reads one generation alone; throws when it cannot be read.
    mutating func load(_ name: KeyName, _ epoch: Epoch) throws {
        try take(
            try transaction.rows(
                """
                SELECT \(Row.keyColumns), sealed
                FROM device_key WHERE device_id = ? AND name = ? AND epoch = ?
                """,
                [id, name.description, epoch.number]
            )
        )
        if let row = unreadable.first { throw RegistryError(.damaged, row.description) }
    }

    private mutating func take(_ rows: [Row]) throws {
        let stored = try StoredKeys(rows)
        records = stored.records
        sealed = stored.sealed
        unreadable = stored.unreadable
    }

    /// The number for a new generation: `wanted`, or one above those that a row has which cannot be read.
    func unused(_ wanted: Epoch, of name: KeyName) throws -> Epoch {
        let taken = unreadable.filter { $0.name == name }.compactMap(\.epoch).max()
        guard let taken, taken >= wanted else { return wanted }
        guard let next = taken.next else {
            throw RegistryError(.damaged, "key \(name) of \(device): no number is left")
        }
        return next
    }

    func index(_ name: KeyName, _ epoch: Epoch) -> Int? {
        records.firstIndex { $0.name == name && $0.epoch == epoch }
    }

    /// Opens the stored material of a generation.
    func material(at index: Int, group: Transaction.GroupEntry) throws -> KeyMaterial {
        let record = records[index]
        guard let sealed = sealed[index] else {
            throw RegistryError(
                .damaged,
                "key \(record.name) \(record.epoch) of \(device) has no material"
            )
        }
        return KeyMaterial(
            try transaction.vault.open(
                sealed,
                under: group.key,
                at: .key(device, record.name, record.epoch)
            )
        )
    }

    /// Takes in a generation that was stored just now.
    mutating func append(
        _ record: KeyRecord,
        sealed bytes: [UInt8],
        _ details: [String: String]
    ) throws {
        records.append(record)
        sealed.append(bytes)
        try audit(record, from: .preActive, details)
        try transaction.campaigns(hear: record, of: id, now: now)
    }

    /// When a generation that comes into a state is due, and when it is at the end of its age.
    struct Dates {
        var rotateAt: Int64?
        var expiresAt: Int64?
    }

    /// Brings a generation into its next state; material that is not needed any more is deleted.
    mutating func move(
        _ index: Int,
        to state: KeyState,
        dates: Dates = Dates(),
        failure: FailureKind? = nil,
        details: [String: String] = [:]
    ) throws {
        let old = records[index].state
        precondition(old.mayBecome(state), "a key may not go from \(old) to \(state)")
        records[index].state = state
        records[index].changedAt = now
        records[index].graceUntil = nil
        records[index].rotateAt = dates.rotateAt
        records[index].expiresAt = dates.expiresAt
        records[index].failure = failure
        let record = records[index]
        try transaction.run(
            """
            UPDATE device_key SET state = ?, changed_at = ?, grace_until = NULL, rotate_at = ?,
                nudge_at = ?, expires_at = ?, failure = ?
                \(state.hasMaterial ? "" : ", sealed = NULL")
            WHERE device_id = ? AND name = ? AND epoch = ?
            """,
            [
                state.rawValue, now, dates.rotateAt, state == .active ? dates.rotateAt : nil,
                dates.expiresAt, failure?.rawValue, id, record.name.description,
                record.epoch.number,
            ]
        )
        if !state.hasMaterial { sealed[index] = nil }
        try audit(record, from: old, details)
        try transaction.campaigns(hear: record, of: id, now: now)
    }

    /// Deletes the material of a generation, by the way that its state allows.
    mutating func destroy(_ index: Int) throws {
        switch records[index].state {
        case .preActive, .offered: try move(index, to: .withdrawn)
        case .active, .superseded, .suspended:
            try move(index, to: .deactivated)
            try move(index, to: .destroyed)
        case .deactivated: try move(index, to: .destroyed)
        case .compromised: try move(index, to: .destroyedCompromised)
        // Nobody asks for the one after it any more.
        case .withdrawn: try setRotation(index, at: nil)
        case .destroyed, .destroyedCompromised: break
        }
    }

    /// Says when the next generation is due, or that nobody asks for one.
    mutating func setRotation(_ index: Int, at time: Int64?) throws {
        guard records[index].rotateAt != time else { return }
        records[index].rotateAt = time
        try transaction.run(
            """
            UPDATE device_key SET rotate_at = ?, nudge_at = NULL
            WHERE device_id = ? AND name = ? AND epoch = ?
            """,
            [time, id, records[index].name.description, records[index].epoch.number]
        )
    }

    /// Begins the grace of every superseded generation of which the device has said that it uses a
    /// later one; until then the older one may be all that the device can use.
    mutating func beginGraces(_ report: Report, specs: [KeySpec]) throws {
        for index in records.indices
        where records[index].state == .superseded && records[index].graceUntil == nil {
            let record = records[index]
            let held = report.keys.first { $0.name == record.name }?.epochs ?? []
            guard
                held.contains(where: {
                    ($0.state == .primary || $0.state == .suspended) && $0.epoch > record.epoch
                })
            else { continue }
            let grace = specs.first { $0.name == record.name }?.graceSeconds ?? 0
            records[index].graceUntil = now + Int64(grace)
            try transaction.run(
                "UPDATE device_key SET grace_until = ? WHERE device_id = ? AND name = ? AND epoch = ?",
                [
                    records[index].graceUntil, id, record.name.description, record.epoch.number,
                ]
            )
        }
    }

    private func audit(
        _ record: KeyRecord,
        from old: KeyState,
        _ details: [String: String]
    ) throws {
        guard let kind = AuditKind(entering: record.state) else { return }
        var details = details
        details["from"] = old.description
        details["thumbprint"] = record.thumbprint.description
        details["failure"] = record.failure?.description
        try transaction.audit(
            AuditEvent(
                time: now,
                kind: kind,
                actor: actor,
                device: device.description,
                key: record.name,
                epoch: record.epoch,
                details: details
            )
        )
    }
}
