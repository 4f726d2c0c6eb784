internal import BrokerHarness
internal import Foundation
internal import Glibc

/// A disk of a few megabytes that can be filled to its last byte.
///
/// It is a tmpfs in a mount namespace of its own, which a sleeping process keeps alive. Programs enter
/// it; this process reaches it through /proc. As root that takes the right to mount, else user
/// namespaces. Where there is neither, making one throws: a test of full disks can't do without.
package final class SmallDisk: Sendable {
    /// The folder that lies on it, for programs that run `inside`.
    package let path: String
    /// What a program is started under to see it.
    package let inside: [String]
    /// The same folder for everyone else.
    private let outside: String
    private let keeper: Subprocess

    /// Makes one over the folder `mountPoint`, which need not be there.
    package init(over mountPoint: String, megabytes: Int) async throws {
        try FileManager.default.createDirectory(
            atPath: mountPoint,
            withIntermediateDirectories: true
        )
        let output = "\(mountPoint).log"
        let mount = "mount -t tmpfs -o size=\(megabytes)m,mode=700 tmpfs '\(mountPoint)'"
        keeper = try Subprocess(
            "/usr/bin/unshare",
            [
                geteuid() == 0 ? "-m" : "-rm", "/bin/sh", "-c",
                // An hour at most, should the test die.
                "\(mount) && touch '\(mountPoint)/mounted' && exec sleep 3600",
            ],
            in: "/",
            output: output
        )
        path = mountPoint
        outside = "/proc/\(keeper.identifier)/root\(mountPoint)"
        let isRoot = geteuid() == 0
        inside =
            ["/usr/bin/nsenter", "-t", "\(keeper.identifier)", "-m"]
            + (isRoot ? [] : ["-U", "--preserve-credentials"])
        let (keeper, mark) = (keeper, "\(outside)/mounted")
        try await eventually("a small disk is mounted: \(contents(output))") {
            guard keeper.exitStatus() == nil else {
                throw Trouble(
                    "no small disk, so full disks can't be tried: run as root with CAP_SYS_ADMIN, "
                        + "or allow user namespaces (\(contents(output)))"
                )
            }
            return FileManager.default.fileExists(atPath: mark)
        }
        unsafe unlink(mark)
    }

    deinit {
        kill(keeper.identifier, SIGKILL)
        keeper.waitForExit()
    }

    /// Takes every byte that is left.
    package func fill() throws {
        let file = unsafe open(filler, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw Trouble("open \(filler): \(errno)") }
        defer { close(file) }
        for size in [1 << 20, 4096, 1] {
            let zeros = [UInt8](repeating: 0, count: size)
            while unsafe write(file, zeros, size) > 0 {}
        }
        guard errno == ENOSPC else { throw Trouble("write \(filler): \(errno)") }
    }

    /// Gives back what `fill` has taken.
    package func empty() throws {
        guard unsafe unlink(filler) == 0 else { throw Trouble("unlink \(filler): \(errno)") }
    }

    /// Bytes that are left.
    package var free: Int {
        var status = statvfs()
        guard unsafe statvfs(outside, &status) == 0 else { return -1 }
        return Int(status.f_bavail) * Int(status.f_frsize)
    }

    private var filler: String { "\(outside)/filler" }
}
