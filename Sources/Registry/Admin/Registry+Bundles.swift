public import Fleet
internal import EDHOC
internal import Foundation
internal import GRDB
public import KeyExchange
internal import Secrets

extension Registry {
    /// Bytes of a token's secret.
    static let tokenSecretLength = 32

    /// Makes an enrolment token; its secret is in the result and never given out again.
    public func createBundle(
        group: GroupName,
        uses: UInt32,
        expiresAt: Int64,
        actor: String,
        now: Int64
    ) async throws(RegistryError) -> CreatedBundle {
        guard (1...EnrolmentBundle.maximumUses).contains(uses) else {
            throw RegistryError(
                .invalid,
                "uses out of range: want 1 to \(EnrolmentBundle.maximumUses), have \(uses)"
            )
        }
        guard expiresAt > now else {
            throw RegistryError(.invalid, "the bundle would have expired before it is made")
        }
        return try await writer.perform { [anchors] transaction in
            let crypto = transaction.vault.crypto
            guard let id = BundleID(bytes: try crypto.randomBytes(BundleID.length)) else {
                preconditionFailure("a token's name is of the length asked for")
            }
            let secret = KeyMaterial(try crypto.randomSecret(Self.tokenSecretLength))
            let bundle = EnrolmentBundle(
                id: id,
                group: group,
                usesAllowed: uses,
                usesLeft: uses,
                expiresAt: expiresAt,
                isRevoked: false,
                createdAt: now
            )
            try transaction.insert(
                bundle,
                secret: secret,
                anchor: anchors.newest.generation,
                actor: actor
            )
            return CreatedBundle(bundle: bundle, secret: secret)
        }
    }

    /// Every bundle, newest first.
    public func listBundles() async throws(RegistryError) -> [EnrolmentBundle] {
        try store.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT bundle.id, device_group.name, uses_allowed, uses_left, expires_at,
                        is_revoked, bundle.created_at
                    FROM bundle JOIN device_group ON device_group.id = group_id
                    ORDER BY bundle.created_at DESC, bundle.id
                    """
            ).map { row in try row.bundle() }
        }
    }

    /// Takes a bundle back; doing it twice is no fault.
    public func revokeBundle(
        _ id: BundleID,
        actor: String,
        now: Int64
    ) async throws(RegistryError) {
        try await writer.perform(.cannotWait) { transaction in
            let row = try transaction.row(
                "SELECT is_revoked FROM bundle WHERE id = ?",
                [Data(id.bytes)]
            )
            guard let row else { throw RegistryError(.notFound, "there is no bundle \(id)") }
            guard row[0] == false else { return }
            try transaction.run(
                "UPDATE bundle SET is_revoked = 1 WHERE id = ?",
                [Data(id.bytes)]
            )
            try transaction.audit(
                AuditEvent(
                    time: now,
                    kind: .bundleRevoked,
                    actor: actor,
                    details: ["bundle": id.description]
                )
            )
        }
    }
}

extension Row {
    /// `id, group name, uses_allowed, uses_left, expires_at, is_revoked, created_at`.
    func bundle() throws -> EnrolmentBundle {
        guard let id = BundleID(bytes: bytes(0)) else {
            throw RegistryError(.damaged, "a bundle's name of \(bytes(0).count) bytes")
        }
        return EnrolmentBundle(
            id: id,
            group: try name(1, as: GroupName.self),
            usesAllowed: self[2],
            usesLeft: self[3],
            expiresAt: self[4],
            isRevoked: self[5],
            createdAt: self[6]
        )
    }
}

extension Transaction {
    fileprivate func insert(
        _ bundle: EnrolmentBundle,
        secret: KeyMaterial,
        anchor: UInt32,
        actor: String
    ) throws {
        let group = try groupID(bundle.group)
        let sealed = try vault.seal(
            secret.secret,
            under: try self.group(group).key,
            at: .tokenSecret(bundle.id)
        )
        try run(
            """
            INSERT INTO bundle
                (id, group_id, sealed_secret, uses_allowed, uses_left, expires_at, is_revoked,
                created_at, anchor)
            VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?)
            """,
            [
                Data(bundle.id.bytes), group, Data(sealed), bundle.usesAllowed, bundle.usesLeft,
                bundle.expiresAt, bundle.createdAt, Int64(anchor),
            ]
        )
        try audit(
            AuditEvent(
                time: bundle.createdAt,
                kind: .bundleCreated,
                actor: actor,
                details: [
                    "bundle": bundle.id.description, "group": bundle.group.description,
                    "uses": "\(bundle.usesAllowed)", "expires": "\(bundle.expiresAt)",
                ]
            )
        )
    }
}
