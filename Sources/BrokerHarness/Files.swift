internal import Glibc

/// What the harness could not do.
public struct HarnessError: Error, CustomStringConvertible {
    /// In words.
    public let description: String

    init(_ description: String) { self.description = description }
}

func errorText() -> String { unsafe String(cString: strerror(errno)) }

func isThere(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

func makeFolder(_ path: String) throws(HarnessError) {
    guard unsafe mkdir(path, 0o700) == 0 || errno == EEXIST else {
        throw HarnessError("\(path): \(errorText())")
    }
}

func readFile(_ path: String) throws(HarnessError) -> String {
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw HarnessError("\(path): \(errorText())") }
    defer { close(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = unsafe read(file, &chunk, chunk.count)
        guard count >= 0 else { throw HarnessError("\(path): \(errorText())") }
        if count == 0 { return String(decoding: bytes, as: UTF8.self) }
        bytes += chunk[..<count]
    }
}

func writeFile(_ path: String, _ text: String) throws(HarnessError) {
    let file = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw HarnessError("\(path): \(errorText())") }
    defer { close(file) }
    let bytes = Array(text.utf8)
    guard unsafe write(file, bytes, bytes.count) == bytes.count else {
        throw HarnessError("\(path): \(errorText())")
    }
}

/// Sleeps, and goes on at once when the task was cancelled.
func pause(_ duration: Duration) async {
    try? await Task.sleep(for: duration)
}

/// A folder of one's own that is removed with all that is in it.
public final class TemporaryFolder: Sendable {
    /// Where it is.
    public let path: String

    /// Makes a folder that nobody else can read.
    public init() throws(HarnessError) {
        var template = Array("/tmp/latchkey-XXXXXX".utf8CString)
        guard unsafe mkdtemp(&template) != nil else {
            throw HarnessError("mkdtemp: \(errorText())")
        }
        path = unsafe template.withUnsafeBufferPointer {
            unsafe String(cString: $0.baseAddress.unsafelyUnwrapped)
        }
    }

    deinit {
        if let child = try? Subprocess("/bin/rm", ["-rf", path], in: "/", output: "/dev/null") {
            child.waitForExit()
        }
    }
}
