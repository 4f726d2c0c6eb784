internal import Dispatch
internal import Glibc
internal import Registry

/// A file that takes another one's place when it is whole; removed again if it never does.
struct ReplacementFile: ~Copyable {
    private let path: String
    private let temporary: String
    private let file: CInt
    private var isInPlace = false

    /// Begins one beside the file at `path`.
    init(of path: String) throws(RegistryError) {
        self.path = path
        temporary = "\(path).new"
        // The broker may write to its folder too: a link that it left here would lead elsewhere.
        unsafe unlink(temporary)
        // Readable by the broker's group, which the folder's owner sets; by nobody else.
        file = unsafe open(
            temporary,
            O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
            0o640
        )
        guard file >= 0 else { throw Self.failure("open \(temporary)") }
    }

    deinit {
        close(file)
        if !isInPlace { unsafe unlink(temporary) }
    }

    /// Adds to its end.
    mutating func write(_ text: String) throws(RegistryError) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let written = unsafe rest.withUnsafeBytes {
                unsafe Glibc.write(file, $0.baseAddress, $0.count)
            }
            guard written > 0 || errno == EINTR else { throw Self.failure("write \(temporary)") }
            rest = rest.dropFirst(max(0, written))
        }
    }

    /// Puts it in the other's place, durably, under the other's owner and mode.
    mutating func replace() async throws(RegistryError) {
        let file = file
        let failure: RegistryError? = await withCheckedContinuation { done in
            // A sync takes as long as the disk likes, and none of the pool's few threads waits for it.
            DispatchQueue.global().async {
                done.resume(returning: fsync(file) == 0 ? nil : Self.failure("fsync"))
            }
        }
        if let failure { throw failure }
        var status = stat()
        if unsafe stat(path, &status) == 0 {
            _ = fchown(file, status.st_uid, status.st_gid)
            _ = fchmod(file, status.st_mode & 0o777)
        }
        guard unsafe rename(temporary, path) == 0 else { throw Self.failure("rename to \(path)") }
        isInPlace = true
    }

    private static func failure(_ what: String) -> RegistryError {
        RegistryError(.failed, "\(what): \(systemErrorText())")
    }
}
