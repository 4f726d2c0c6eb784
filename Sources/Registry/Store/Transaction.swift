internal import Fleet
internal import Foundation
internal import GRDB
internal import KeyExchange

/// One commit in the making; it lives on the writer's thread.
final class Transaction {
    /// What the writer remembers from commit to commit, so as not to read it again.
    struct Memory: Sendable {
        var head: AuditHead
        var groups: [Int64: GroupEntry] = [:]
        var refusals = Refusals()
        var policy: Policy?
        /// Campaigns that run; nil until they were read.
        var campaigns: [Int64: LiveCampaign]?
        var conduct = Conduct()
    }

    /// Refusals of the minute that runs: whoever has an account at the broker can cause them, and must
    /// not be able to fill the disk with rows.
    struct Refusals: Sendable {
        static let perMinute = 120
        var minute: Int64 = 0
        var written = 0
        var omitted = 0
    }

    /// A group with its opened key and what its devices shall hold.
    struct GroupEntry: Sendable {
        let id: Int64
        let name: GroupName
        let key: KeyMaterial
        /// Those in force.
        let specs: [KeySpec]
        /// Keys that were retired for the whole group.
        let retired: Set<KeyName>
    }

    let db: Database
    let vault: Vault
    let tickets: Tickets
    /// Whether there is room only for what cannot wait.
    private let isShort: Bool
    private let faults: ChangeFaults
    var memory: Memory
    var effects = Changes.Effects()
    /// What changes of campaigns, to be written at the end.
    var campaigns = CampaignChanges()
    private var stateChanges: [DeviceState: Int] = [:]
    private let firstHead: AuditHead

    init(
        db: Database,
        vault: Vault,
        memory: Memory,
        tickets: Tickets = Tickets(),
        isShort: Bool = false,
        faults: @escaping ChangeFaults = { _ in nil }
    ) {
        self.faults = faults
        self.tickets = tickets
        self.isShort = isShort
        self.db = db
        self.vault = vault
        self.memory = memory
        firstHead = memory.head
    }

    /// Throws when the room on the disk is kept for what cannot wait, and this can.
    func demandRoom(unless cannotWait: Bool) throws(RegistryError) {
        if isShort, !cannotWait { throw .noRoom }
    }

    /// Runs one change; returns its error when it was undone alone, throws when the whole commit is lost.
    func attempt(_ body: (Transaction) throws -> Void) throws -> RegistryError? {
        let (memory, effects, stateChanges) = (memory, effects, stateChanges)
        let campaigns = campaigns
        try run("SAVEPOINT change")
        do {
            try body(self)
            try run("RELEASE change")
            return nil
        } catch {
            // A full disk may have ended the transaction already: then nothing of the batch is left.
            guard db.isInsideTransaction else { throw error }
            try run("ROLLBACK TO change")
            try run("RELEASE change")
            self.memory = memory
            self.memory.groups = [:]
            self.effects = effects
            self.stateChanges = stateChanges
            self.campaigns = campaigns
            return RegistryError(wrapping: error)
        }
    }

    /// Writes what the changes have in common.
    func finish() throws {
        try flushCampaigns()
        for (state, change) in stateChanges where change != 0 {
            try run(
                """
                INSERT INTO state_count (state, devices) VALUES (?, ?)
                ON CONFLICT (state) DO UPDATE SET devices = devices + excluded.devices
                """,
                [state.rawValue, change]
            )
        }
        guard memory.head != firstHead else { return }
        try run(
            """
            INSERT INTO audit_head (id, count, hash, mac) VALUES (1, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET
                count = excluded.count, hash = excluded.hash, mac = excluded.mac
            """,
            [
                memory.head.count, Data(memory.head.hash),
                Data(vault.authenticate(memory.head)),
            ]
        )
    }

