internal import CLinux
internal import Glibc
internal import KeyExchange
internal import KeyStore
internal import Secrets

/// One run of the hook over one key, in a process group of its own.
///
/// The caller is told when it has ended and then calls `finish`; `kill` ends it sooner. Both are called
/// by one task.
final class HookProcess {
    private let identifier: pid_t
    private let mark = HookMark()

    /// Starts the hook; `hasEnded` is called once, on a thread that lives as long as the process.
    init(
        _ hook: Hook,
        for key: KeyName,
        _ entry: StoredEpoch,
        hasEnded: @escaping @Sendable () -> Void
    ) throws(HookError) {
        // Again before each run: what was right at the start may have been changed since.
        try hook.check()
        let input = try Self.pipe(holding: entry.material)
        defer { close(input) }
        let arguments = [
            hook.path, key.description, entry.epoch.description, entry.algorithm.description,
        ]
        let environment = Self.environment + [mark.variable]
        identifier = try Self.spawn(hook.path, arguments, environment, input: input)
        Self.watch(identifier, hasEnded)
    }

    /// Ends it and its group; `finish` ends what has left the group.
    func kill() { Glibc.kill(-identifier, SIGKILL) }

    /// Why it does not take the key, once it has ended; nil when it does.
    ///
    /// Its number is taken until here, so that `kill` can't have met another process.
    func finish() -> String? {
        kill()
        defer { mark.endBearers() }
        var status: CInt = 0
        while unsafe waitpid(identifier, &status, 0) < 0 {
            guard errno == EINTR else { return "lost: \(errorText())" }
        }
        let signal = status & 0x7f
        guard signal == 0 else { return "ended by signal \(signal)" }
        let code = status >> 8 & 0xff
        return code == 0 ? nil : "exit code \(code)"
    }

    /// A pipe that holds the key and then its end: nobody has to wait for a reader.
    private static func pipe(holding material: KeyMaterial) throws(HookError) -> CInt {
        var ends: [CInt] = [-1, -1]
        guard unsafe pipe2(&ends, O_CLOEXEC) == 0 else { throw failed("pipe") }
        let isWritten = material.secret.withBytes { bytes in
            // A key is far shorter than the least that a pipe takes at once.
            unsafe bytes.withUnsafeBytes { bytes in
                unsafe write(ends[1], bytes.baseAddress, bytes.count) == bytes.count
            }
        }
        close(ends[1])
        guard isWritten else {
            close(ends[0])
            throw failed("pipe")
        }
        return ends[0]
    }

    private static func spawn(
        _ path: String,
        _ arguments: [String],
        _ environment: [String],
        input: CInt
    ) throws(HookError) -> pid_t {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
        // Not to the log: a script that shows what it does would write the key there.
        for output in [STDOUT_FILENO, STDERR_FILENO] {
            unsafe posix_spawn_file_actions_addopen(&actions, output, "/dev/null", O_WRONLY, 0)
        }
        unsafe posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1)
        unsafe posix_spawn_file_actions_addchdir_np(&actions, "/")

        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK
        unsafe posix_spawnattr_setflags(&attributes, Int16(flags))
        unsafe posix_spawnattr_setpgroup(&attributes, 0)
        // The agent ignores some signals, and whoever started it may have blocked others.
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe posix_spawnattr_setsigmask(&attributes, &signals)
        unsafe sigfillset(&signals)
        unsafe posix_spawnattr_setsigdefault(&attributes, &signals)

        var words = unsafe arguments.map { unsafe strdup($0) }
        var environment = unsafe environment.map { unsafe strdup($0) }
        defer { unsafe (words + environment).forEach { unsafe free($0) } }
        unsafe words.append(nil)
        unsafe environment.append(nil)
        var identifier = pid_t()
        let number = unsafe posix_spawn(
            &identifier,
            path,
            &actions,
            &attributes,
            words,
            environment
        )
        guard number == 0 else { throw failed(path, number) }
        return identifier
    }

    private static let environment = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C"]

    /// A thread that sleeps until the process ends, and leaves it to `finish` to collect it.
    private static func watch(_ identifier: pid_t, _ hasEnded: @escaping @Sendable () -> Void) {
        let baton = unsafe Unmanaged.passRetained(Watch(identifier, hasEnded))
        var thread = pthread_t()
        let result = unsafe pthread_create(
            &thread,
            nil,
            { argument in
                guard let argument = unsafe argument else { return nil }
                unsafe Unmanaged<Watch>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            },
            baton.toOpaque()
        )
        guard result == 0 else {
            // No thread to be had: the hook loses, rather than the loop waits.
            unsafe baton.release()
            Glibc.kill(-identifier, SIGKILL)
            return hasEnded()
        }
        pthread_detach(thread)
    }

    private static func failed(_ what: String, _ number: CInt = errno) -> HookError {
        HookError(.unusable, "cannot start \(what): \(errorText(number))")
    }
}

/// What the waiting thread needs.
private final class Watch: Sendable {
    private let identifier: pid_t
    private let hasEnded: @Sendable () -> Void

    init(_ identifier: pid_t, _ hasEnded: @escaping @Sendable () -> Void) {
        self.identifier = identifier
        self.hasEnded = hasEnded
    }

    func run() {
        var information = unsafe siginfo_t()
        while unsafe waitid(P_PID, id_t(identifier), &information, WEXITED | WNOWAIT) < 0,
            errno == EINTR
        {}
        hasEnded()
    }
}
