internal import Glibc

/// Tries the admin socket once, because the kernel's answer tells best what a person must do.
enum SocketProbe {
    static func check(_ path: String) throws(Failure) {
        guard (1...107).contains(path.utf8.count) else {
            throw Failure(.usage, "socket path \"\(path)\": want 1 to 107 bytes")
        }
        let code = connectError(path)
        switch code {
        case 0:
            return
        case ENOENT, ENOTDIR:
            throw Failure(
                .unreachable,
                "no server socket at \(path): start the server with `latchkeyd run`, or name its "
                    + "socket with --socket or $LATCHKEY_SOCKET"
            )
        case ECONNREFUSED where !isSocket(path):
            throw Failure(
                .unreachable,
                "\(path) is not a socket: name the one of a `latchkeyd run` with --socket or "
                    + "$LATCHKEY_SOCKET; its configuration has it as [admin] socket"
            )
        case ECONNREFUSED:
            throw Failure(
                .unreachable,
                "no server answers on \(path): it has stopped; start it with `latchkeyd run`"
            )
        case EACCES, EPERM:
            throw Failure(
                .notPermitted,
                "may not open \(path): join the group that owns it (`ls -l \(path)`), or run the "
                    + "command as root"
            )
        default:
            throw Failure(
                .unreachable,
                "can't reach the server on \(path): \(errorText(code))"
            )
        }
    }

    private static func isSocket(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFSOCK
    }

    private static func connectError(_ path: String) -> Int32 {
        let socket = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
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
