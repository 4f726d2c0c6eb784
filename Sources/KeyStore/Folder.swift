internal import Glibc
internal import Secrets

/// The state folder: whole files that are read, replaced atomically, and removed.
final class Folder: Sendable {
    /// More than any record takes.
    static let largestFile = 64 * 1024

    let path: String
    let descriptor: CInt
    private let isOurs: Bool
    private let faults: Faults

    /// Opens the folder; refuses one that others can enter.
    ///
    /// `isReadOnly` also lets root look at another user's folder.
    init(
        _ path: String,
        creating: Bool,
        isReadOnly: Bool,
        faults: @escaping Faults
    ) throws(StoreError) {
        self.path = path
        self.faults = faults
        if creating, unsafe mkdir(path, 0o700) != 0, errno != EEXIST {
            throw StoreError(errno: errno, path, "make the folder")
        }
        descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { throw StoreError(.empty, "there is no folder \(path)") }
            throw StoreError(errno: errno, path, "open the folder")
        }
        var status = stat()
        unsafe fstat(descriptor, &status)
        isOurs = status.st_uid == geteuid()
        guard isOurs || (isReadOnly && geteuid() == 0) else {
            throw StoreError(
                .notPermitted,
                "\(path) belongs to user \(status.st_uid), this is user \(geteuid()): "
                    + "run the agent as its owner"
            )
        }
        guard status.st_mode & 0o077 == 0 else {
            throw StoreError(.tooOpen, "others may enter \(path): run chmod 0700 \(path)")
        }
    }

    deinit { close(descriptor) }

    /// The content of a file; nil when there is none.
    func read(_ name: String) throws(StoreError) -> [UInt8]? {
        let file = unsafe openat(descriptor, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            throw StoreError(errno: errno, full(name), "read")
        }
        defer { close(file) }
        var status = stat()
        unsafe fstat(file, &status)
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw StoreError(.corrupt, "\(full(name)) is not a file")
        }
        guard status.st_mode & 0o077 == 0 else {
            throw StoreError(
                .tooOpen,
                "others may read \(full(name)): run chmod 0600 \(full(name))"
            )
        }
        guard status.st_size <= Self.largestFile else {
            throw StoreError(
                .corrupt,
                "\(full(name)) is damaged: want \(Self.largestFile) bytes at most, "
                    + "have \(status.st_size)"
            )
        }
        return try contents(of: file, name: full(name), limit: Self.largestFile)
    }

    /// Replaces a file: afterwards it has the new content, durably, or still the old one.
    func replace(_ name: String, with content: RawSpan) throws(StoreError) {
        let temporary = "." + name + ".tmp"
        unsafe unlinkat(descriptor, temporary, 0)
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        let file = unsafe openat(descriptor, temporary, flags, 0o600)
        guard file >= 0 else { throw StoreError(errno: errno, full(name), "write") }
        var isRenamed = false
        defer {
            close(file)
            if !isRenamed { unsafe unlinkat(descriptor, temporary, 0) }
        }
        try reached(.created, name)
        guard writeAll(content, to: file) else {
            throw StoreError(errno: errno, full(name), "write")
        }
        try reached(.written, name)
        guard fsync(file) == 0 else { throw StoreError(errno: errno, full(name), "write") }
        try reached(.synced, name)
        guard unsafe renameat(descriptor, temporary, descriptor, name) == 0 else {
            throw StoreError(errno: errno, full(name), "write")
        }
        isRenamed = true
        try reached(.renamed, name)
        try settle(name)
    }

    /// Overwrites a file in place and removes it; nothing happens when there is none.
    ///
    /// Overwriting reaches the old blocks on some disks only; flash and journals may keep a copy.
    func erase(_ name: String) throws(StoreError) {
        let file = unsafe openat(descriptor, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC)
        if file >= 0 {
            defer { close(file) }
            var status = stat()
            unsafe fstat(file, &status)
            let zeros = [UInt8](repeating: 0, count: min(Int(status.st_size), Self.largestFile))
            _ = writeAll(zeros.rawSpan, to: file)
            fsync(file)
        } else if errno == ENOENT {
            return
        }
        guard unsafe unlinkat(descriptor, name, 0) == 0 else {
            throw StoreError(errno: errno, full(name), "remove")
        }
        try reached(.removed, name)
        try settle(name)
    }

    /// Removes what an interrupted `replace` has left.
    func sweep(_ names: [String]) {
        for name in names { unsafe unlinkat(descriptor, "." + name + ".tmp", 0) }
    }

    /// The name of a file for a message.
    func full(_ name: String) -> String { "\(path)/\(name)" }

    private func settle(_ name: String) throws(StoreError) {
        guard fsync(descriptor) == 0 else { throw StoreError(errno: errno, path, "write") }
        try reached(.settled, name)
    }

    private func reached(_ point: FaultPoint, _ name: String) throws(StoreError) {
        if let number = faults(point) { throw StoreError(errno: number, full(name), "write") }
    }
}

/// Everything in an open file, up to a limit.
func contents(of file: CInt, name: String, limit: Int) throws(StoreError) -> [UInt8] {
    var content: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    defer { buffer.wipe() }
    while content.count <= limit {
        let count = unsafe buffer.withUnsafeMutableBytes { buffer in
            unsafe Glibc.read(file, buffer.baseAddress, buffer.count)
        }
        if count < 0, errno == EINTR { continue }
        guard count >= 0 else { throw StoreError(errno: errno, name, "read") }
        if count == 0 { return content }
        content += buffer[..<count]
    }
    throw StoreError(.corrupt, "\(name) is longer than \(limit) bytes")
}

private func writeAll(_ content: RawSpan, to file: CInt) -> Bool {
    unsafe content.withUnsafeBytes { buffer in
        var written = 0
        while written < buffer.count {
            let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[written...])
            let count = unsafe write(file, rest.baseAddress, rest.count)
            if count > 0 {
                written += count
            } else if errno != EINTR {
                return false
            }
        }
        return true
    }
}
