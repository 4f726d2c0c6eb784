internal import Fleet
internal import Foundation
internal import GRDB
internal import KeyExchange

/// What an authentic report changes in the memory of its device.
extension Transaction {
    /// What came of it.
    struct Noted {
        /// The counter of orders, not behind the device's own.
        var orderCounter: UInt64
        /// Whether the device was taken for two and shut out.
        var isQuarantined = false
    }

    /// A device that comes back within so many seconds tries again, and one that has a key due was
    /// probably nudged: its own rhythm of contact shows in neither.
    private static let sameContact = 10
    /// An order's counter beyond this is no counter of ours, and could not be counted on from.
    static let plausibleOrder: UInt64 = 1 << 53

    /// Keeps what the device said of itself, and notices what cannot be true of one device.
    func note(_ contact: Contact, from device: DeviceRow) throws -> Noted {
        let report = contact.report
        var presence = device.presence
        let isLater =
            contact.began.map { began in
                device.lastContact.map { began.isAfter($0) } ?? true
            } ?? false
        var contradiction = presence.take(report, isLater: isLater)
        // Nothing is known yet that it could contradict.
        if device.lastContact == nil { contradiction = nil }
        let counter = try orderCounter(after: report, of: device, now: contact.now)
        let ticket = tickets.draw()
        try run(
            """
            UPDATE device SET
                contact_interval = CASE
                    WHEN last_seen IS NULL OR last_seen + \(Self.sameContact) > ? OR EXISTS (
                        SELECT 1 FROM device_key
                        WHERE device_key.device_id = device.id AND rotate_at <= ?)
                        THEN contact_interval
                    WHEN contact_interval IS NULL THEN ? - last_seen
                    ELSE (contact_interval * 3 + ? - last_seen) / 4 END,
                last_seen = ?, store = ?, security_level = ?, agent_version = ?,
                agent_order = ?, report = ?,
                broker_password_hash = COALESCE(?, broker_password_hash), instance = ?,
                earlier_instances = ?, run = ?, ticket = ?, order_counter = ?
            WHERE id = ?
            """,
            [
                contact.now, contact.now, contact.now, contact.now, contact.now,
                report.store.rawValue,
                report.level.rawValue, report.agentVersion,
                AgentVersion(parsing: report.agentVersion)?.sortKey,
                Data(ReportRecord.encode(report.keys)), contact.brokerPasswordHash,
                presence.instance.map { Data($0) },
                presence.earlier.isEmpty ? nil : Data(presence.earlier.flatMap(\.self)),
                ticket.run, ticket.number, Int64(counter), device.id,
            ]
        )
        if contact.brokerPasswordHash != nil { accountsChanged() }
        var noted = Noted(orderCounter: counter)
        if let contradiction, device.state == .enrolled {
            noted.isQuarantined = try respond(to: contradiction, of: device, now: contact.now)
        }
        return noted
    }

    /// What an admin is to see of a device; once noticed, it stays until it is dismissed.
    func notice(_ kind: NoticeKind, about device: Int64, now: Int64) throws {
        try run(
            """
            INSERT INTO notice (device_id, kind, first_at, last_at) VALUES (?, ?, ?, ?)
            ON CONFLICT (device_id, kind) DO UPDATE SET last_at = excluded.last_at
            """,
            [device, kind.rawValue, now, now]
        )
    }

    /// The plan as far as the device may cause it this hour; its findings are written down.
    func admitted(_ plan: Plan, of device: DeviceRow, now: Int64) throws -> Plan {
        let rows = plan.rowsByDevice
        guard rows > 0 else { return plan }
        guard let omitted = admitsRows(rows, by: device.id, at: now) else {
            try notice(.implausible, about: device.id, now: now)
            return plan.withoutDeviceMade
        }
        for finding in plan.findings {
            switch finding.kind {
            case .deviceAhead: try notice(.ahead, about: device.id, now: now)
            default: try notice(.implausible, about: device.id, now: now)
            }
            var details: [String: String] = [:]
            details["reason"] = finding.reason
            if omitted > 0 { details["omittedBefore"] = "\(omitted)" }
            try audit(
                AuditEvent(
                    time: now,
                    kind: finding.kind,
                    actor: "server",
                    device: device.name.description,
                    key: finding.name,
                    epoch: finding.epoch,
                    details: details
                )
            )
        }
        return plan
    }

    /// The counter to go on from; a device that obeyed a later order knows a server that this one was.
    private func orderCounter(
        after report: Report,
        of device: DeviceRow,
        now: Int64
    ) throws -> UInt64 {
        let known = device.orderCounter
        guard report.lastOrder > known else { return known }
        let isPlausible = report.lastOrder < Self.plausibleOrder
        try notice(isPlausible ? .ahead : .implausible, about: device.id, now: now)
        if let omitted = admitsRows(1, by: device.id, at: now) {
            var details = ["order": "\(report.lastOrder)", "known": "\(known)"]
            if omitted > 0 { details["omittedBefore"] = "\(omitted)" }
            try audit(
                AuditEvent(
                    time: now,
                    kind: isPlausible ? .deviceAhead : .reportImplausible,
                    actor: "server",
                    device: device.name.description,
                    details: details
                )
            )
        }
        guard isPlausible else { return known }
        // The order that is open now must be a later one than all that the device has obeyed.
        guard device.state == .retiring || device.state == .retired else { return report.lastOrder }
        // What the broker holds for it has a number that it would take for an old one.
        if device.state == .retiring { try order(device.name, now: now) }
        return Registry.orderNumber(after: report.lastOrder, now: now)
    }

    /// Shuts out a device that is taken for two, where the policy wants it; whether it did.
    private func respond(
        to contradiction: Presence.Contradiction,
        of device: DeviceRow,
        now: Int64
    ) throws -> Bool {
        let isQuarantined = try quarantinesClones()
        try notice(.cloned, about: device.id, now: now)
        if let omitted = admitsRows(2, by: device.id, at: now) {
            var details = ["reason": contradiction.description]
            if omitted > 0 { details["omittedBefore"] = "\(omitted)" }
            try audit(
                AuditEvent(
                    time: now,
                    kind: .deviceCloned,
                    actor: "server",
                    device: device.name.description,
                    details: details
                )
            )
        }
        guard isQuarantined else { return false }
        try run(
            "UPDATE device SET state = ? WHERE id = ?",
            [DeviceState.quarantined.rawValue, device.id]
        )
        count(.quarantined, leaving: .enrolled)
        try campaigns(leave: device.id, because: .quarantined, now: now)
        try audit(
            AuditEvent(
                time: now,
                kind: .deviceQuarantined,
                actor: "server",
                device: device.name.description,
                details: ["reason": AuditKind.deviceCloned.rawValue]
            )
        )
        return true
    }

    /// Whether the fleet's policy shuts out a device that is taken for two.
    private func quarantinesClones() throws -> Bool {
        try policy().cloneResponse == .quarantine
    }
}
