internal import CMosquitto
internal import Glibc

/// The connection's thread: attempts, pauses, and attempts again until it is told to close.
enum Loop {
    static func spawn(_ switchboard: Switchboard) throws(MQTTError) {
        _ = Self.library
        var attributes = pthread_attr_t()
        unsafe pthread_attr_init(&attributes)
        // TLS and name resolution fit; address space is all that it costs before it is touched.
        unsafe pthread_attr_setstacksize(&attributes, 512 * 1024)
        unsafe pthread_attr_setdetachstate(&attributes, CInt(PTHREAD_CREATE_DETACHED))
        let baton = unsafe Unmanaged.passRetained(switchboard)
        var thread = pthread_t()
        let result = unsafe pthread_create(
            &thread,
            &attributes,
            { argument in
                guard let argument = unsafe argument else { return nil }
                Loop.blockSignals()
                Loop.run(unsafe Unmanaged<Switchboard>.fromOpaque(argument).takeRetainedValue())
                return nil
            },
            baton.toOpaque()
        )
        unsafe pthread_attr_destroy(&attributes)
        guard result == 0 else {
            unsafe baton.release()
            throw MQTTError(.system, "no thread: \(errorText(result))")
        }
    }

    /// The library is prepared once per process; it is never torn down, since OpenSSL is shared.
    private static let library: CInt = mosquitto_lib_init()

    /// Signals belong to the program's own threads; and a broken pipe shall be an error code.
    private static func blockSignals() {
        var all = sigset_t()
        unsafe sigfillset(&all)
        unsafe pthread_sigmask(SIG_BLOCK, &all, nil)
    }

    private static func run(_ switchboard: Switchboard) {
        var backoff = switchboard.configuration.backoff
        while !switchboard.isClosing {
            let (failure, lifetime) = attempt(switchboard)
            if switchboard.isClosing { break }
            // A broker that lets us in and throws us out again does not count as a success.
            if lifetime > backoff.minimum * 10 { backoff.reset() }
            let pause = backoff.next()
            switchboard.report(
                failure.isRefusal
                    ? .refused(failure, retryAfter: pause)
                    : .disconnected(failure, retryAfter: pause)
            )
            wait(switchboard, until: .now + pause)
        }
        switchboard.becameClosed()
    }

    /// One connection from its making to its end: why it ended, and how long it had stood.
    private static func attempt(_ switchboard: Switchboard) -> (MQTTError, Duration) {
        let first = Session(switchboard, overIPv4Only: false)
        let failure = first.run()
        guard first.mayTryIPv4, !switchboard.isClosing else { return (failure, first.lifetime) }
        // The library tries only the first address that a name has: often IPv6, where the broker
        // may not listen.
        let second = Session(switchboard, overIPv4Only: true)
        return (second.run(), second.lifetime)
    }

    private static func wait(_ switchboard: Switchboard, until end: Instant) {
        while !switchboard.isClosing, Instant.now < end {
            let deadline = min(end, switchboard.earliestDeadline ?? end)
            _ = pollUntil(deadline, bell: switchboard.bell, socket: -1, events: 0)
            switchboard.silenceBell()
            switchboard.expireWaiters(at: .now)
        }
    }
}

/// Sleeps until the bell rings, the socket is ready or the deadline has come; what the socket is
/// ready for.
func pollUntil(_ deadline: Instant?, bell: CInt, socket: CInt, events: Int32) -> Int16 {
    var descriptors = [
        pollfd(fd: bell, events: Int16(POLLIN), revents: 0),
        pollfd(fd: socket, events: Int16(events), revents: 0),
    ]
    var timeout: CInt = -1
    if let deadline {
        let rest = max(.zero, deadline - .now)
        let (seconds, attoseconds) = rest.components
        // Rounded up: waking a moment too early would be waking twice.
        timeout = CInt(
            clamping: seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        )
    }
    let count = unsafe poll(&descriptors, 2, timeout)
    return count > 0 ? descriptors[1].revents : 0
}
