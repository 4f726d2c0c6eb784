internal import EDHOC
internal import Fleet
internal import Foundation
internal import GRDB
internal import KeyExchange
internal import Secrets

extension Database {
    /// The head of the audit log, if it was written by someone who has the root key.
    func auditHead(vault: Vault) throws -> AuditHead {
        guard let row = try Row.fetchOne(self, sql: "SELECT count, hash, mac FROM audit_head")
        else { throw RegistryError(.damaged, "the head of the audit log is gone") }
        let head = AuditHead(count: try row.count(0, as: Int64.self), hash: row.bytes(1))
        // Going on from a forged head would sign the forgery.
        guard constantTimeEqual(vault.authenticate(head).rawSpan, row.bytes(2).rawSpan) else {
            throw RegistryError(
                .damaged,
                "the head of the audit log was not written by this server"
            )
        }
        return head
    }

    /// Reads the whole log, one row at a time.
    func verifyAudit(vault: Vault) throws -> AuditVerification {
        var verifier = AuditVerifier(crypto: vault.crypto)
        let rows = try Row.fetchCursor(
            self,
            sql: """
                SELECT sequence, time, kind, actor, device, key_name, epoch, details, hash
                FROM audit ORDER BY sequence
                """
        )
        do {
            while let row = try rows.next() {
                let sequence: Int64 = row[0]
                guard let event = row.auditEvent() else {
                    throw AuditFault(
                        sequence: sequence,
                        reason: "edited: it holds what was never written"
                    )
                }
                try verifier.check(
                    sequence: sequence,
                    encoded: event.encoded(details: row.bytes(7)),
                    hash: row.bytes(8)
                )
            }
            try verifier.finish(at: try expectedHead(vault: vault, after: verifier.head))
            return AuditVerification(rows: verifier.head.count, fault: nil)
        } catch let fault as AuditFault {
            return AuditVerification(rows: verifier.head.count, fault: fault)
        }
    }

    private func expectedHead(vault: Vault, after last: AuditHead) throws -> AuditHead {
        do { return try auditHead(vault: vault) } catch let error as RegistryError {
            throw AuditFault(sequence: last.count, reason: error.detail)
        }
    }
}

extension Row {
    /// `sequence, time, kind, actor, device, key_name, epoch, details, hash`; nil if damaged.
    func auditEvent() -> AuditEvent? {
        guard let time = Int64.fromDatabaseValue(self[1]),
            let kind = String.fromDatabaseValue(self[2]).flatMap(AuditKind.init(rawValue:)),
            let actor = String.fromDatabaseValue(self[3]),
            let details = AuditEvent.details(parsing: bytes(7))
        else { return nil }
        var key: KeyName?
        if !(self[5] as DatabaseValue).isNull {
            guard let text = text(5), let name = try? KeyName(parsing: text) else { return nil }
            key = name
        }
        var epoch: Epoch?
        if !(self[6] as DatabaseValue).isNull {
            guard let value = try? self.epoch(6) else { return nil }
            epoch = value
        }
        return AuditEvent(
            time: time,
            kind: kind,
            actor: actor,
            device: text(4),
            key: key,
            epoch: epoch,
            details: details
        )
    }
}
