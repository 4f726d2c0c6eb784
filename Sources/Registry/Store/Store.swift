internal import Fleet
internal import Foundation
internal import GRDB

/// The database file, opened.
struct Store: Sendable {
    static let fileName = "latchkey.db"

    let pool: DatabasePool
    let path: String

    init(folder: String, mustExist: Bool) throws(RegistryError) {
        path = folder + "/" + Self.fileName
        var configuration = Configuration()
        configuration.foreignKeysEnabled = true
        configuration.busyMode = .timeout(5)
        configuration.maximumReaderCount = 4
        configuration.label = "latchkey"
        configuration.prepareDatabase { db in
            // A commit that was acknowledged survives a power cut.
            try db.execute(sql: "PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY")
        }
        let isThere = FileManager.default.fileExists(atPath: path)
        if mustExist, !isThere {
            throw RegistryError(.missing, "no fleet in \(folder): run latchkeyd init first")
        }
        if !mustExist { try Self.demandNone(in: folder) }
        do {
            pool = try DatabasePool(path: path, configuration: configuration)
            try pool.writeWithoutTransaction { db in
                // The writer visits random pages of a few trees: 16 MB hold their upper levels, and
                // checkpoints every 16 MB write a page once for many changes to it.
                try db.execute(sql: "PRAGMA cache_size = -16384; PRAGMA wal_autocheckpoint = 4096")
                try Schema.migrate(db)
            }
        } catch {
            throw RegistryError(wrapping: error)
        }
    }

    /// Opens what is there; on a full disk in what is kept of it.
    static func open(in folder: String, with room: DiskRoom) throws(RegistryError) -> Store {
        do {
            return try Store(folder: folder, mustExist: true)
        } catch {
            guard error.code == .diskFull, room.giveUp() else { throw error }
            return try Store(folder: folder, mustExist: true)
        }
    }

    /// Throws `exists` when the folder has a database already.
    static func demandNone(in folder: String) throws(RegistryError) {
        guard FileManager.default.fileExists(atPath: folder + "/" + fileName) else { return }
        throw RegistryError(.exists, "there is a fleet in \(folder) already")
    }

    /// Reads a state that was committed as a whole.
    func read<Result>(
        _ body: (Database) throws -> Result
    ) throws(RegistryError) -> Result {
        do { return try pool.read(body) } catch { throw RegistryError(wrapping: error) }
    }
}

extension RegistryError {
    /// Sorts an error of the database into ours.
    init(wrapping error: any Error) {
        switch error {
        case let error as RegistryError: self = error
        case let error as FleetError: self.init(.invalid, error.description)
        case let error as DatabaseError: self.init(error)
        default: self.init(.failed, "\(error)")
        }
    }

    private init(_ error: DatabaseError) {
        // Not its arguments: they may hold what should not be in a log.
        let message = error.message ?? "no message"
        // The index of the log is a file as well, and SQLite has another word for its growth.
        let isIndexFull = error.extendedResultCode == .SQLITE_IOERR_SHMSIZE
        switch isIndexFull ? .SQLITE_FULL : error.resultCode {
        case .SQLITE_FULL:
            self.init(.diskFull, "the disk is full; nothing was changed: make room and try again")
        case .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_PERM:
            self.init(.readOnly, "the database cannot be written: \(message)")
        case .SQLITE_CORRUPT, .SQLITE_NOTADB:
            self.init(.damaged, "the database is damaged: \(message)")
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            self.init(.busy, "the database is in use by another program")
        default:
            self.init(.failed, "the database failed: \(message) (\(error.extendedResultCode))")
        }
    }
}
