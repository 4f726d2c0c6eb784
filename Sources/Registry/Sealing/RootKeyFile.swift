internal import EDHOC
internal import Glibc
internal import KeyExchange
internal import Secrets

/// The root key in a file of 32 bytes, apart from the database, so that a copy of one is worth nothing
/// without the other.
struct RootKeyFile {
    let path: String

    var exists: Bool { unsafe access(path, F_OK) == 0 }

    /// Reads the key; a file that others may read is refused, since it is no secret any more.
    func read() throws(RegistryError) -> RootKey {
        let descriptor = unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            let reason = errno
            throw RegistryError(
                reason == ENOENT ? .rootKeyMissing : .failed,
                reason == ENOENT
                    ? "no root key at \(path): restore it from its backup, or name the right file"
                    : "cannot open the root key \(path): \(text(of: reason))"
            )
        }
        defer { close(descriptor) }
        try check(descriptor)
        var bytes = [UInt8](repeating: 0, count: RootKey.length)
        let count = unsafe bytes.withUnsafeMutableBytes { buffer in
            unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count)
        }
        guard count == RootKey.length else {
            bytes.wipe()
            throw RegistryError(.failed, "cannot read the root key \(path)")
        }
        return RootKey(Secret(taking: &bytes))
    }

    /// Makes a new key, durable before this returns.
    func create(crypto: any Crypto) throws(RegistryError) {
        let secret: Secret
        do { secret = try crypto.randomSecret(RootKey.length) } catch {
            throw RegistryError(.failed, "no randomness for a root key")
        }
        let descriptor = unsafe Glibc.open(
            path,
            O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
            0o600
        )
        guard descriptor >= 0 else {
            throw RegistryError(
                .failed,
                "cannot write the root key \(path): \(text(of: errno))"
            )
        }
        defer { close(descriptor) }
        let written = secret.withBytes { bytes in
            unsafe bytes.withUnsafeBytes { buffer in
                unsafe Glibc.write(descriptor, buffer.baseAddress, buffer.count)
            }
        }
        guard written == RootKey.length, fsync(descriptor) == 0 else {
            let reason = errno
            unsafe unlink(path)
            throw RegistryError(
                reason == ENOSPC ? .diskFull : .failed,
                "cannot write the root key \(path)"
            )
        }
        syncFolder()
    }

    private func check(_ descriptor: Int32) throws(RegistryError) {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else {
            throw RegistryError(.failed, "cannot examine the root key \(path)")
        }
        guard status.st_mode & S_IFMT == S_IFREG, status.st_size == RootKey.length else {
            throw RegistryError(
                .rootKeyWrong,
                "\(path) is no root key: want a file of \(RootKey.length) bytes, "
                    + "have \(status.st_size)"
            )
        }
        guard status.st_uid == geteuid() else {
            throw RegistryError(
                .rootKeyExposed,
                "the root key \(path) belongs to user \(status.st_uid): want user \(geteuid())"
            )
        }
        guard status.st_mode & 0o077 == 0 else {
            throw RegistryError(
                .rootKeyExposed,
                "others may read the root key \(path), mode "
                    + "\(String(status.st_mode & 0o777, radix: 8)): run chmod 600 on it"
            )
        }
    }

    private func syncFolder() {
        let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
            .joined(separator: "/")
        let place = folder.isEmpty ? (path.hasPrefix("/") ? "/" : ".") : folder
        let descriptor = unsafe Glibc.open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }
}

/// The operating system's words for an error number.
func text(of number: Int32) -> String {
    unsafe String(cString: strerror(number))
}
