internal import Logging
internal import Registry
internal import ServiceLifecycle

/// Ends what is due by time in the registry, once a minute: graces that are over.
struct SweepService: Service {
    let registry: Registry
    let wallClock: @Sendable () -> Int64
    let logger: Logger

    /// Sweeps until the server ends.
    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    let count = try await registry.sweep(now: wallClock())
                    if count > 0 {
                        logger.info("generations destroyed", metadata: ["count": "\(count)"])
                    }
                } catch {
                    logger.error("sweep failed", metadata: ["error": "\(error)"])
                }
                try? await Task.sleep(for: .seconds(60))
            }
        }
    }
}
