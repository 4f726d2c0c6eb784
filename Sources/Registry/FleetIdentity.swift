internal import EDHOC
internal import Fleet
internal import Foundation
internal import GRDB
internal import KeyExchange
internal import Secrets

/// What the row of the fleet holds, opened.
struct FleetIdentity {
    let anchors: LiveAnchors
    let broker: BrokerSettings
    let enrolPassword: KeyMaterial
}

extension Registry {
    /// `create` with a number of PBKDF2 rounds that tests can afford.
    static func create(
        folder: String,
        fleet: FleetID,
        broker: BrokerSettings,
        rootKey: RootKeySource,
        iterations: Int,
        crypto: any Crypto,
        actor: String,
        now: Int64
    ) throws(RegistryError) -> Registry {
        try Store.makeFolder(folder)
        let lock = try FolderLock(folder: folder)
        // No stray key beside a fleet that is there and whose own key is elsewhere.
        try Store.demandNone(in: folder)
        // The key comes first: a database whose key was never written could not be opened again.
        let (root, passphrase) = try rootKey.create(iterations: iterations, crypto: crypto)
        let store = try Store(folder: folder, mustExist: false)
        do throws(RegistryError) {
            let head = try store.found(
                Founding(
                    fleet: fleet,
                    broker: broker,
                    rootCheck: root.check(crypto: crypto),
                    passphrase: passphrase,
                    actor: actor,
                    now: now
                ),
                vault: Vault(root: root, fleet: fleet, crypto: crypto),
                root: root
            )
            precondition(head.count == 1, "a new fleet has one row of audit log")
            return try store.registry(
                root: root,
                lock: lock,
                room: DiskRoom(folder: folder, reserve: 0),
                crypto: crypto
            )
        } catch {
            store.remove()
            throw error
        }
    }
}

/// What a new fleet begins with.
private struct Founding {
    let fleet: FleetID
    let broker: BrokerSettings
    let rootCheck: [UInt8]
    let passphrase: PassphraseKey?
    let actor: String
    let now: Int64
}

extension Store {
    /// Writes the first rows of a fleet, all or none.
    fileprivate func found(
        _ founding: Founding,
        vault: Vault,
        root: RootKey
    ) throws(RegistryError) -> AuditHead {
        do {
            let crypto = vault.crypto
            let key = try crypto.generateAgreementKey(.p256)
            let credential = CCS.encode(
                subject: founding.fleet.description,
                kid: try crypto.randomBytes(8),
                curve: .p256,
                publicKey: key.publicPoint
            )
            var text = Array(hexadecimal(try crypto.randomBytes(24)).utf8)
            let password = try vault.seal(
                Secret(taking: &text),
                under: vault.wrappingKey,
                at: .enrolPassword
            )
            return try pool.write { db in
                let transaction = Transaction(
                    db: db,
                    vault: vault,
                    memory: Transaction.Memory(head: .empty)
                )
                try transaction.run(
                    """
                    INSERT INTO fleet
                        (id, name, created_at, broker_host, broker_port, broker_authority,
                        enrol_password, identity, credential)
                    VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                    [
                        founding.fleet.description, founding.now, founding.broker.host,
                        Int(founding.broker.port), Data(founding.broker.authority),
                        Data(password), Data(), Data(),
                    ]
                )
                try transaction.foundAnchor(
                    identity: key.export(),
                    credential: credential,
                    root: root,
                    now: founding.now
                )
                try transaction.run(
                    """
                    INSERT INTO root_key (id, check_value, salt, iterations)
                    VALUES (1, ?, ?, ?)
                    """,
                    [
                        Data(founding.rootCheck), founding.passphrase.map { Data($0.salt) },
                        founding.passphrase?.iterations,
                    ]
                )
                try transaction.audit(
                    AuditEvent(
                        time: founding.now,
                        kind: .fleetCreated,
                        actor: founding.actor,
                        details: ["fleet": founding.fleet.description]
                    )
                )
                try transaction.finish()
                return transaction.memory.head
            }
        } catch {
            throw RegistryError(wrapping: error)
        }
    }

    /// Reads the fleet's row and the head of its audit log with the right root key.
    func registry(
        root: RootKey,
        lock: FolderLock,
        room: DiskRoom,
        crypto: any Crypto,
        faults: @escaping ChangeFaults = { _ in nil }
    ) throws(RegistryError) -> Registry {
        let row = try read { db in
            try Row.fetchOne(
                db,
                sql: """
                    SELECT name, broker_host, broker_port, broker_authority, enrol_password
                    FROM fleet
                    """
            )
        }
        guard let row else {
            throw RegistryError(.missing, "the database holds no fleet: \(path)")
        }
        do {
            let vault = Vault(
                root: root,
                fleet: try row.name(0, as: FleetID.self),
                crypto: crypto
            )
            try foundAnchors(vault: vault, root: root)
            let password = try vault.open(
                row.bytes(4),
                under: vault.wrappingKey,
                at: .enrolPassword
            )
            let identity = FleetIdentity(
                anchors: LiveAnchors(try anchors(vault: vault)),
                broker: BrokerSettings(
                    host: row[1],
                    port: row[2],
                    authority: row.bytes(3)
                ),
                enrolPassword: KeyMaterial(password)
            )
            return Registry(
                lock: lock,
                store: self,
                room: room,
                vault: vault,
                identity: identity,
                head: try read { db in try db.auditHead(vault: vault) },
                faults: faults
            )
        } catch {
            throw RegistryError(wrapping: error)
        }
    }
}
