internal import Glibc

/// Small files that hold no secret.
enum PlainFile {
    /// Reads a whole file of at most so many bytes.
    static func read(_ path: String, maximum: Int) throws(ConfigurationError) -> [UInt8] {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw ConfigurationError(["\(path): \(systemErrorText())"]) }
        defer { close(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = unsafe chunk.withUnsafeMutableBytes {
                unsafe Glibc.read(file, $0.baseAddress, $0.count)
            }
            guard count >= 0 else { throw ConfigurationError(["\(path): \(systemErrorText())"]) }
            if count == 0 { return bytes }
            bytes += chunk.prefix(count)
            guard bytes.count <= maximum else {
                throw ConfigurationError(["\(path): want at most \(maximum) bytes, have more"])
            }
        }
    }

    /// Makes a file that was not there, durably.
    static func create(_ path: String, _ bytes: [UInt8]) throws(ConfigurationError) {
        let file = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw ConfigurationError(["\(path): \(systemErrorText())"]) }
        defer { close(file) }
        let written = unsafe bytes.withUnsafeBytes {
            unsafe write(file, $0.baseAddress, $0.count)
        }
        guard written == bytes.count, fsync(file) == 0 else {
            throw ConfigurationError(["\(path): \(systemErrorText())"])
        }
    }
}
