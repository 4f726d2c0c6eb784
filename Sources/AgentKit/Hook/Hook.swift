internal import Glibc

/// A local command that tries each new key before the device commits to it.
///
/// It gets the key's name, epoch and algorithm as arguments and the key's bytes on standard input, and
/// nothing else: no terminal, no open file, a bare environment. Exit code 0 takes the key; anything
/// else leaves the device on the old epoch.
public struct Hook: Sendable {
    /// The program's absolute path.
    public let path: String
    /// How long it may think about one key.
    public let timeout: Duration

    /// Names the program; nothing is looked at yet.
    public init(_ path: String, timeout: Duration = .seconds(10)) {
        self.path = path
        self.timeout = timeout
    }

    /// Throws when the program is not there or can't be run, or when somebody else could put another
    /// one in its place.
    public func check() throws(HookError) {
        guard path.utf8.first == UInt8(ascii: "/"), !path.utf8.contains(0) else {
            throw HookError(.exposed, "want an absolute path, have \"\(path)\"")
        }
        guard let resolved = unsafe realpath(path, nil) else {
            throw HookError(.unusable, "\(path): \(errorText())")
        }
        defer { unsafe free(resolved) }
        // The name as given, too: who may change a link on the way chooses the program.
        for name in [path, unsafe String(cString: resolved)] { try Self.checkOwners(of: name) }
        var status = stat()
        guard unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            unsafe access(path, X_OK) == 0
        else { throw HookError(.unusable, "\(path) is not a program that this user may run") }
    }

    private static func checkOwners(of path: String) throws(HookError) {
        var name = path
        while true {
            var status = stat()
            guard unsafe stat(name, &status) == 0 else {
                throw HookError(.unusable, "\(name): \(errorText())")
            }
            guard status.st_uid == 0 || status.st_uid == geteuid() else {
                throw HookError(
                    .exposed,
                    "\(name) belongs to user \(status.st_uid): want root or own"
                )
            }
            // In a folder like /tmp others may write, and not touch what is ours.
            let isSticky = status.st_mode & (S_IFMT | S_ISVTX) == S_IFDIR | S_ISVTX
            guard status.st_mode & 0o022 == 0 || isSticky else {
                throw HookError(.exposed, "others may write to \(name): run chmod go-w \(name)")
            }
            guard name != "/" else { return }
            let parent = name.split(separator: "/", omittingEmptySubsequences: true).dropLast()
            name = "/" + parent.joined(separator: "/")
        }
    }
}

/// Why the hook can't be used.
public struct HookError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of fault it is.
    public enum Code: Hashable, Sendable {
        /// Somebody else could choose what is run.
        case exposed
        /// There is no such program, or it does not start.
        case unusable
    }

    /// What kind of fault it is.
    public let code: Code
    /// What was expected and what was found.
    public let description: String

    init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }
}

func errorText(_ number: CInt = errno) -> String { unsafe String(cString: strerror(number)) }
