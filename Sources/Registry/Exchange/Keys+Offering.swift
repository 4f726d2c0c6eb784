internal import EDHOC
internal import Fleet
internal import Foundation
internal import GRDB
internal import KeyExchange
internal import Secrets

/// How generations come into being.
extension Keys {
    mutating func offer(
        _ offer: Plan.Offering,
        group: Transaction.GroupEntry
    ) throws -> OfferedKey {
        let (epoch, material) = try find(offer, group: group)
        return OfferedKey(
            name: offer.spec.name,
            epoch: epoch,
            algorithm: offer.spec.algorithm,
            use: offer.spec.use,
            graceSeconds: offer.spec.graceSeconds,
            leaseSeconds: offer.spec.leaseSeconds,
            material: material
        )
    }

    /// The material to offer: what is stored, or fresh.
    private mutating func find(
        _ offer: Plan.Offering,
        group: Transaction.GroupEntry
    ) throws -> (Epoch, KeyMaterial) {
        let name = offer.spec.name
        var wanted = offer.epoch
        if !offer.isNew {
            guard let index = index(name, wanted) else {
                preconditionFailure("the plan names a generation that is not there")
            }
            do { return (wanted, try material(at: index, group: group)) } catch let error
                as RegistryError where error.code == .damaged
            {
                // It is lost on both sides: only another one can help the device.
                let what = error.detail
                try transaction.noticeDamage(what, about: id, named: device, now: now)
                if records[index].state == .offered {
                    try move(index, to: .withdrawn, details: ["reason": "damaged"])
                }
            }
            let latest = records.filter { $0.name == name }.map(\.epoch).max() ?? wanted
            guard let next = latest.next else {
                throw RegistryError(.damaged, "key \(name) of \(device): no number is left")
            }
            wanted = next
        }
        let epoch = try unused(wanted, of: name)
        return (epoch, try generate(offer.spec, epoch, group: group))
    }

    /// Makes, seals and stores a new generation, to be offered.
    mutating func generate(
        _ spec: KeySpec,
        _ epoch: Epoch,
        group: Transaction.GroupEntry
    ) throws -> KeyMaterial {
        let crypto = transaction.vault.crypto
        let material = KeyMaterial(try crypto.randomSecret(spec.algorithm.keyLength))
        try add(spec.name, epoch, material, group: group)
        return material
    }

    /// Seals and stores a generation of this material, to be offered; `createdAt` is when the material was
    /// made, nil for now.
    mutating func add(
        _ name: KeyName,
        _ epoch: Epoch,
        _ material: KeyMaterial,
        createdAt: Int64? = nil,
        group: Transaction.GroupEntry,
        details: [String: String] = [:]
    ) throws {
        let vault = transaction.vault
        let sealed = try vault.seal(
            material.secret,
            under: group.key,
            at: .key(device, name, epoch)
        )
        let record = KeyRecord(
            name: name,
            epoch: epoch,
            state: .offered,
            thumbprint: Thumbprint(of: material.secret, crypto: vault.crypto),
            createdAt: createdAt ?? now,
            changedAt: now
        )
        if records.contains(where: { $0.name == name }) { try tidy(name, before: epoch) }
        try transaction.run(
            """
            INSERT INTO device_key
                (device_id, name, epoch, state, sealed, thumbprint, created_at, changed_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                id, name.description, epoch.number, record.state.rawValue, Data(sealed),
                Data(record.thumbprint.bytes), record.createdAt, now,
            ]
        )
        try append(record, sealed: sealed, details)
    }

    private func tidy(_ name: KeyName, before epoch: Epoch) throws {
        try transaction.run(
            """
            UPDATE device_key SET rotate_at = NULL
            WHERE device_id = ? AND name = ? AND state = 2 AND rotate_at IS NOT NULL
            """,
            [id, name.description]
        )
        guard epoch.number > Self.remembered else { return }
        // What the device holds is remembered for as long, lest it be taken for unknown.
        let report = try transaction.row("SELECT report FROM device WHERE id = ?", [id])
        let held = ReportRecord.decode(report?.bytes(0) ?? []).first { $0.name == name }
        var kept = held?.epochs.map(\.epoch.number) ?? []
        kept += Array(repeating: 0, count: max(0, MessageLimits.epochs - kept.count))
        let marks = Array(repeating: "?", count: kept.count).joined(separator: ", ")
        let arguments: StatementArguments = [
            id, name.description, epoch.number - Self.remembered,
        ]
        try transaction.run(
            """
            DELETE FROM device_key
            WHERE device_id = ? AND name = ? AND epoch < ? AND state IN (2, 6, 8)
                AND epoch NOT IN (\(marks))
            """,
            arguments + StatementArguments(kept)
        )
    }
}
