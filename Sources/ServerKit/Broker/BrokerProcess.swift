internal import Glibc

/// The broker as its `pid_file` names it.
enum BrokerProcess {
    /// The process, or nil when the file names none that could be the broker.
    static func read(_ path: String) -> pid_t? {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 16)
        let count = unsafe bytes.withUnsafeMutableBytes {
            unsafe Glibc.read(file, $0.baseAddress, $0.count)
        }
        return number(in: Array(bytes.prefix(max(0, count)))).flatMap { isBroker($0) ? $0 : nil }
    }

    /// Digits and the end of a line; nothing else is a process.
    static func number(in bytes: [UInt8]) -> pid_t? {
        let digits = bytes.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard bytes.dropFirst(digits.count).allSatisfy({ $0 == UInt8(ascii: "\n") }) else {
            return nil
        }
        // 0 and negative numbers would signal whole process groups.
        return pid_t(String(decoding: digits, as: UTF8.self)).flatMap { $0 > 1 ? $0 : nil }
    }

    /// A broker that was killed leaves its file behind, and the number may be another's by now, whom
    /// SIGHUP would end.
    private static func isBroker(_ process: pid_t) -> Bool {
        guard let name = try? PlainFile.read("/proc/\(process)/comm", maximum: 64) else {
            return false
        }
        return String(decoding: name, as: UTF8.self).hasPrefix("mosquitto")
    }
}
