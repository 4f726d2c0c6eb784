internal import Glibc
internal import Synchronization

/// A child process.
public final class Subprocess: Sendable {
    /// Its number.
    public let identifier: Int32
    private let status = Mutex<CInt?>(nil)

    /// Starts a program in `folder`; what it says goes to the end of the file `output`, and its
    /// complaints to the file `errors`, if there is one.
    ///
    /// It inherits the environment, and gets the variables of `environment` in front of it.
    public init(
        _ path: String,
        _ arguments: [String],
        in folder: String,
        output: String,
        errors: String? = nil,
        environment: [String: String] = [:]
    ) throws(HarnessError) {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        _ = unsafe GNU.addChdir?(&actions, folder)
        unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        let flags = O_WRONLY | O_CREAT | O_APPEND
        unsafe posix_spawn_file_actions_addopen(&actions, 1, output, flags, 0o600)
        if let errors {
            unsafe posix_spawn_file_actions_addopen(&actions, 2, errors, flags, 0o600)
        } else {
            unsafe posix_spawn_file_actions_adddup2(&actions, 1, 2)
        }
        // Descriptors of other tests in this process are none of its business.
        _ = unsafe GNU.addCloseFrom?(&actions, 3)
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        unsafe sigemptyset(&none)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var words = unsafe ([path] + arguments).map { unsafe strdup($0) } + [nil]
        defer { unsafe words.forEach { unsafe free($0) } }
        var variables = unsafe environment.map { unsafe strdup("\($0.key)=\($0.value)") }
        let own = environment.count
        defer { unsafe variables.prefix(own).forEach { unsafe free($0) } }
        var inherited = unsafe environ
        while let variable = unsafe inherited.pointee {
            unsafe variables.append(variable)
            unsafe inherited += 1
        }
        unsafe variables.append(nil)
        var identifier: pid_t = 0
        let result = unsafe posix_spawn(
            &identifier,
            path,
            &actions,
            &attributes,
            &words,
            &variables
        )
        guard result == 0 else {
            throw HarnessError("\(path): \(unsafe String(cString: strerror(result)))")
        }
        self.identifier = identifier
    }

    /// How it ended, as `waitpid` tells it, or nil while it runs.
    public func exitStatus() -> Int32? { wait(WNOHANG) }

    /// Blocks until it has ended.
    public func waitForExit() { _ = wait(0) }

    private func wait(_ options: CInt) -> CInt? {
        status.withLock { status in
            if status == nil {
                var word: CInt = 0
                let result = unsafe waitpid(identifier, &word, options)
                // Gone without a word: somebody else waited for it.
                if result == identifier { status = word } else if result < 0 { status = -1 }
            }
            return status
        }
    }
}

/// Runs a program to its end; throws what it said unless it succeeded.
func run(_ path: String, _ arguments: [String], in folder: String) async throws(HarnessError) {
    let output = "\(folder)/output.\(UInt32.random(in: 0 ... .max))"
    let child = try Subprocess(path, arguments, in: folder, output: output)
    while child.exitStatus() == nil { await pause(.milliseconds(2)) }
    let said = try readFile(output)
    unsafe unlink(output)
    guard child.exitStatus() == 0 else { throw HarnessError("\(path): \(said)") }
}

/// Functions that glibc has and the overlay does not show.
private enum GNU {
    typealias Chdir =
        @convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, UnsafePointer<CChar>) ->
        CInt
    typealias CloseFrom =
        @convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, CInt) -> CInt

    static let addChdir = unsafe find("posix_spawn_file_actions_addchdir_np", as: Chdir.self)
    static let addCloseFrom = unsafe find(
        "posix_spawn_file_actions_addclosefrom_np",
        as: CloseFrom.self
    )

    private static func find<Function>(_ name: String, as type: Function.Type) -> Function? {
        unsafe dlsym(nil, name).map { unsafe unsafeBitCast($0, to: type) }
    }
}
