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

    /// Hands over each line of a file of any length without its end; lines beyond `maximum` bytes are a fault.
    static func readLines(
        _ path: String,
        maximum: Int,
        _ body: ([UInt8]) -> Void
    ) throws(ConfigurationError) {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw ConfigurationError(["\(path): \(systemErrorText())"]) }
        defer { close(file) }
        var chunk = [UInt8](repeating: 0, count: 65_536)
        var line: [UInt8] = []
        while true {
            let count = unsafe chunk.withUnsafeMutableBytes {
                unsafe Glibc.read(file, $0.baseAddress, $0.count)
            }
            guard count >= 0 else { throw ConfigurationError(["\(path): \(systemErrorText())"]) }
            if count == 0 { break }
            let pieces = chunk.prefix(count).split(
                separator: UInt8(ascii: "\n"),
                omittingEmptySubsequences: false
            )
            for (place, piece) in pieces.enumerated() {
                if place > 0 {
                    body(line)
                    line = []
                }
                line += piece
                guard line.count <= maximum else {
                    throw ConfigurationError([
                        "\(path): want lines of at most \(maximum) bytes, have a longer one"
                    ])
                }
            }
        }
        if !line.isEmpty { body(line) }
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
