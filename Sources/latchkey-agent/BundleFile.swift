internal import EDHOC
internal import Glibc
internal import KeyExchange
internal import Secrets

/// The bundle in a file.
func readBundle(_ path: String, crypto: any Crypto) throws(Failure) -> Bundle {
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw Failure(.badBundle, "cannot read \(path): \(errorText())") }
    defer { close(file) }
    // Longer than any bundle, so that a longer file is seen to be too long.
    var buffer = [UInt8](repeating: 0, count: Bundle.Limits.text + 1)
    defer { buffer.wipe() }
    var count = 0
    while count < buffer.count {
        let part = unsafe buffer.withUnsafeMutableBytes { buffer in
            unsafe read(
                file,
                UnsafeMutableRawBufferPointer(rebasing: buffer[count...]).baseAddress,
                buffer.count - count
            )
        }
        guard part >= 0 else { throw Failure(.badBundle, "cannot read \(path): \(errorText())") }
        if part == 0 { break }
        count += part
    }
    do throws(BundleError) {
        return try Bundle(parsing: buffer.rawSpan.extracting(0..<count), crypto: crypto)
    } catch {
        throw Failure(.badBundle, "\(path): \(error.detail)")
    }
}

private func errorText() -> String { unsafe String(cString: strerror(errno)) }
