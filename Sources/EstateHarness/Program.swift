internal import BrokerHarness
package import Foundation
internal import Glibc

/// One of the real programs, as a process of its own that ends with this object.
package final class Program: Sendable {
    /// Standard output and standard error, in files.
    package let output: String
    package let errors: String
    private let process: Subprocess

    /// Where the programs were built: beside the tests, unless `LATCHKEY_PROGRAMS` names a folder.
    package static func path(of name: String) throws -> String {
        let variable = ProcessInfo.processInfo.environment["LATCHKEY_PROGRAMS"]
        let beside = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let folder = variable ?? String(beside[..<(beside.lastIndex(of: "/") ?? beside.endIndex)])
        let path = "\(folder)/\(name)"
        guard unsafe access(path, X_OK) == 0 else {
            throw Trouble("\(path) is missing: run `swift build` first, or set LATCHKEY_PROGRAMS")
        }
        return path
    }

    /// Starts `name`; what it says is added to `log`, or kept apart for `run`.
    package init(
        _ name: String,
        _ arguments: [String],
        in folder: String,
        log: String? = nil,
        environment: [String: String] = [:],
        under wrapper: [String] = []
    ) throws {
        let stem = "\(folder)/output-\(UInt64.random(in: 0 ... .max))"
        output = log ?? stem + ".out"
        errors = log ?? stem + ".err"
        let words = try wrapper + [Self.path(of: name)] + arguments
        process = try Subprocess(
            words[0],
            Array(words.dropFirst()),
            in: folder,
            output: output,
            errors: log == nil ? errors : nil,
            environment: environment
        )
    }

    deinit { stop(SIGKILL) }

    package var identifier: pid_t { process.identifier }

    /// Its exit code, or minus the signal that ended it; nil while it runs.
    package var code: Int32? {
        process.exitStatus().map { $0 & 0x7f == 0 ? $0 >> 8 & 0xff : -($0 & 0x7f) }
    }

    /// Sends a signal, unless it has ended.
    package func send(_ signal: Int32) {
        if process.exitStatus() == nil { kill(process.identifier, signal) }
    }

    /// Sends a signal that ends it at once, and waits.
    package func stop(_ signal: Int32) {
        send(signal)
        process.waitForExit()
    }

    /// Waits for its end.
    package func end(within limit: Duration = .seconds(30)) async throws -> Int32 {
        let deadline = ContinuousClock.now + limit
        while true {
            if let code { return code }
            guard .now < deadline else {
                throw Trouble("process \(identifier) still runs after \(limit): \(text)")
            }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    /// What it has said so far on both channels.
    package var text: String {
        let said = contents(output)
        return errors == output ? said : said + contents(errors)
    }
}

/// How a program ended.
package struct Outcome {
    package let code: Int32
    package let output: String
    package let errors: String

    package init(code: Int32, output: String, errors: String) {
        self.code = code
        self.output = output
        self.errors = errors
    }

    package var text: String { output + errors }

    /// What it said as JSON.
    package func json<Value: Decodable>(_ type: Value.Type) throws -> Value {
        guard code == 0 else { throw Trouble("exit code \(code): \(text)") }
        return try JSONDecoder().decode(type, from: Data(output.utf8))
    }
}

/// What went wrong in a test's own hands.
package struct Trouble: Error, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
}

/// A rule that must hold whatever happens, and did not.
package struct Violation: Error, CustomStringConvertible {
    package let description: String
    init(_ description: String) { self.description = description }
}

/// A file's text, or nothing when there is none.
package func contents(_ path: String) -> String {
    String(decoding: everything(in: path), as: UTF8.self)
}

/// A file's bytes, or none when it is not there; files of the kernel too, which do not know their size.
package func everything(in path: String) -> Data {
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return Data() }
    defer { close(file) }
    var bytes = Data()
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = unsafe read(file, &chunk, chunk.count)
        guard count > 0 else { return bytes }
        bytes += chunk[..<count]
    }
}

/// Tries until something is so; throws what it was about when it does not become so in time.
///
/// `what` is put together only then: it may tell what a log says by that time.
package func eventually(
    _ what: @autoclosure () -> String,
    within limit: Duration = .seconds(60),
    every pause: Duration = .milliseconds(25),
    _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while try await !condition() {
        guard .now < deadline else { throw Trouble("not in \(limit): \(what())") }
        try await Task.sleep(for: pause)
    }
}
