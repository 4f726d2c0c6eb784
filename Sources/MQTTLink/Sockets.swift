internal import Glibc

/// AF_INET or AF_INET6, or nil when there is no socket.
func family(of socket: CInt) -> CInt? {
    guard socket >= 0 else { return nil }
    var address = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let result = unsafe withUnsafeMutablePointer(to: &address) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            unsafe getsockname(socket, $0, &length)
        }
    }
    return result == 0 ? CInt(address.ss_family) : nil
}

/// Whether somebody is at the other end of a TCP socket.
func hasPeer(_ socket: CInt) -> Bool {
    var address = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    return unsafe withUnsafeMutablePointer(to: &address) { address in
        unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
            unsafe getpeername(socket, address, &length) == 0
        }
    }
}

/// How a connection attempt that went on in the background ended: 0 when it stands.
func pendingError(of socket: CInt) -> CInt {
    var error: CInt = 0
    var length = socklen_t(MemoryLayout<CInt>.size)
    let result = unsafe getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &length)
    return result == 0 ? error : errno
}
