internal import FoundationEssentials
internal import Glibc

/// The admin socket's place in the file system.
struct SocketFile {
    /// Longest path that fits into a `sockaddr_un`, its final zero apart.
    static let longestPath = 107

    let path: String

    init(path: String) throws(AdminServerError) {
        guard (1...Self.longestPath).contains(path.utf8.count) else {
            throw AdminServerError(
                .pathTooLong,
                "socket path \(path): want 1 to \(Self.longestPath) bytes, it has \(path.utf8.count)"
            )
        }
        self.path = path
    }

    /// Removes what a killed server left here; never another kind of file, nor a socket that answers.
    func clear() throws(AdminServerError) {
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: path) else {
            // Either nothing is there, or binding will say why it can't be.
            return
        }
        guard attributes[.type] as? FileAttributeType == .typeSocket else {
            throw AdminServerError(
                .notASocket,
                "\(path) exists and is not a socket: move it away, or name another path"
            )
        }
        switch Self.connectError(path) {
        case 0, EAGAIN:
            throw AdminServerError(
                .inUse,
                "another server answers on \(path): stop it, or name another path"
            )
        case ECONNREFUSED:
            guard unsafe unlink(path) == 0 || errno == ENOENT else {
                throw AdminServerError(.unusable, "can't remove old \(path): \(errorText(errno))")
            }
        case ENOENT:
            return
        case let code:
            throw AdminServerError(.unusable, "can't tell who owns \(path): \(errorText(code))")
        }
    }

    /// Lets the owner and the group connect, and gives the file to that group.
    func open(toGroup gid: UInt32?) throws(AdminServerError) {
        if let gid {
            guard unsafe chown(path, uid_t.max, gid) == 0 else {
                throw AdminServerError(
                    .unusable,
                    "can't give \(path) to group \(gid): \(errorText(errno))"
                )
            }
        }
        guard unsafe chmod(path, 0o660) == 0 else {
            throw AdminServerError(.unusable, "can't set the mode of \(path): \(errorText(errno))")
        }
    }

    /// The file's identity, so that only our own is removed at the end.
    var inode: UInt64? {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        return (attributes?[.systemFileNumber] as? any BinaryInteger).map { UInt64($0) }
    }

    /// Removes the file if it is still the one that was bound.
    func remove(inode bound: UInt64?) {
        guard let bound, inode == bound else { return }
        _ = unsafe unlink(path)
    }

    /// Tries to connect; 0, or the `errno` of the attempt.
    private static func connectError(_ path: String) -> Int32 {
        let socket = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard socket >= 0 else { return errno }
        defer { close(socket) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { room in
            unsafe room.copyBytes(from: path.utf8)
        }
        let result = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        return result == 0 ? 0 : errno
    }
}

/// The system's words for an `errno`.
func errorText(_ code: Int32) -> String { unsafe String(cString: strerror(code)) }
