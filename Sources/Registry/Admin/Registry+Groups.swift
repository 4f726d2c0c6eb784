internal import EDHOC
public import Fleet
internal import Foundation
internal import GRDB
public import KeyExchange
internal import Secrets

extension Registry {
    /// Makes a group with a sealing key of its own; `conflict` if it exists.
    public func createGroup(
        _ name: GroupName,
        actor: String,
        now: Int64
    ) async throws(RegistryError) -> Group {
        try await writer.perform { transaction in
            let key = try transaction.vault.crypto.randomSecret(
                AEADAlgorithm.aes256GCM.keyLength
            )
            let sealed = try transaction.vault.seal(
                key,
                under: transaction.vault.wrappingKey,
                at: .groupKey(name)
            )
            let isNew = try transaction.row(
                """
                INSERT INTO device_group (name, sealed_key, created_at) VALUES (?, ?, ?)
                ON CONFLICT (name) DO NOTHING RETURNING id
                """,
                [name.description, Data(sealed), now]
            )
            guard isNew != nil else {
                throw RegistryError(.conflict, "there is a group \(name) already")
            }
            try transaction.audit(
                AuditEvent(
                    time: now,
                    kind: .groupCreated,
                    actor: actor,
                    details: ["group": name.description]
                )
            )
            return Group(name: name, createdAt: now)
        }
    }

    /// Every group, by name.
    public func listGroups() async throws(RegistryError) -> [Group] {
        try store.read { db in
            try Row.fetchAll(db, sql: "SELECT name, created_at FROM device_group ORDER BY name")
                .map { row in
                    Group(name: try row.name(0, as: GroupName.self), createdAt: row[1])
                }
        }
    }

    /// Adds a key to what a group's devices shall hold, and nudges them.
    public func createKeySpec(
        _ spec: KeySpec,
        actor: String,
        now: Int64
    ) async throws(RegistryError) {
        let group = try await writer.perform { transaction in
            try transaction.insert(spec, actor: actor, now: now)
        }
        // Only hints: a device that gets none learns of the key when it comes by itself.
        try await forEachDevice(in: group, now: now) { transaction, device in
            try transaction.nudge(device.name, now: now)
            return 1
        }
    }

    /// The key specs of one group or of all, by group and name.
    public func listKeySpecs(
        group: GroupName? = nil
    ) async throws(RegistryError) -> [KeySpec] {
        try store.read { db in
            let condition = group == nil ? "" : "WHERE device_group.name = ?"
            let arguments: StatementArguments = group.map { [$0.description] } ?? []
            return try Row.fetchAll(
                db,
                sql: """
                    SELECT \(Row.keySpecColumns), device_group.name
                    FROM key_spec JOIN device_group ON device_group.id = group_id \(condition)
                    ORDER BY device_group.name, key_spec.name
                    """,
                arguments: arguments
            ).map { row in try row.keySpec(group: try row.name(8, as: GroupName.self)) }
        }
    }
}

extension Transaction {
    fileprivate func insert(_ spec: KeySpec, actor: String, now: Int64) throws -> Int64 {
        let group = try groupID(spec.group)
        let entry = try self.group(group)
        let existing = entry.specs
        guard !entry.retired.contains(spec.name) else {
            throw RegistryError(
                .conflict,
                "key \(spec.name) of group \(spec.group) was retired: give the new one another name"
            )
        }
        guard !existing.contains(where: { $0.name == spec.name }) else {
            throw RegistryError(
                .conflict,
                "group \(spec.group) has a key spec \(spec.name) already"
            )
        }
        guard existing.count < KeySpec.maximumPerGroup else {
            throw RegistryError(
                .invalid,
                "a group has at most \(KeySpec.maximumPerGroup) key specs"
            )
        }
        try run(
            """
            INSERT INTO key_spec
                (group_id, name, algorithm, key_use, rotation_seconds, grace_seconds,
                lease_seconds, maximum_age_seconds)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                group, spec.name.description, spec.algorithm.rawValue, spec.use.rawValue,
                spec.rotationSeconds, spec.graceSeconds, spec.leaseSeconds,
                spec.maximumAgeSeconds,
            ]
        )
        forget(group: group)
        try audit(
            AuditEvent(
                time: now,
                kind: .keySpecCreated,
                actor: actor,
                key: spec.name,
                details: [
                    "group": spec.group.description, "algorithm": spec.algorithm.description,
                    "use": spec.use.description, "grace": "\(spec.graceSeconds)",
                    "lease": "\(spec.leaseSeconds)",
                    "rotation": spec.rotationSeconds.map { "\($0)" } ?? "none",
                    "maximumAge": spec.maximumAgeSeconds.map { "\($0)" } ?? "none",
                ]
            )
        )
        return group
    }
}
