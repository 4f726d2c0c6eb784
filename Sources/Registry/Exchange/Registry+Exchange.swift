public import EDHOC
internal import Fleet
internal import Foundation
internal import GRDB
public import KeyExchange

extension Registry {
    /// The credential that a kid names, in whatever state its device is.
    public func knownCredential(kid: [UInt8]) throws(RegistryError) -> Credential? {
        let encoded: [UInt8]?
        do {
            // One statement sees one state: it needs no transaction around it.
            encoded = try store.pool.unsafeRead { db in
                let statement = try db.cachedStatement(
                    sql: "SELECT credential FROM device WHERE kid = ?"
                )
                return try Data.fetchOne(statement, arguments: [Data(kid)]).map { [UInt8]($0) }
            }
        } catch {
            throw RegistryError(wrapping: error)
        }
        guard let encoded else { return nil }
        do { return try Credential(ccs: encoded, sentByValue: false) } catch {
            throw RegistryError(.damaged, "a stored credential is damaged: \(error)")
        }
    }

    /// Admits or enrols the device, compares what it has with what it should have, and answers.
    ///
    /// A device that asks again is told the same: the same keys, the same retirement, and no token is
    /// used up twice. A refusal is written to the audit log. `damaged` when the device's own row cannot
    /// be read; an admin is told.
    public func reconcile(_ contact: Contact) async throws(RegistryError) -> Answer {
        do throws(RegistryError) { return try await answer(contact) } catch {
            guard error.code == .damaged, let kid = contact.credential.id.kid else { throw error }
            // In a commit of its own: the other one is undone.
            try? await writer.perform { transaction in
                try transaction.noticeDamage(error.detail, kid: kid, now: contact.now)
            }
            throw error
        }
    }

    private func answer(_ contact: Contact) async throws(RegistryError) -> Answer {
        // On a full disk a device that is to lose its keys is heard, and no other.
        try await writer.perform(.cannotWait) { [anchors] transaction in
            switch try Admission(transaction: transaction, contact: contact).decide() {
            case .refused(let problem, let subject):
                try transaction.demandRoom(unless: false)
                try transaction.auditRefusal(problem, about: subject, now: contact.now)
                return .refuse(problem)
            case .admitted(let device):
                try transaction.demandRoom(
                    unless: device.state == .retiring || !device.retireKeys.isEmpty
                )
                let announcement = try transaction.follow(contact, device, anchors)
                let answer = try transaction.answer(contact, from: device)
                if device.isNew {
                    try transaction.campaigns(meet: device.id, now: contact.now)
                }
                return answer.telling(announcement)
            }
        }
    }

    /// Takes what became of an offer, and says what counts from now on.
    ///
    /// Only the state of the keys decides, so a repeat gets the same verdicts. `conflict` when the
    /// device is retired.
    public func confirm(
        device: DeviceID,
        operation: OperationID,
        outcomes: [KeyOutcome],
        verdicts: [Verdict],
        now: Int64
    ) async throws(RegistryError) -> Settle {
        try await writer.perform { [anchors] transaction in
            guard let row = try transaction.device(named: device), row.state != .retired else {
                throw RegistryError(.conflict, "device \(device) takes no keys")
            }
            var confirmation = try Confirming(device: row, now: now, in: transaction)
            for outcome in outcomes { try confirmation.take(outcome) }
            if confirmation.makesRoom(for: outcomes, by: verdicts) {
                try transaction.nudge(device, now: now)
            }
            return Settle(
                operation: operation,
                verdicts: Array(
                    (verdicts + confirmation.verdicts).prefix(2 * MessageLimits.keys)
                ),
                time: UInt64(clamping: now),
                anchor: try anchors.announcement(for: row.trust, fleet: transaction.vault.fleet)
            )
        }
    }

    /// Records a refusal that was decided outside; `subject` is the name that was claimed.
    public func refused(
        _ problem: Problem,
        about subject: String?,
        now: Int64
    ) async throws(RegistryError) {
        try await writer.perform { transaction in
            try transaction.auditRefusal(problem, about: subject, now: now)
        }
    }
}

extension Transaction {
    fileprivate func noticeDamage(_ what: String, kid: [UInt8], now: Int64) throws {
        guard let row = try row("SELECT id, name FROM device WHERE kid = ?", [Data(kid)]) else {
            return
        }
        let name = try? row.name(1, as: DeviceID.self)
        try noticeDamage(what, about: row[0], named: name, now: now)
    }

