internal import Glibc

extension Folder {
    /// Takes the folder for this process alone, until the descriptor is closed.
    func lock() throws(StoreError) -> FolderLock {
        let flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC
        let file = unsafe openat(descriptor, "lock", flags, 0o600)
        guard file >= 0 else { throw StoreError(errno: errno, full("lock"), "open") }
        let lock = FolderLock(file)
        // A process that is just ending, or a child that is just beginning, may hold it for a moment.
        for attempt in 0..<10 {
            if flock(file, LOCK_EX | LOCK_NB) == 0 { return lock }
            guard errno == EWOULDBLOCK else { throw StoreError(errno: errno, full("lock"), "lock") }
            if attempt < 9 { usleep(20_000) }
        }
        throw StoreError(.locked, "another latchkey-agent works on \(path): stop it first")
    }

    /// Whether somebody holds the lock, found without touching it: a look must not keep an agent from
    /// starting.
    var isLocked: Bool {
        var status = stat()
        guard unsafe fstatat(descriptor, "lock", &status, AT_SYMLINK_NOFOLLOW) == 0 else {
            return false
        }
        let table = unsafe open("/proc/locks", O_RDONLY | O_CLOEXEC)
        guard table >= 0 else { return false }
        defer { close(table) }
        let locks = (try? contents(of: table, name: "/proc/locks", limit: 1 << 20)) ?? []
        // 1: FLOCK  ADVISORY  WRITE 1234 08:01:5678 0 EOF
        return locks.split(separator: UInt8(ascii: "\n")).contains { line in
            let words = line.split(separator: UInt8(ascii: " "))
            return words.count > 5 && words[1].elementsEqual("FLOCK".utf8)
                && words.contains { $0.split(separator: UInt8(ascii: ":")).last == inode(status) }
        }
    }

    private func inode(_ status: stat) -> ArraySlice<UInt8> { Array("\(status.st_ino)".utf8)[...] }
}

/// The lock on a folder, held as long as this lives.
final class FolderLock: Sendable {
    private let file: CInt
    init(_ file: CInt) { self.file = file }
    deinit { close(file) }
}
