import Dispatch
import Glibc
import KeyExchange
import Synchronization

/// The real `latchkey-agent` as a process of its own.
final class Program: Sendable {
    let identifier: pid_t
    private let output: String

    /// The executable stands beside the one that runs the tests.
    private static let path: String = {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = unsafe readlink("/proc/self/exe", &buffer, buffer.count - 1)
        let own = String(
            decoding: buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) },
            as: UTF8.self
        )
        return own.split(separator: "/").dropLast().map { "/" + $0 }.joined() + "/latchkey-agent"
    }()

    /// Starts it; what it prints on both channels goes into a file in `folder`.
    init(_ arguments: [String], in folder: String) {
        output = "\(folder)/output-\(UInt64.random(in: .min ... .max))"
        let command = "exec \"$0\" \"$@\" > \(output) 2>&1"
        let words = ["/bin/sh", "-c", command, Self.path] + arguments
        var pointers = unsafe words.map { unsafe strdup($0) }
        defer { unsafe pointers.forEach { unsafe free($0) } }
        unsafe pointers.append(nil)
        var identifier = pid_t()
        unsafe posix_spawn(&identifier, "/bin/sh", nil, nil, pointers, environ)
        self.identifier = identifier
    }

    /// Waits for its end: its exit code, or minus the signal that ended it.
    func wait() async -> CInt {
        let identifier = identifier
        return await withCheckedContinuation { continuation in
            // A thread of its own: the pool must not wait.
            DispatchQueue(label: "wait").async {
                var status: CInt = 0
                while unsafe waitpid(identifier, &status, 0) < 0, errno == EINTR {}
                let signal = status & 0x7f
                continuation.resume(returning: signal == 0 ? status >> 8 & 0xff : -signal)
            }
        }
    }

    func end(_ signal: CInt) { kill(identifier, signal) }

    /// What it has printed so far.
    var text: String {
        let file = unsafe open(output, O_RDONLY)
        defer { close(file) }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = unsafe buffer.withUnsafeMutableBytes {
            unsafe read(file, $0.baseAddress, $0.count)
        }
        return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
    }

    /// Runs it to its end: exit code and output.
    static func run(_ arguments: [String], in folder: String) async -> (code: CInt, text: String) {
        let program = Program(arguments, in: folder)
        let code = await program.wait()
        return (code, program.text)
    }
}
