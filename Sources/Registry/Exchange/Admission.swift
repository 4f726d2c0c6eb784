internal import EDHOC
internal import Fleet
internal import Foundation
internal import GRDB
internal import KeyExchange
internal import Secrets

/// Decides who a device is, and whether it may come in.
struct Admission {
    /// The outcome.
    enum Outcome {
        case admitted(DeviceRow)
        case refused(Problem, about: String?)
    }

    let transaction: Transaction
    let contact: Contact

    /// Finds the device, or makes it known when its claim is good.
    func decide() throws -> Outcome {
        guard contact.isByValue else { return try byReference() }
        guard let arrival = Arrival(contact.credential) else {
            return refuse(
                .malformed,
                contact.credential.subject,
                "want a CCS with a device name, a kid of 8 bytes and a P-256 key"
            )
        }
        guard let device = try transaction.device(publicKey: arrival.publicKey) else {
            return try enrolUnknown(arrival)
        }
        guard device.name == arrival.name else {
            return refuse(.nameTaken, arrival, "this key belongs to a device of another name")
        }
        return try readmit(device, arrival)
    }

    private func byReference() throws -> Outcome {
        let credential = contact.credential
        guard let kid = credential.id.kid, let device = try transaction.device(kid: kid),
            device.credential == credential.encoded
        else { return refuse(.unknownDevice, credential.subject, "") }
        return .admitted(device)
    }

    /// A device that was imported, or that did not hear the end of its enrolment, or lost its memory.
    private func readmit(_ device: DeviceRow, _ arrival: Arrival) throws -> Outcome {
        if device.state == .registered {
            if let claim = contact.claim {
                switch try examine(claim) {
                case .bad(let problem): return refuse(problem, arrival, "")
                case .good(let group) where group != device.group:
                    return refuse(.wrongGroup, arrival, "")
                case .good: break
                }
                try useUp(claim)
            }
        } else if device.credential == contact.credential.encoded {
            return .admitted(device)
        }
        // The handshake has shown that it holds the key; under a new kid it is the same device.
        if let other = try transaction.device(kid: arrival.kid), other.id != device.id {
            return refuse(.nameTaken, arrival, "another device has this kid")
        }
        let isNew = device.state == .registered
        // Each leaves a row, and costs the device nothing but a new name for its credential.
        if !isNew, transaction.admitsRows(1, by: device.id, at: contact.now) == nil {
            return refuse(.throttled, arrival, "it enrolled anew too often in this hour")
        }
        let state = isNew ? DeviceState.enrolled : device.state
        try transaction.run(
            "UPDATE device SET kid = ?, credential = ?, state = ? WHERE id = ?",
            [
                Data(arrival.kid), Data(contact.credential.encoded), state.rawValue, device.id,
            ]
        )
        if isNew { transaction.count(.enrolled, leaving: .registered) }
        try auditEnrolment(arrival, group: device.group)
        return isNew
            ? .admitted(
                DeviceRow(
                    enrolling: device.id,
                    name: device.name,
                    group: device.group,
                    credential: contact.credential.encoded,
                    report: contact.report,
                    hasRetiredKeys: device.hasRetiredKeys
                )
            ) : .admitted(device)
    }

    private func enrolUnknown(_ arrival: Arrival) throws -> Outcome {
        guard let claim = contact.claim else { return refuse(.unknownDevice, arrival, "") }
        let group: Int64
        switch try examine(claim) {
        case .bad(let problem): return refuse(problem, arrival, "")
        case .good(let found): group = found
        }
        let report = contact.report
        let ticket = transaction.tickets.draw()
        let row = try transaction.row(
            """
            INSERT INTO device
                (name, group_id, state, public_key, kid, credential, created_at, order_counter,
                last_seen, store, security_level, agent_version, agent_order, report,
                broker_password_hash, instance, run, ticket)
            VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT DO NOTHING RETURNING id
            """,
            [
                arrival.name.description, group, DeviceState.enrolled.rawValue,
                Data(arrival.publicKey), Data(arrival.kid), Data(contact.credential.encoded),
                contact.now, contact.now, report.store.rawValue, report.level.rawValue,
                report.agentVersion, AgentVersion(parsing: report.agentVersion)?.sortKey,
                Data(ReportRecord.encode(report.keys)), contact.brokerPasswordHash,
                report.instance.map { Data($0) }, ticket.run, ticket.number,
            ]
        )
        guard let row else { return refuse(.nameTaken, arrival, "") }
        if contact.brokerPasswordHash != nil { transaction.accountsChanged() }
        try useUp(claim)
        transaction.count(.enrolled)
        try auditEnrolment(arrival, group: group)
        return .admitted(
            DeviceRow(
                enrolling: row[0],
                name: arrival.name,
                group: group,
                credential: contact.credential.encoded,
                report: contact.report,
                isNew: true
            )
        )
    }