    fileprivate func auditRefusal(_ problem: Problem, about subject: String?, now: Int64) throws {
        guard admitsRefusal(at: now) else { return }
        // The name is only claimed: it is kept if it could be one.
        let name = subject.flatMap { try? DeviceID(parsing: $0) }
        var details = ["code": problem.code.description]
        if !problem.text.isEmpty { details["text"] = String(problem.text.prefix(120)) }
        let omitted = takeOmittedRefusals()
        if omitted > 0 { details["omittedBefore"] = "\(omitted)" }
        try audit(
            AuditEvent(
                time: now,
                kind: .contactRefused,
                actor: "server",
                device: name?.description,
                details: details
            )
        )
    }

    fileprivate func answer(_ contact: Contact, from device: DeviceRow) throws -> Answer {
        switch device.state {
        case .retiring, .retired:
            let counter = try note(contact, from: device).orderCounter
            guard let operation = device.retireOperation else {
                throw RegistryError(.damaged, "device \(device.name) has no retirement")
            }
            return .retire(
                device: device.name,
                Retire(operation: operation, counter: counter, scope: .device)
            )
        case .quarantined: return try refuseQuarantined(device, contact)
        case .registered, .enrolled:
            var counter = device.orderCounter
            if !device.isNew {
                let noted = try note(contact, from: device)
                if noted.isQuarantined { return try refuseQuarantined(device, contact) }
                counter = noted.orderCounter
                if contact.report.isRetiring {
                    return try retireAgain(device, after: counter, now: contact.now)
                }
            }
            return try reconcile(contact.report, of: device, counter: counter, now: contact.now)
        }
    }

    /// A device has obeyed an order of which this server, which came back from an old copy of itself, does
    /// not know: it is given another one, whose receipt brings the books up to date.
    private func retireAgain(
        _ device: DeviceRow,
        after counter: UInt64,
        now: Int64
    ) throws -> Answer {
        try notice(.ahead, about: device.id, now: now)
        let order = try retire(
            device,
            after: counter,
            actor: "device",
            now: now,
            details: ["reason": "it has obeyed an order that is not known"]
        )
        return .retire(device: device.name, order)
    }

    private func refuseQuarantined(_ device: DeviceRow, _ contact: Contact) throws -> Answer {
        let problem = Problem(.deviceQuarantined)
        try auditRefusal(problem, about: device.name.description, now: contact.now)
        return .refuse(problem)
    }

    private func reconcile(
        _ report: Report,
        of device: DeviceRow,
        counter: UInt64,
        now: Int64
    ) throws -> Answer {
        let group = try group(device.group)
        var keys = try Keys(of: device, actor: "server", now: now, in: self)
        try keys.beginGraces(report, specs: group.specs)
        let retired = try retiredKeys(of: device, in: group)
        if let order = try retirement(of: retired, keys, device, counter: counter, now: now) {
            return .retire(device: device.name, order)
        }
        let plan = try admitted(
            Reconciler.plan(
                specs: group.specs,
                records: keys.records,
                report: report,
                gone: retired,
                now: now
            ),
            of: device,
            now: now
        )
        for withdrawal in plan.withdrawals {
            guard let index = keys.index(withdrawal.name, withdrawal.epoch) else { continue }
            try keys.move(index, to: .withdrawn, details: ["reason": withdrawal.reason.rawValue])
        }
        let operation = try OperationID(crypto: vault.crypto)
        let offered = try plan.offers.map { offer in
            try keys.offer(offer, group: group)
        }
        return offered.isEmpty
            ? .settle(
                device: device.name,
                Settle(
                    operation: operation,
                    verdicts: plan.verdicts,
                    time: UInt64(clamping: now)
                )
            )
            : .offer(
                device: device.name,
                Offer(operation: operation, keys: offered),
                verdicts: plan.verdicts
            )
    }
}

extension Answer {
    /// With the announcement of a generation, if SETTLE comes now; otherwise it comes with that of the
    /// confirmation.
    fileprivate func telling(_ announcement: [UInt8]?) -> Answer {
        guard case .settle(let device, var settle) = self else { return self }
        settle.anchor = announcement
        return .settle(device: device, settle)
    }
}