    /// Appends one row to the audit log.
    func audit(_ event: AuditEvent) throws {
        let details = event.encodedDetails()
        let head = AuditChain.append(
            event.encoded(details: details),
            to: memory.head,
            crypto: vault.crypto
        )
        try run(
            """
            INSERT INTO audit
                (sequence, time, kind, actor, device, key_name, epoch, details, hash)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                head.count, event.time, event.kind.rawValue, event.actor, event.device,
                event.key?.description, event.epoch?.number, Data(details), Data(head.hash),
            ]
        )
        memory.head = head
    }

    /// Whether one more refusal may be written this minute; otherwise it is only counted.
    func admitsRefusal(at now: Int64) -> Bool {
        let minute = now / 60
        if memory.refusals.minute != minute {
            memory.refusals.minute = minute
            memory.refusals.written = 0
        }
        guard memory.refusals.written < Refusals.perMinute else {
            memory.refusals.omitted += 1
            return false
        }
        memory.refusals.written += 1
        return true
    }

    /// How many refusals went unwritten since the last one that was written.
    func takeOmittedRefusals() -> Int {
        defer { memory.refusals.omitted = 0 }
        return memory.refusals.omitted
    }

    /// How many of the omitted rows to tell of, when the device may cause `rows` more this hour; nil
    /// when it may not, and they are only counted.
    func admitsRows(_ rows: Int, by device: Int64, at now: Int64) -> Int? {
        memory.conduct.admit(rows, by: device, at: now)
    }

    /// Counts a device into a state, and out of another.
    func count(_ state: DeviceState, leaving old: DeviceState? = nil) {
        stateChanges[state, default: 0] += 1
        if let old { stateChanges[old, default: 0] -= 1 }
    }

    /// How many devices more are in a state than the table says: it is written at the end of the commit.
    func uncounted(_ state: DeviceState) -> Int { stateChanges[state] ?? 0 }

    /// Leaves a nudge to be sent after the commit.
    func nudge(_ device: DeviceID, now: Int64) throws {
        try run(
            "INSERT INTO outbox (device, created_at) VALUES (?, ?)",
            [device.description, now]
        )
        effects.hasOutbox = true
    }

    /// Leaves word that the device's topic of orders is to follow its state.
    func order(_ device: DeviceID, now: Int64) throws {
        try run(
            "INSERT INTO outbox (device, created_at, kind) VALUES (?, ?, ?)",
            [device.description, now, OutboxItem.Kind.order.rawValue]
        )
        effects.hasOutbox = true
    }

    /// Says that the broker's accounts changed.
    func accountsChanged() { effects.hasAccounts = true }

    /// Keeps the fleet's settings for the commits to come.
    func remember(_ policy: Policy) { memory.policy = policy }

    /// Forgets what is remembered of a group that changes.
    func forget(group: Int64) { memory.groups[group] = nil }

    /// The group with its key and specs, from memory if it can be.
    func group(_ id: Int64) throws -> GroupEntry {
        if let entry = memory.groups[id] { return entry }
        guard
            let row = try row("SELECT name, sealed_key FROM device_group WHERE id = ?", [id])
        else { throw RegistryError(.damaged, "there is no group number \(id)") }
        let name = try row.name(0, as: GroupName.self)
        let key = try vault.open(row.bytes(1), under: vault.wrappingKey, at: .groupKey(name))
        let specs = try rows(
            """
            SELECT \(Row.keySpecColumns) FROM key_spec WHERE group_id = ? ORDER BY name
            """,
            [id]
        ).map { row in try row.keySpec(group: name) }
        let entry = GroupEntry(
            id: id,
            name: name,
            key: KeyMaterial(key),
            specs: specs.filter { $0.retiredAt == nil },
            retired: Set(specs.filter { $0.retiredAt != nil }.map(\.name))
        )
        memory.groups[id] = entry
        return entry
    }

    /// The number of a group; `notFound` if there is none of that name.
    func groupID(_ name: GroupName) throws -> Int64 {
        guard
            let row = try row(
                "SELECT id FROM device_group WHERE name = ?",
                [name.description]
            )
        else { throw RegistryError(.notFound, "there is no group \(name): create it first") }
        return row[0]
    }
}

extension Transaction {
    /// Executes a statement that is prepared once.
    func run(_ sql: String, _ arguments: StatementArguments = []) throws {
        try reached(.statement)
        try db.cachedStatement(sql: sql).execute(arguments: arguments)
    }

    /// The first row of a query that is prepared once.
    func row(_ sql: String, _ arguments: StatementArguments = []) throws -> Row? {
        try reached(.statement)
        return try Row.fetchOne(try db.cachedStatement(sql: sql), arguments: arguments)
    }

    /// All rows of a query that is prepared once.
    func rows(_ sql: String, _ arguments: StatementArguments = []) throws -> [Row] {
        try reached(.statement)
        return try Row.fetchAll(try db.cachedStatement(sql: sql), arguments: arguments)
    }

    /// Fails when a test says so.
    func reached(_ point: ChangePoint) throws(RegistryError) {
        if let fault = faults(point) { throw fault }
    }
}
