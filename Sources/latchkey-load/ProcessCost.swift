internal import Glibc

/// What a process has cost so far, as the kernel tells in /proc.
struct ProcessCost {
    /// CPU time of user and system, in microseconds.
    let cpu: Double
    /// Resident memory, in kilobytes.
    let resident: Double
    /// Bytes that it has written, to files and sockets.
    let written: Double

    /// Reads it; nil when the process is gone.
    init?(of process: Int32) {
        guard let stat = Self.read("/proc/\(process)/stat"),
            let status = Self.read("/proc/\(process)/status"),
            let traffic = Self.read("/proc/\(process)/io")
        else { return nil }
        // The name in parentheses may hold anything, so count from behind it.
        let fields = stat.split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12])
        else {
            return nil
        }
        cpu = (user + system) * 1e6 / Double(sysconf(Int32(_SC_CLK_TCK)))
        resident = Self.number("VmRSS:", in: status)
        written = Self.number("wchar:", in: traffic)
    }

    private static func number(_ name: String, in text: String) -> Double {
        let line = text.split(separator: "\n").first { $0.hasPrefix(name) }
        return line?.split(whereSeparator: \.isWhitespace).compactMap { Double($0) }.first ?? 0
    }

    private static func read(_ path: String) -> String? {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 8192)
        let count = unsafe bytes.withUnsafeMutableBytes {
            unsafe Glibc.read(file, $0.baseAddress, $0.count)
        }
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }
}
