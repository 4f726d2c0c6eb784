internal import AdminAPI
internal import AdminModel
internal import Fleet
internal import KeyExchange
internal import Registry

extension RegistryAdmin {
    func listAudit(
        _ filter: AdminModel.AuditFilter,
        _ page: PageRequest
    ) async throws(AdminProblem) -> Page<AuditEntry> {
        let kind: AuditKind? = try chosen(filter.kind, "kind", AuditKind.init(rawValue:))
        let after = page.after.map { Int64($0) } ?? 0
        guard let after, after >= 0 else {
            throw AdminProblem(.invalid, "parameter \"after\": want the number of a row")
        }
        return try await mapping { () throws(RegistryError) in
            let rows = try await registry.auditList(
                .init(
                    device: filter.device,
                    kind: kind,
                    since: filter.since?.seconds,
                    until: filter.until?.seconds
                ),
                after: after,
                limit: page.limit
            )
            return Page(
                items: rows.map { row in
                    AuditEntry(
                        sequence: row.sequence,
                        at: Timestamp(seconds: row.event.time),
                        kind: row.event.kind.rawValue,
                        actor: row.event.actor,
                        device: row.event.device,
                        key: row.event.key?.description,
                        epoch: row.event.epoch?.number,
                        details: row.event.details,
                        hash: hexadecimal(row.hash)
                    )
                },
                next: rows.count < page.limit ? nil : rows.last.map { "\($0.sequence)" }
            )
        }
    }

    func verifyAudit() async throws(AdminProblem) -> AuditVerdict {
        try await mapping { () throws(RegistryError) in
            let found = try await registry.auditVerify()
            // A head that was forged is itself a finding, so it is read only when all is well.
            let head = found.fault == nil ? try await registry.status(now: now).audit : nil
            return AuditVerdict(
                isIntact: found.fault == nil,
                rows: found.rows,
                head: head.map { hexadecimal($0.hash) },
                faultAt: found.fault?.sequence,
                fault: found.fault?.reason
            )
        }
    }
}
