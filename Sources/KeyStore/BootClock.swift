internal import Glibc

/// The time since the machine started, sleep included; never the wall clock.
public enum BootClock {
    /// How long the machine has been up.
    public static func now() -> Duration {
        var time = timespec()
        let result = unsafe clock_gettime(CLOCK_BOOTTIME, &time)
        precondition(result == 0, "Linux has had this clock since 2.6.39")
        return .seconds(Int64(time.tv_sec)) + .nanoseconds(Int64(time.tv_nsec))
    }

    /// What the kernel calls this run of the machine; nil when it does not say.
    public static func bootID() -> String? {
        let file = unsafe open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        guard let bytes = try? contents(of: file, name: "boot_id", limit: 64) else { return nil }
        let text = String(decoding: bytes, as: UTF8.self).prefix { $0 != "\n" }
        return text.isEmpty ? nil : String(text)
    }
}
