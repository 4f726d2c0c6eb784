internal import Dispatch
internal import Glibc

/// Ctrl-C as something to wait for, instead of the end of the process.
enum Interruption {
    /// One element for each SIGINT from now on.
    static func stream() -> AsyncStream<Void> {
        AsyncStream { continuation in
            // The default action would end us before the source is asked.
            signal(SIGINT, SIG_IGN)
            // Only the stream's end touches it, once.
            nonisolated(unsafe) let source = DispatchSource.makeSignalSource(
                signal: SIGINT,
                queue: .global()
            )
            unsafe source.setEventHandler { continuation.yield() }
            continuation.onTermination = { _ in unsafe source.cancel() }
            unsafe source.resume()
        }
    }
}
