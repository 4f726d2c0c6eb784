internal import EDHOC
internal import Fleet
internal import GRDB
internal import KeyExchange

// The server's identity and command key go on to the next generation.

extension Registry {
    /// Generations that are announced and not yet switched to, at most: bounds what the server answers by.
    static let maximumAnnounced = 3

    /// Makes the next generation of the server's identity and command key.
    ///
    /// The server answers under it at once, and each device is told at its next contact. Its number is
    /// above all that devices have spoken of. `conflict` when too many wait for their switch already.
    public func announceAnchor(
        actor: String,
        now: Int64
    ) async throws(RegistryError) -> AnchorEntry {
        try await changingAnchors { transaction in
            let waiting = try transaction.anchors().filter { $0.state == .announced }
            guard waiting.count < Self.maximumAnnounced else {
                let names = waiting.map { "\($0.generation)" }.joined(separator: ", ")
                throw RegistryError(
                    .conflict,
                    "generations \(names) are announced already: switch to the newest first"
                )
            }
            return try transaction.announceAnchor(actor: actor, now: now)
        }
    }

    /// Makes the newest generation the only one under which the server answers.
    ///
    /// `conflict` when nothing is announced, and when fewer devices than the policy asks for have talked
    /// under it, unless `stranding` names exactly how many devices are cut off: those have to enrol
    /// again. The identity keys of the others are destroyed.
    public func switchAnchor(
        stranding: Int? = nil,
        actor: String,
        now: Int64
    ) async throws(RegistryError) -> AnchorEntry {
        try await changingAnchors { transaction in
            try transaction.switchAnchor(stranding: stranding, actor: actor, now: now)
        }
    }

    private func changingAnchors(
        _ body: @escaping @Sendable (Transaction) throws -> AnchorEntry
    ) async throws(RegistryError) -> AnchorEntry {
        let outcome: Result<AnchorEntry, RegistryError>
        do throws(RegistryError) {
            outcome = .success(try await writer.perform(.canWait, body))
        } catch {
            outcome = .failure(error)
        }
        // After an error, too: it may have struck behind the commit.
        try anchors.replace { () throws(RegistryError) in try store.anchors(vault: vault) }
        return try outcome.get()
    }
}

extension Transaction {
    fileprivate func announceAnchor(actor: String, now: Int64) throws -> AnchorEntry {
        let row = try row("SELECT MAX(generation), (SELECT anchor_seen FROM fleet) FROM anchor")
        guard let row else { throw RegistryError(.damaged, "the server's identity is gone") }
        let last: Int64 = row[0]
        guard let generation = UInt32(exactly: max(last, row[1]) + 1) else {
            throw RegistryError(.conflict, "there are no numbers left for a generation")
        }
        let crypto = vault.crypto
        let key = try crypto.generateAgreementKey(.p256)
        let command = try crypto.generateSigningKey(Profile.commandSignature)
        let kid = try crypto.randomBytes(Profile.kidLength)
        let entry = AnchorEntry(
            generation: generation,
            state: .announced,
            kid: kid,
            commandKey: command.publicKey,
            createdAt: now,
            changedAt: now,
            covered: 0
        )
        try insert(
            entry,
            credential: CCS.encode(
                subject: vault.fleet.description,
                kid: kid,
                curve: .p256,
                publicKey: key.publicPoint
            ),
            identity: key.export(),
            command: command
        )
        try audit(
            AuditEvent(
                time: now,
                kind: .anchorAnnounced,
                actor: actor,
                details: [
                    "generation": "\(generation)", "kid": hexadecimal(kid),
                    "publicKey": hexadecimal(key.publicPoint),
                    "commandKey": hexadecimal(command.publicKey),
                ]
            )
        )
        return entry
    }

    fileprivate func switchAnchor(
        stranding: Int?,
        actor: String,
        now: Int64
    ) throws -> AnchorEntry {
        let all = try anchors()
        guard let newest = all.last, newest.state == .announced else {
            throw RegistryError(.conflict, "no generation is announced: announce one first")
        }
        let devices = try devicesInUse()
        let stragglers = try Int.stragglers(db, before: newest.generation)
        let covered = devices - stragglers
        let required = try policy().anchorCoverage
        let isCovered = covered * 100 >= required * devices
        guard stranding.map({ $0 == stragglers }) ?? isCovered else {
            throw RegistryError(
                .conflict,
                "\(covered) of \(devices) devices have talked under generation "
                    + "\(newest.generation), and the policy asks for \(required) percent: "
                    + "\(stragglers) would have to enrol again"
                    + (stranding.map { ", not \($0)" } ?? "")
            )
        }
        try run(
            """
            UPDATE anchor SET state = ?, sealed_identity = NULL, changed_at = ?
            WHERE generation < ? AND state <> ?
            """,
            [
                AnchorState.retired.rawValue, now, Int64(newest.generation),
                AnchorState.retired.rawValue,
            ]
        )
        try run(
            "UPDATE anchor SET state = ?, changed_at = ? WHERE generation = ?",
            [AnchorState.current.rawValue, now, Int64(newest.generation)]
        )
        try audit(
            AuditEvent(
                time: now,
                kind: .anchorSwitched,
                actor: actor,
                details: [
                    "generation": "\(newest.generation)", "devices": "\(devices)",
                    "stranded": "\(stragglers)", "requiredPercent": "\(required)",
                ]
            )
        )
        return AnchorEntry(
            generation: newest.generation,
            state: .current,
            kid: newest.kid,
            commandKey: newest.commandKey,
            createdAt: newest.createdAt,
            changedAt: now,
            covered: covered
        )
    }

    /// Every generation; how many devices have followed is left out.
    fileprivate func anchors() throws -> [AnchorEntry] {
        try rows(
            """
            SELECT generation, state, credential, command_key, created_at, changed_at
            FROM anchor ORDER BY generation
            """
        ).map { row in try row.anchorEntry(covered: 0) }
    }

    /// With the changes of this commit that are not yet in the table.
    private func devicesInUse() throws -> Int {
        try Int.devicesInUse(db) + uncounted(.enrolled) + uncounted(.quarantined)
    }
}
