internal import Logging
internal import Registry
internal import ServiceLifecycle

/// Does what is due by time in the registry, once a minute: ends graces, and nudges the devices whose
/// keys are due.
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
                    let due = try await registry.nudgeDue(now: wallClock())
                    if due > 0 {
                        logger.info("keys are due", metadata: ["devices": "\(due)"])
                    }
                } catch {
                    logger.error("sweep failed", metadata: ["error": "\(error)"])
                }
                try? await Task.sleep(for: .seconds(60))
            }
        }
    }
}
