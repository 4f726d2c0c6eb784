internal import BoringCrypto
internal import EDHOC
internal import Fleet
internal import Foundation
internal import KeyExchange
internal import Registry
internal import ServerKit

/// The server: the real registry and the real sessions, in a process that can end at any point.
final class SimulatedServer {
    /// One open session.
    final class Session {
        var machine: ServerSession
        let channel: Channel
        let beginning: [UInt8]
        let deadline: Int64
        var device: DeviceID?
        var introduction: Introduction?
        /// The generation of the server's anchor under which it is held.
        let generation: UInt32

        init(
            _ machine: consuming ServerSession,
            generation: UInt32,
            channel: Channel,
            beginning: [UInt8],
            deadline: Int64
        ) {
            self.machine = machine
            self.generation = generation
            self.channel = channel
            self.beginning = beginning
            self.deadline = deadline
        }
    }

    /// A copy of the database that an admin made some time ago.
    struct Backup {
        let time: Int64
        let path: String
    }

    let folder: String
    let crypto: SeededCrypto
    let faults = ServerFaults()
    var chance: Chance
    var registry: Registry?
    var sessions: [ConnectionID: Session] = [:]
    var channels: [Channel: ConnectionID] = [:]
    var backups: [Backup] = []
    /// Whether a switch may have happened.
    var hasSwitched = false
    /// Copies that were ever made.
    var copies = 0
    /// What the wall clock shows at the beginning of the world, in seconds since 1970.
    var clock: Int64 = 1_800_000_000
    /// The database as it was before the last change, for a server that does not wait for its commit.
    var before: String?

    var data: String { folder + "/data" }
    private var rootKey: RootKeySource { .file(folder + "/root.key") }

    init(folder: String, seed: UInt64, ledger: Ledger) {
        self.folder = folder
        crypto = SeededCrypto(seed: seed, stream: "server", ledger: ledger)
        chance = Chance(seed: seed, stream: "service")
    }

    var isRunning: Bool { registry != nil }

    /// Those from before a switch of the anchor are of no use.
    func forgetBackups() {
        hasSwitched = true
        backups.removeAll()
    }

    /// Makes the fleet, once.
    func create() async throws {
        let registry = try Registry.create(
            folder: data,
            fleet: FleetID(parsing: "house"),
            broker: BrokerSettings(host: "broker.test", port: 8883, authority: []),
            rootKey: rootKey,
            crypto: crypto,
            actor: "uid:root",
            now: clock
        )
        await registry.close()
        try open()
    }

    /// A new process opens the database as it finds it.
    func open() throws {
        faults.reset()
        registry = try Registry.open(
            folder: data,
            rootKey: rootKey,
            crypto: crypto,
            faults: faults.hook
        )
    }

    /// The process is no more: sessions with it, and whatever was not committed.
    func end() async {
        await registry?.close()
        registry = nil
        sessions.removeAll()
        channels.removeAll()
        guard let before else { return }
        self.before = nil
        try? restore(before)
    }

    var clerk: Clerk? { registry.map { Clerk($0, crypto: crypto) } }

    func session(_ connection: ConnectionID, on channel: Channel) -> Session? {
        guard let session = sessions[connection], session.channel == channel else { return nil }
        return session
    }

    /// Opens a session; one that was open on its channel ends.
    func insert(_ session: Session) {
        if let old = channels[session.channel] { sessions[old] = nil }
        sessions[session.machine.connection] = session
        channels[session.channel] = session.machine.connection
    }

    func remove(_ session: Session) {
        let connection = session.machine.connection
        sessions[connection] = nil
        if channels[session.channel] == connection { channels[session.channel] = nil }
    }

    func expire(at time: Int64) {
        for (connection, session) in sessions where session.deadline <= time {
            sessions[connection] = nil
            if channels[session.channel] == connection { channels[session.channel] = nil }
        }
    }

    // MARK: - Copies

    /// Copies the database as it is between two commits.
    func copy(to path: String) throws {
        try? FileManager.default.removeItem(atPath: path)
        try FileManager.default.createDirectory(
            atPath: path,
            withIntermediateDirectories: true
        )
        for name in Self.files where FileManager.default.fileExists(atPath: "\(data)/\(name)") {
            try FileManager.default.copyItem(atPath: "\(data)/\(name)", toPath: "\(path)/\(name)")
        }
    }

    /// Puts a copy in the database's place; nobody may have it open.
    func restore(_ path: String) throws {
        for name in ["latchkey.db", "latchkey.db-wal", "latchkey.db-shm"] {
            try? FileManager.default.removeItem(atPath: "\(data)/\(name)")
        }
        for name in Self.files where FileManager.default.fileExists(atPath: "\(path)/\(name)") {
            try FileManager.default.copyItem(atPath: "\(path)/\(name)", toPath: "\(data)/\(name)")
        }
    }

    /// Everything on the disk but the file of the root key.
    func contents() -> [[UInt8]] {
        Self.files.compactMap { name in
            FileManager.default.contents(atPath: "\(data)/\(name)").map { [UInt8]($0) }
        }
    }

    private static let files = ["latchkey.db", "latchkey.db-wal"]
}