    private enum Examined {
        case good(group: Int64)
        case bad(ProblemCode)
    }

    /// Whether a claim admits its device, and to which group.
    ///
    /// Whoever lacks the secret learns nothing more.
    private func examine(_ claim: EnrolmentClaim) throws -> Examined {
        let row = try transaction.row(
            """
            SELECT group_id, sealed_secret, uses_left, expires_at, is_revoked
            FROM bundle WHERE id = ?
            """,
            [Data(claim.tokenID)]
        )
        guard let row, let id = BundleID(bytes: claim.tokenID) else { return .bad(.tokenUnknown) }
        let entry = try transaction.group(row[0])
        let secret = try transaction.vault.open(
            row.bytes(1),
            under: entry.key,
            at: .tokenSecret(id)
        )
        let expected = transaction.vault.crypto.authenticate(
            .sha256,
            key: secret,
            message: claim.message.rawSpan
        )
        guard constantTimeEqual(expected.rawSpan, claim.proof.rawSpan) else {
            return .bad(.tokenProofWrong)
        }
        let bundle = EnrolmentBundle(
            id: id,
            group: entry.name,
            usesAllowed: 0,
            usesLeft: try row.count(2, as: UInt32.self),
            expiresAt: try row.count(3, as: Int64.self),
            isRevoked: try row.number(4) != 0,
            createdAt: 0
        )
        return bundle.refusal(at: contact.now).map { .bad($0) } ?? .good(group: entry.id)
    }

    private func useUp(_ claim: EnrolmentClaim) throws {
        try transaction.run(
            "UPDATE bundle SET uses_left = uses_left - 1 WHERE id = ?",
            [Data(claim.tokenID)]
        )
    }

    private func auditEnrolment(_ arrival: Arrival, group: Int64) throws {
        var details = [
            "group": try transaction.group(group).name.description,
            "kid": hexadecimal(arrival.kid), "publicKey": hexadecimal(arrival.publicKey),
        ]
        details["bundle"] = contact.claim.map { hexadecimal($0.tokenID) }
        try transaction.audit(
            AuditEvent(
                time: contact.now,
                kind: .deviceEnrolled,
                actor: "device",
                device: arrival.name.description,
                details: details
            )
        )
    }

    private func refuse(_ code: ProblemCode, _ arrival: Arrival, _ text: String) -> Outcome {
        refuse(code, arrival.name.description, text)
    }

    private func refuse(_ code: ProblemCode, _ subject: String?, _ text: String) -> Outcome {
        .refused(Problem(code, text: text), about: subject)
    }
}

/// What a credential says of a device that sends it by value.
private struct Arrival {
    let name: DeviceID
    let kid: [UInt8]
    /// The x-coordinate, in which both forms of the key agree.
    let publicKey: [UInt8]

    init?(_ credential: Credential) {
        guard let ccs = try? CCS(parsing: credential.encoded), let subject = ccs.subject,
            let name = try? DeviceID(parsing: subject), let kid = ccs.kid, kid.count == 8,
            ccs.publicKey.count == 32 || ccs.publicKey.count == 64
        else { return nil }
        self.name = name
        self.kid = kid
        publicKey = Array(ccs.publicKey.prefix(32))
    }
}
