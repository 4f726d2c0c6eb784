internal import CLinux
internal import Glibc
internal import KeyStore

/// What the program asks of the operating system.
enum System {
    /// Keeps memory private, and turns signals into error codes.
    static func harden() throws(Failure) {
        guard latchkey_forbid_dumps() == 0 else {
            throw Failure(.failed, "cannot forbid memory dumps: error \(errno)")
        }
        signal(SIGPIPE, SIG_IGN)
        // A limit on file sizes shall be a full store, not an end.
        signal(SIGXFSZ, SIG_IGN)
        // Whoever started this program may have had its children vanish unseen.
        signal(SIGCHLD, SIG_DFL)
        // The hook holds a key, too, and inherits this.
        var limit = rlimit(rlim_cur: 0, rlim_max: 0)
        guard unsafe setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit) == 0 else {
            throw Failure(.failed, "cannot forbid core dumps: error \(errno)")
        }
    }

    /// Calls `body` when the process is asked to end; a second time ends it at once.
    static func onTermination(_ body: @escaping @Sendable () -> Void) throws(Failure) {
        guard bell.reader >= 0 else { throw Failure(.failed, "no file descriptor for signals") }
        let baton = unsafe Unmanaged.passRetained(Termination(body))
        var thread = pthread_t()
        let result = unsafe pthread_create(
            &thread,
            nil,
            { argument in
                guard let argument = unsafe argument else { return nil }
                let termination = unsafe Unmanaged<Termination>.fromOpaque(argument)
                    .takeRetainedValue()
                System.awaitBell()
                termination.body()
                System.awaitBell()
                exit(1)
            },
            baton.toOpaque()
        )
        guard result == 0 else { throw Failure(.failed, "no thread for signals") }
        pthread_detach(thread)
        var set = sigset_t()
        unsafe sigemptyset(&set)
        for number in [SIGTERM, SIGINT] {
            signal(number, ring)
            unsafe sigaddset(&set, number)
        }
        // Whoever started this program may have left them blocked.
        unsafe pthread_sigmask(SIG_UNBLOCK, &set, nil)
    }

    /// A variable of the environment.
    static func environment(_ name: String) -> String? {
        unsafe getenv(name).map { unsafe String(cString: $0) }
    }

    /// The first label of this host's name.
    static var hostName: String {
        var buffer = [CChar](repeating: 0, count: 256)
        unsafe gethostname(&buffer, buffer.count - 1)
        let text = String(
            decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) },
            as: UTF8.self
        )
        return text.prefix { $0 != "." }.lowercased()
    }

    /// A pipe that takes a byte for each request to end; made before the first handler is.
    private static let bell: (reader: CInt, writer: CInt) = {
        var ends: [CInt] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else { return (-1, -1) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        // A handler must not wait, however often it is called.
        _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
        return (ends[0], ends[1])
    }()

    /// The handler: nothing but one call that is allowed in one.
    private static let ring: @convention(c) (CInt) -> Void = { _ in
        let interrupted = errno
        var byte: UInt8 = 0
        _ = unsafe write(System.bell.writer, &byte, 1)
        errno = interrupted
    }

    private static func awaitBell() {
        var byte: UInt8 = 0
        while unsafe read(bell.reader, &byte, 1) < 0, errno == EINTR {}
    }
}

/// Carries a closure to a thread.
private final class Termination: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}
