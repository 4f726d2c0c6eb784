internal import EDHOC
internal import Glibc
internal import Secrets

/// Files that hold a secret: readable by their owner alone, or not used.
enum SecretFile {
    /// Reads the first line of a file.
    static func read(_ path: String, maximum: Int) throws(ConfigurationError) -> Secret {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { throw fault(path, systemErrorText()) }
        defer { close(file) }
        var status = stat()
        guard unsafe fstat(file, &status) == 0 else { throw fault(path, systemErrorText()) }
        // Something like a pipe would be waited for, maybe for ever.
        guard status.st_mode & S_IFMT == S_IFREG else { throw fault(path, "want a plain file") }
        guard status.st_mode & 0o077 == 0 else {
            throw fault(
                path,
                "others than its owner may use it: chmod 600 \(path)"
            )
        }
        var bytes = [UInt8](repeating: 0, count: maximum + 1)
        defer { bytes.wipe() }
        let count = unsafe bytes.withUnsafeMutableBytes {
            unsafe Glibc.read(file, $0.baseAddress, $0.count)
        }
        guard count >= 0 else { throw fault(path, systemErrorText()) }
        guard (1...maximum).contains(count) else {
            throw fault(
                path,
                "want 1 to \(maximum) bytes, have \(count > maximum ? "more" : "none")"
            )
        }
        let line = bytes.prefix(count).prefix { $0 != UInt8(ascii: "\n") }
        guard !line.isEmpty else { throw fault(path, "its first line is empty") }
        return Secret(count: line.count) { output in
            for byte in line { output.append(byte) }
        }
    }

    /// Makes a file that was not there, 0600, durably.
    static func create(_ path: String, _ secret: borrowing Secret) throws(ConfigurationError) {
        let file = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw fault(path, systemErrorText()) }
        defer { close(file) }
        let written = secret.withBytes { bytes in
            unsafe bytes.withUnsafeBytes { unsafe write(file, $0.baseAddress, $0.count) }
        }
        guard written == secret.count, fsync(file) == 0 else {
            let failure = fault(path, systemErrorText())
            // Half a secret would be taken for the whole one later.
            unsafe unlink(path)
            throw failure
        }
    }

    private static func fault(_ path: String, _ what: String) -> ConfigurationError {
        ConfigurationError(["\(path): \(what)"])
    }
}
