internal import Glibc
internal import Synchronization

/// Keeps a second server off the folder for as long as this lives; the kernel lets go of it when the
/// process dies, however it dies.
final class FolderLock: Sendable {
    private let held: Mutex<Int32?>

    init(folder: String) throws(RegistryError) {
        let path = folder + "/lock"
        let descriptor = unsafe Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            let reason = errno
            let isReadOnly = reason == EACCES || reason == EROFS || reason == EPERM
            throw RegistryError(
                isReadOnly ? .readOnly : reason == ENOENT ? .missing : .failed,
                "cannot write to the folder \(folder): \(text(of: reason))"
            )
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let owner = Self.owner(descriptor)
            close(descriptor)
            throw RegistryError(
                .locked,
                "another server works on \(folder)\(owner.map { ", process \($0)" } ?? ""): "
                    + "stop it first"
            )
        }
        let line = Array("\(getpid())\n".utf8)
        ftruncate(descriptor, 0)
        // The number is for people; the lock holds without it.
        _ = unsafe line.withUnsafeBytes { buffer in
            unsafe pwrite(descriptor, buffer.baseAddress, buffer.count, 0)
        }
        held = Mutex(descriptor)
    }

    deinit { release() }

    /// Lets the next server in.
    func release() {
        let descriptor = held.withLock { $0.take() }
        guard let descriptor else { return }
        // Closing alone is not enough: a child that is just beginning shares the lock until its exec.
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    private static func owner(_ descriptor: Int32) -> Int? {
        var bytes = [UInt8](repeating: 0, count: 16)
        let count = unsafe bytes.withUnsafeMutableBytes { buffer in
            unsafe pread(descriptor, buffer.baseAddress, buffer.count, 0)
        }
        guard count > 0 else { return nil }
        return Int(String(decoding: bytes[..<count].prefix { $0 != 10 }, as: UTF8.self))
    }
}
