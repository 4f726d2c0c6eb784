internal import Glibc
internal import Synchronization

/// The room on the disk, and a part of it that is kept for what cannot wait.
///
///     kept ── the disk is full, and a retirement waits ──▶ given up ── there is room again ──▶ kept
///
/// What is kept is a file of that size beside the database. While it is given up, only what cannot wait
/// is written; a server that starts without it is in that state, too.
final class DiskRoom: Sendable {
    static let fileName = "latchkey.reserve"

    private struct State: Sendable {
        var isKept = false
        /// Whether the last commit found no room.
        var isFull = false
    }

    private let folder: String
    private let path: String
    private let reserve: Int64
    private let state = Mutex(State())

    /// Keeps `reserve` bytes, on a small disk a sixteenth of it; none for 0.
    init(folder: String, reserve: Int64) {
        self.folder = folder
        path = folder + "/" + Self.fileName
        let capacity = Self.look(at: folder)?.capacity ?? .max
        self.reserve = min(reserve, capacity / 16)
    }

    /// Bytes that are free for us, beside what is kept.
    var free: Int64 { Self.look(at: folder)?.free ?? .max }

    /// Whether the last commit found no room, or what was kept is given up.
    var isFull: Bool { state.withLock { $0.isFull || reserve > 0 && !$0.isKept } }

    /// Whether only what cannot wait may be written; takes the reserve back when there is room for it.
    func isShort() -> Bool {
        guard reserve > 0 else { return false }
        return state.withLock { state in
            if !state.isKept { state.isKept = isThere() || keep() }
            return !state.isKept
        }
    }

    func note(isFull: Bool) { state.withLock { $0.isFull = isFull } }

    /// Makes room of what was kept; false when there is nothing to give.
    func giveUp() -> Bool {
        guard reserve > 0 else { return false }
        return state.withLock { state in
            state.isKept = false
            return unsafe unlink(path) == 0
        }
    }

    /// A sparse file, or a part of one, keeps nothing.
    private func isThere() -> Bool {
        var status = stat()
        return unsafe lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
            && Int64(status.st_blocks) * 512 >= reserve
    }

    private func keep() -> Bool {
        // As much has to stay free beside it: else the next commit would give it up again.
        guard free >= 2 * reserve else { return false }
        let file = unsafe open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { return false }
        defer { close(file) }
        guard posix_fallocate(file, 0, off_t(reserve)) == 0 else {
            unsafe unlink(path)
            return false
        }
        return true
    }

    private static func look(at folder: String) -> (free: Int64, capacity: Int64)? {
        var status = statvfs()
        guard unsafe statvfs(folder, &status) == 0 else { return nil }
        let unit = UInt64(status.f_frsize)
        return (
            Int64(
                clamping: unit.multipliedReportingOverflow(by: UInt64(status.f_bavail)).partialValue
            ),
            Int64(
                clamping: unit.multipliedReportingOverflow(by: UInt64(status.f_blocks)).partialValue
            )
        )
    }
}

/// Whether a change may be refused until there is room on the disk again.
enum Urgency: Sendable {
    /// It may.
    case canWait
    /// It takes the room that is kept; or it looks for itself, and asks for room by `demandRoom`.
    case cannotWait
}

extension RegistryError {
    /// What waits while the reserve is given up.
    static let noRoom = RegistryError(
        .diskFull,
        "the disk is full; what room there was is for retirement, quarantine, suspension and "
            + "compromise: make room and try again"
    )
}
