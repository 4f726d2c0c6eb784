internal import EDHOC
internal import Fleet
internal import Foundation
internal import GRDB
internal import KeyExchange
internal import Secrets

extension Transaction {
    /// How far ahead of ours a generation may be that a device speaks of: more were never made by hand
    /// since the last backup, and one liar can't use up the numbers.
    static let credibleLead: UInt32 = 1000

    /// Writes one generation, its private halves sealed.
    func insert(
        _ entry: AnchorEntry,
        credential: [UInt8],
        identity: borrowing Secret,
        command: any SigningKey
    ) throws {
        let generation = entry.generation
        let sealedIdentity = try vault.seal(
            identity,
            under: vault.wrappingKey,
            at: .anchorIdentity(generation)
        )
        let sealedCommand = try vault.seal(
            command.export(),
            under: vault.wrappingKey,
            at: .commandKey(generation)
        )
        try run(
            """
            INSERT INTO anchor
                (generation, state, credential, sealed_identity, command_key, sealed_command_key,
                created_at, changed_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                Int64(generation), entry.state.rawValue, Data(credential), Data(sealedIdentity),
                Data(entry.commandKey), Data(sealedCommand), entry.createdAt, entry.changedAt,
            ]
        )
    }

    /// Keeps under which generation the device talked and which it knows; returns what it is to be told.
    ///
    /// Only a session held under a generation shows that the device follows. What it says that it knows
    /// is believed for one thing: that there was such a number.
    func follow(
        _ contact: Contact,
        _ device: DeviceRow,
        _ live: LiveAnchors
    ) throws -> [UInt8]? {
        let answering = contact.answeredBy ?? live.current.generation
        let pinned = contact.report.instance == nil ? nil : contact.report.anchor
        let old = device.isNew ? DeviceRow.Trust() : device.trust
        var new = DeviceRow.Trust(anchor: answering, pinned: pinned, told: old.told)
        var announcement: [UInt8]?
        if let pinned {
            let newest = live.newest.generation
            if pinned > newest { try adopt(pinned, newest, device.name, now: contact.now) }
            if let found = try live.announcement(
                for: pinned,
                answeredBy: answering,
                fleet: vault.fleet
            ) {
                announcement = found.bytes
                if old.told != found.generation, device.state == .enrolled {
                    // Once for each generation: it comes again at once, and shows that it follows. One
                    // that can't follow is not asked for ever.
                    new.told = found.generation
                    try nudge(device.name, now: contact.now)
                }
            }
        }
        // Nothing is written as long as nothing changes; the index is by `anchor` alone.
        if new.anchor != old.anchor {
            try run("UPDATE device SET anchor = ? WHERE id = ?", [Int64(new.anchor), device.id])
        }
        if new.pinned != old.pinned || new.told != old.told {
            try run(
                "UPDATE device SET pinned = ?, told = ? WHERE id = ?",
                [new.pinned.map { Int64($0) }, Int64(new.told), device.id]
            )
        }
        return announcement
    }

    /// This server was put back to a day before it announced a generation; the next gets a later number.
    private func adopt(
        _ pinned: UInt32,
        _ newest: UInt32,
        _ device: DeviceID,
        now: Int64
    ) throws {
        guard pinned - newest <= Self.credibleLead else { return }
        let row = try row("SELECT anchor_seen FROM fleet")
        guard let seen = row?[0] as Int64?, seen < Int64(pinned) else { return }
        try run("UPDATE fleet SET anchor_seen = ?", [Int64(pinned)])
        try audit(
            AuditEvent(
                time: now,
                kind: .anchorAhead,
                actor: "server",
                device: device.description,
                details: ["known": "\(newest)", "reported": "\(pinned)"]
            )
        )
    }
}
