internal import ArgumentParser
internal import Glibc
internal import ServerKit

/// Runs `body`; says what failed on standard error and ends with the documented code.
func reportingFaults<Result>(_ body: () async throws -> Result) async throws -> Result {
    do {
        return try await body()
    } catch let error as ConfigurationError {
        for fault in error.faults { complain(fault) }
        throw ExitCode(78)
    } catch let error as ExitCode {
        throw error
    } catch {
        complain("\(error)")
        throw ExitCode(1)
    }
}

/// A path that stays right when the working folder changes.
func absolute(_ path: String) -> String {
    guard !path.hasPrefix("/"), let folder = unsafe getcwd(nil, 0) else { return path }
    defer { unsafe free(folder) }
    return unsafe "\(String(cString: folder))/\(path)"
}

private func complain(_ text: String) {
    let line = Array("latchkeyd: \(text)\n".utf8)
    _ = unsafe line.withUnsafeBytes { unsafe write(STDERR_FILENO, $0.baseAddress, $0.count) }
}
