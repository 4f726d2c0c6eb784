internal import Glibc
internal import Synchronization

/// A TCP socket for loopback; -1 when the system gives none.
func makeSocket() -> CInt {
    socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
}

/// Calls `body` with 127.0.0.1 and a port.
func withLoopback<Result>(
    port: UInt16,
    _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
) -> Result {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return unsafe withUnsafePointer(to: &address) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            unsafe body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
}

/// A listening socket on loopback and its port; any free port for 0.
func listen(port: UInt16) throws(HarnessError) -> (socket: CInt, port: UInt16) {
    let listener = makeSocket()
    var yes: CInt = 1
    unsafe setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, 4)
    let result = unsafe withLoopback(port: port) { unsafe bind(listener, $0, $1) }
    guard result == 0, Glibc.listen(listener, 64) == 0 else {
        close(listener)
        throw HarnessError("can't listen on port \(port): \(errorText())")
    }
    var address = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    _ = unsafe withUnsafeMutablePointer(to: &address) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            unsafe getsockname(listener, $0, &length)
        }
    }
    return (listener, UInt16(bigEndian: address.sin_port))
}

/// A connection to a port of loopback, or nil.
func connect(port: UInt16) -> CInt? {
    let socket = makeSocket()
    guard unsafe withLoopback(port: port, { unsafe Glibc.connect(socket, $0, $1) }) == 0 else {
        close(socket)
        return nil
    }
    return socket
}

/// A port of loopback that nobody listens on, and that this process gets only once.
///
/// It is outside the range that outgoing connections take theirs from, so that it is still free when
/// a broker that was stopped wants it back.
public func freePort() throws(HarnessError) -> UInt16 {
    for _ in 0..<200 {
        let port = UInt16.random(in: 20_000..<32_000)
        guard handedOut.withLock({ $0.insert(port).inserted }) else { continue }
        guard let (socket, _) = try? listen(port: port) else { continue }
        close(socket)
        return port
    }
    throw HarnessError("no free port between 20000 and 32000")
}

private let handedOut = Mutex<Set<UInt16>>([])
