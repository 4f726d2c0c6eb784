internal import CMosquitto
internal import Glibc

/// One connection, from the attempt to its end.
///
/// It is used by one thread alone; the library's callbacks run on that thread too, inside the calls
/// that this class makes.
final class Session {
    let switchboard: Switchboard
    private let overIPv4Only: Bool
    private var hasReached = false
    private var isOverIPv4 = false
    var letInAt: Instant?
    /// When something was last known to go out, and to come in.
    var lastSent = Instant.now
    private var lastReceived = Instant.now
    var keepAlive: Duration
    private var closeDeadline: Instant?
    /// What this connection has subscribed to, or tried to.
    var asked: Set<String> = []
    var waiting = Acknowledgements()
    /// Why it ends, once it does.
    var failure: MQTTError?
    /// The library's last word on an error, which says more than its return codes.
    var lastWords: String?

    init(_ switchboard: Switchboard, overIPv4Only: Bool) {
        self.switchboard = switchboard
        self.overIPv4Only = overIPv4Only
        keepAlive = switchboard.configuration.keepAlive
    }

    /// Whether the failure may be that of an IPv6 address where an IPv4 one would do.
    var mayTryIPv4: Bool {
        !overIPv4Only && !hasReached && !isOverIPv4 && failure?.code != .badSetting
    }

    /// How long it stood.
    var lifetime: Duration { letInAt.map { .now - $0 } ?? .zero }

    /// Connects and serves until the end; why it ended.
    func run() -> MQTTError {
        do throws(MQTTError) {
            let handle = try Handle.make(switchboard.configuration)
            setCallbacks(handle)
            defer { unsafe mosquitto_user_data_set(handle.pointer, nil) }
            try connect(handle)
            try serve(handle)
        } catch {
            failure = failure ?? describe(error)
        }
        let reason = failure ?? MQTTError(.closed, "the connection was closed")
        failure = reason
        // Before anybody is answered: who hears that it broke must not find it standing.
        switchboard.becameDisconnected(reason)
        for entry in waiting.takeAll() { end(entry, with: reason) }
        return reason
    }

    private func connect(_ handle: borrowing Handle) throws(MQTTError) {
        let configuration = switchboard.configuration
        errno = 0
        let result = unsafe mosquitto_connect_bind_async(
            handle.pointer,
            configuration.host,
            CInt(configuration.port),
            CInt(configuration.keepAlive.components.seconds),
            overIPv4Only ? "0.0.0.0" : nil
        )
        isOverIPv4 = family(of: handle.socket) == AF_INET
        let place = "\(configuration.host) port \(configuration.port)"
        // A name that does not resolve leaves a code of getaddrinfo in errno, not of the system.
        guard result != MOSQ_ERR_EAI.rawValue else {
            throw MQTTError(
                .unreachable,
                "\(place): \(unsafe String(cString: gai_strerror(errno)))"
            )
        }
        try check(result, place)
    }

    private func serve(_ handle: borrowing Handle) throws(MQTTError) {
        let configuration = switchboard.configuration
        let attemptDeadline = Instant.now + configuration.connectTimeout
        while failure == nil {
            let socket = handle.socket
            guard socket >= 0 else {
                throw MQTTError(.connectionLost, "the broker closed the connection")
            }
            let wantsWrite = unsafe !hasReached || mosquitto_want_write(handle.pointer)
            let deadline = [
                letInAt == nil
                    ? attemptDeadline : min(lastSent, lastReceived) + keepAlive,
                waiting.earliestDeadline, closeDeadline, switchboard.earliestDeadline,
            ].compactMap { $0 }.min()
            let ready = pollUntil(
                deadline,
                bell: switchboard.bell,
                socket: socket,
                events: (hasReached ? POLLIN : 0) | (wantsWrite ? POLLOUT : 0)
            )
            switchboard.silenceBell()
            if ready != 0 { try transfer(handle, ready: Int32(ready)) }
            if letInAt != nil, failure == nil { try obey(handle) }
            try keepTime(handle, attemptDeadline: attemptDeadline)
            if try isDone(handle) { return }
        }
    }

    /// Moves bytes between the socket and the library.
    private func transfer(_ handle: borrowing Handle, ready: Int32) throws(MQTTError) {
        if !hasReached {
            let error = pendingError(of: handle.socket)
            guard error == 0 else { throw MQTTError(.unreachable, errorText(error)) }
            // The library's TLS writes at once, and so takes a refusal's error away from us.
            guard hasPeer(handle.socket) else {
                throw MQTTError(.unreachable, errorText(ECONNREFUSED))
            }
            hasReached = true
        }
        if ready & POLLOUT != 0 {
            try check(unsafe mosquitto_loop_write(handle.pointer, 1), "writing")
        }
        if ready & (POLLIN | POLLHUP | POLLERR) != 0 {
            lastReceived = .now
            try check(unsafe mosquitto_loop_read(handle.pointer, 1), "reading")
        }
    }

    private func keepTime(
        _ handle: borrowing Handle,
        attemptDeadline: Instant
    ) throws(MQTTError) {
        let now = Instant.now
        switchboard.expireWaiters(at: now)
        for entry in waiting.takeExpired(at: now) {
            let late = MQTTError(.timedOut, "no acknowledgement within \(timeout)")
            end(entry, with: late)
            if case .resubscription = entry { throw late }
        }
        if letInAt == nil {
            guard now < attemptDeadline else {
                throw MQTTError(
                    .timedOut,
                    hasReached ? "no answer to CONNECT" : "no TCP connection"
                )
            }
        } else if now >= min(lastSent, lastReceived) + keepAlive {
            // Pings, or finds that the last ping was not answered.
            try check(unsafe mosquitto_loop_misc(handle.pointer), "keep-alive")
            (lastSent, lastReceived) = (now, now)
        }
    }

    /// Whether the caller's wish to close has been fulfilled.
    private func isDone(_ handle: borrowing Handle) throws(MQTTError) -> Bool {
        guard switchboard.isClosing else { return false }
        guard letInAt != nil else { return true }
        let deadline = closeDeadline ?? .now + .seconds(2)
        closeDeadline = deadline
        let isQuiet = unsafe waiting.isEmpty && !mosquitto_want_write(handle.pointer)
        guard isQuiet || .now >= deadline else { return false }
        // Small, and nothing is before it: the socket takes it at once, or it does not matter.
        unsafe mosquitto_disconnect_v5(handle.pointer, 0, nil)
        return true
    }

    /// Adds the library's own words where a return code says little.
    private func describe(_ error: MQTTError) -> MQTTError {
        guard let lastWords, error.code != .unreachable else { return error }
        let code = lastWords.contains("certificate verify failed") ? .tlsFailed : error.code
        return MQTTError(code, "\(error.detail) (\(lastWords))")
    }
}
