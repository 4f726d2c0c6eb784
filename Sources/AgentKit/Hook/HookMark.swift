internal import Glibc

/// A word in the environment of one run of the hook.
///
/// Whatever the run starts inherits it, and is found again by it wherever it went: into a session of its
/// own, or to another parent. Only what throws its environment away is not found.
struct HookMark {
    /// As it stands in the environment.
    let variable: String

    init() {
        let number = String(UInt64.random(in: .min ... .max), radix: 16)
        variable = "LATCHKEY_HOOK_RUN=\(number)"
    }

    /// Kills every process that bears the mark.
    ///
    /// One that is about to start another may leave that one behind, so it looks until there is none; not
    /// for ever, lest something that multiplies keeps the agent from its work.
    func endBearers() {
        for _ in 0..<Self.rounds {
            let bearers = bearers()
            if bearers.isEmpty { return }
            for process in bearers { kill(process, SIGKILL) }
            usleep(1000)
        }
    }

    private static let rounds = 50
    /// More than any environment that a script has; the mark is looked for no further.
    private static let largest = 65_536

    private func bearers() -> [pid_t] {
        guard let processes = unsafe opendir("/proc") else { return [] }
        defer { unsafe closedir(processes) }
        let own = getpid()
        var found: [pid_t] = []
        var buffer = [UInt8](repeating: 0, count: Self.largest)
        while let entry = unsafe readdir(processes) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard let process = pid_t(name), process != own else { continue }
            if isBorne(by: process, &buffer) { found.append(process) }
        }
        return found
    }

    /// What another user's process bears cannot be read, and a process that has ended bears nothing.
    private func isBorne(by process: pid_t, _ buffer: inout [UInt8]) -> Bool {
        let file = unsafe open("/proc/\(process)/environ", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return false }
        defer { close(file) }
        var length = 0
        while length < buffer.count {
            let count = unsafe buffer.withUnsafeMutableBytes { bytes in
                unsafe read(file, bytes.baseAddress?.advanced(by: length), bytes.count - length)
            }
            guard count > 0 else { break }
            length += count
        }
        return buffer[..<length].split(separator: 0).contains { $0.elementsEqual(variable.utf8) }
    }
}
