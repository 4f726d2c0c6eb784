internal import Fleet
internal import GRDB
internal import KeyExchange

/// The rows of a device's keys, as far as they can be read.
///
/// A row that cannot be read counts as one that is not there: what the device holds under its number is
/// then later than what the server knows, and it is led to a fresh generation above both.
struct StoredKeys {
    /// A row that holds what was never written.
    struct Unreadable: Hashable, Sendable {
        /// Its key; nil when that can't be read either.
        let name: KeyName?
        /// Its number, which is not given out again; nil when that can't be read either.
        let epoch: Epoch?
        /// What is wrong.
        let reason: String
    }

    private(set) var records: [KeyRecord] = []
    private(set) var sealed: [[UInt8]?] = []
    private(set) var unreadable: [Unreadable] = []

    /// Reads rows of `Row.keyColumns`, and of the sealed material behind them.
    init(_ rows: [Row]) throws {
        for row in rows {
            do {
                records.append(try row.keyRecord())
                sealed.append(row.bytesIfAny(10))
            } catch let error as RegistryError where error.code == .damaged {
                unreadable.append(
                    Unreadable(
                        name: try? row.name(0, as: KeyName.self),
                        epoch: try? row.epoch(1),
                        reason: error.detail
                    )
                )
            }
        }
    }
}

extension StoredKeys.Unreadable {
    /// In words, for a log and for people.
    var description: String {
        let key = name.map { "key \($0)" } ?? "a key"
        return "\(key) \(epoch.map { "\($0)" } ?? "of no epoch"): \(reason)"
    }
}

extension Keys {
    /// Deletes the material of rows that cannot be read, of one key or of all, once every other
    /// generation is at its end; the rows stay, for whoever looks into it.
    func forgetUnreadable(of name: KeyName? = nil) throws {
        guard !unreadable.isEmpty else { return }
        let condition = name == nil ? "" : "AND name = ?"
        try transaction.run(
            "UPDATE device_key SET sealed = NULL WHERE device_id = ? \(condition)",
            name.map { [id, $0.description] } ?? [id]
        )
    }
}

extension Transaction {
    /// Has an admin see that a row about a device cannot be read; the log is told as often as the device
    /// may cause rows.
    func noticeDamage(
        _ what: String,
        about device: Int64,
        named name: DeviceID?,
        now: Int64
    ) throws {
        try notice(.damaged, about: device, now: now)
        guard let omitted = admitsRows(1, by: device, at: now) else { return }
        var details = ["reason": what]
        if omitted > 0 { details["omittedBefore"] = "\(omitted)" }
        try audit(
            AuditEvent(
                time: now,
                kind: .rowDamaged,
                actor: "server",
                device: name?.description,
                details: details
            )
        )
    }
}
