internal import EDHOC
internal import Fleet
internal import Foundation
internal import GRDB
internal import Glibc
internal import KeyExchange
internal import Secrets

extension Transaction {
    /// Writes the first generation, unless there is one.
    func foundAnchor(
        identity: borrowing Secret,
        credential: [UInt8],
        root: RootKey,
        now: Int64
    ) throws {
        let command = try root.firstCommandKey(fleet: vault.fleet, crypto: vault.crypto)
        try insert(
            AnchorEntry(
                generation: ServerAnchor.first,
                state: .current,
                kid: [],
                commandKey: command.publicKey,
                createdAt: now,
                changedAt: now,
                covered: 0
            ),
            credential: credential,
            identity: identity,
            command: command
        )
        // One truth: what the fleet's row held has moved.
        try run("UPDATE fleet SET identity = ?, credential = ?", [Data(), Data()])
    }
}

extension Store {
    /// Gives a fleet that was made before there were generations its first one, once.
    func foundAnchors(vault: Vault, root: RootKey) throws(RegistryError) {
        do {
            try pool.write { db in
                let count = try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM anchor")
                guard count == 0 else { return }
                guard
                    let row = try Row.fetchOne(db, sql: "SELECT identity, credential FROM fleet")
                else { throw RegistryError(.missing, "the database holds no fleet: \(path)") }
                // The clock is for the row of the audit log alone.
                let now = Int64(time(nil))
                let transaction = Transaction(
                    db: db,
                    vault: vault,
                    memory: Transaction.Memory(head: try db.auditHead(vault: vault))
                )
                try transaction.foundAnchor(
                    identity: vault.open(
                        row.bytes(0),
                        under: vault.wrappingKey,
                        at: .identity
                    ),
                    credential: row.bytes(1),
                    root: root,
                    now: now
                )
                try transaction.audit(
                    AuditEvent(
                        time: now,
                        kind: .commandKeyCreated,
                        actor: "server",
                        details: ["generation": "\(ServerAnchor.first)"]
                    )
                )
                try transaction.finish()
            }
        } catch {
            throw RegistryError(wrapping: error)
        }
    }

    /// Opens every generation that is still of use.
    func anchors(vault: Vault) throws(RegistryError) -> LiveAnchors.Content {
        let rows = try read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT generation, state, credential, sealed_identity, sealed_command_key
                    FROM anchor ORDER BY generation
                    """
            )
        }
        do {
            var answering: [ServerAnchor] = []
            var commandKeys: [UInt32: any SigningKey] = [:]
            for row in rows {
                let generation: UInt32 = row[0]
                let sealed = try vault.open(
                    row.bytes(4),
                    under: vault.wrappingKey,
                    at: .commandKey(generation)
                )
                let command = try vault.crypto.signingKey(.es256, privateKey: sealed)
                commandKeys[generation] = command
                guard try row.value(1, as: AnchorState.self) != .retired else { continue }
                let identity = try vault.open(
                    row.bytes(3),
                    under: vault.wrappingKey,
                    at: .anchorIdentity(generation)
                )
                answering.append(
                    ServerAnchor(
                        generation: generation,
                        credential: try Credential(ccs: row.bytes(2), sentByValue: false),
                        key: try vault.crypto.agreementKey(.p256, privateKey: identity),
                        commandKey: command
                    )
                )
            }
            guard !answering.isEmpty else {
                throw RegistryError(.damaged, "the server's identity is gone")
            }
            return LiveAnchors.Content(answering: answering, commandKeys: commandKeys)
        } catch {
            throw RegistryError(wrapping: error)
        }
    }
}
