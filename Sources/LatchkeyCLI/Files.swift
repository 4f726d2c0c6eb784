internal import Glibc

/// A file that did not exist before and that only its owner can read.
struct NewFile {
    private let descriptor: Int32
    private let path: String

    init(_ path: String) throws(Failure) {
        // O_EXCL: an old bundle, or a link that someone put there, is never written over.
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC
        descriptor = unsafe open(path, flags, 0o600)
        self.path = path
        guard descriptor >= 0 else {
            throw Failure(
                .local,
                errno == EEXIST
                    ? "\(path) exists: remove it or name another file with --output"
                    : "can't write \(path): \(errorText(errno))"
            )
        }
    }

    func finish(with text: String) throws(Failure) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes {
                unsafe write(descriptor, $0.baseAddress, $0.count)
            }
            guard count > 0 else { throw failure() }
            rest = rest.dropFirst(count)
        }
        guard fsync(descriptor) == 0 || errno == EINVAL else { throw failure() }
        guard close(descriptor) == 0 else { throw failure() }
    }

    /// Takes the file away again.
    func abandon() {
        close(descriptor)
        unsafe unlink(path)
    }

    private func failure() -> Failure {
        Failure(.local, "can't write \(path): \(errorText(errno))")
    }
}

/// Reads a whole file, or the input for `-`, of at most `limit` bytes.
func readFile(_ path: String, atMost limit: Int) throws(Failure) -> [UInt8] {
    let descriptor = path == "-" ? STDIN_FILENO : unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
        throw Failure(.local, "can't read \(path): \(errorText(errno))")
    }
    defer { if descriptor != STDIN_FILENO { close(descriptor) } }
    var bytes: [UInt8] = []
    var room = [UInt8](repeating: 0, count: 64 << 10)
    while true {
        let count = unsafe room.withUnsafeMutableBytes {
            unsafe read(descriptor, $0.baseAddress, $0.count)
        }
        guard count >= 0 else {
            throw Failure(.local, "can't read \(path): \(errorText(errno))")
        }
        if count == 0 { return bytes }
        bytes += room.prefix(count)
        guard bytes.count <= limit else {
            throw Failure(.local, "\(path) is too large: want at most \(limit) bytes; split it")
        }
    }
}
