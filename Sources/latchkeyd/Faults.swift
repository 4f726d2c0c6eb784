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

/// Files that come into being are not for strangers, whatever the folder's mode.
func closeNewFiles() {
    // The group is kept in: the broker may read its password file as a member.
    umask(umask(0o077) | 0o027)
}

/// Refuses an option's empty value, which would mean the working folder.
func checkGiven(_ path: String?, _ option: String) throws {
    guard path != "" else { throw ValidationError("\(option): want a path, have an empty one") }
}

/// A path that stays right when the working folder changes.
func absolute(_ path: String) -> String {
    guard !path.hasPrefix("/"), let folder = unsafe getcwd(nil, 0) else { return path }
    defer { unsafe free(folder) }
    return unsafe "\(String(cString: folder))/\(path)"
}

private func complain(_ text: String) {
    let line = Array("latchkeyd: \(printable(text))\n".utf8)
    _ = unsafe line.withUnsafeBytes { unsafe write(STDERR_FILENO, $0.baseAddress, $0.count) }
}

/// Text without what could move the cursor: it may repeat an argument.
private func printable(_ text: String) -> String {
    let scalars = text.unicodeScalars.map { scalar in
        scalar != "\n" && scalar.properties.generalCategory == .control ? "?" : scalar
    }
    return String(String.UnicodeScalarView(scalars))
}
