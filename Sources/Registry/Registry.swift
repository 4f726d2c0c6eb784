public import EDHOC
internal import Fleet
internal import GRDB
public import KeyExchange

/// The server's store: one fleet in one folder.
public final class Registry: Sendable {
    /// The fleet.
    public let fleet: FleetID
    /// How devices reach the broker.
    public let broker: BrokerSettings
    /// The password of the broker's account `@enrol`, as text.
    public let enrolPassword: KeyMaterial

    let anchors: LiveAnchors
    let store: Store
    let room: DiskRoom
    let vault: Vault
    let writer: Writer
    let changes: Changes
    let hold = CampaignHold()
    private let tickets = Tickets()
    private let lock: FolderLock

    init(
        lock: FolderLock,
        store: Store,
        room: DiskRoom,
        vault: Vault,
        identity: FleetIdentity,
        head: AuditHead,
        faults: @escaping ChangeFaults = { _ in nil }
    ) {
        fleet = vault.fleet
        anchors = identity.anchors
        broker = identity.broker
        enrolPassword = identity.enrolPassword
        self.store = store
        self.room = room
        self.vault = vault
        self.lock = lock
        changes = Changes()
        writer = Writer(
            store: store,
            room: room,
            vault: vault,
            changes: changes,
            tickets: tickets,
            head: head,
            faults: faults
        )
    }

    /// The credential of the generation in use, to be pinned by devices; the kid names it.
    public var serverCredential: Credential { anchors.current.credential }
    /// The static key for EDHOC of the generation in use.
    public var serverKey: any AgreementKey { anchors.current.key }

    /// Makes a fleet in a folder; a key file that is not there is made too.
    public static func create(
        folder: String,
        fleet: FleetID,
        broker: BrokerSettings,
        rootKey: RootKeySource,
        crypto: any Crypto,
        actor: String,
        now: Int64
    ) throws(RegistryError) -> Registry {
        try create(
            folder: folder,
            fleet: fleet,
            broker: broker,
            rootKey: rootKey,
            iterations: PassphraseKey.iterations,
            crypto: crypto,
            actor: actor,
            now: now
        )
    }

    /// What a server keeps of its disk for what cannot wait when that is full: some hundred
    /// retirements, and the database's log before a checkpoint.
    public static let reservedBytes: Int64 = 32 << 20

    /// Opens the fleet in a folder, and keeps `reservedBytes` of its disk for what cannot wait.
    ///
    /// Refuses a folder on which another server works, a database of a newer version, and a root key
    /// that is missing, that others can read, or that is of another fleet. `faults` is for tests.
    public static func open(
        folder: String,
        rootKey: RootKeySource,
        crypto: any Crypto,
        reservedBytes: Int64 = 0,
        faults: @escaping ChangeFaults = { _ in nil }
    ) throws(RegistryError) -> Registry {
        let lock = try FolderLock(folder: folder)
        let room = DiskRoom(folder: folder, reserve: reservedBytes)
        let store = try Store.open(in: folder, with: room)
        let root = try store.openRootKey(rootKey, crypto: crypto)
        return try store.registry(
            root: root,
            lock: lock,
            room: room,
            crypto: crypto,
            faults: faults
        )
    }

    /// Marks this moment in the order of events: a session draws it when it begins.
    public func ticket() -> Ticket { tickets.draw() }

    /// Ends all work; what was accepted is committed first, and the folder is free.
    public func close() async {
        await writer.close()
        changes.end()
        try? store.pool.close()
        lock.release()
    }
}
