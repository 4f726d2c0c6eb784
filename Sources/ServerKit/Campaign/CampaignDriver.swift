internal import Logging
internal import Registry
internal import ServiceLifecycle

/// Drives campaigns: about once a second while one is live, and not at all while none is.
///
/// It holds no state. What a campaign is and what it still has to do stand in the registry, so whichever
/// process comes after this one goes on at the same place.
struct CampaignDriver: Service {
    let registry: Registry
    let wallClock: @Sendable () -> Int64
    let logger: Logger
    /// The time between two looks.
    var pace: Duration = .seconds(1)

    /// Drives campaigns until the server ends.
    func run() async throws {
        await cancelWhenGracefulShutdown {
            var last: String?
            // Ticks at the start, and when a campaign begins or changes.
            for await _ in registry.campaignSignals() {
                while !Task.isCancelled, await pulse(&last) {}
            }
        }
    }

    /// One look; whether another is due without anyone's word.
    private func pulse(_ last: inout String?) async -> Bool {
        do {
            let pulse = try await registry.pulseCampaigns(now: wallClock())
            if let hold = pulse.hold, hold != last {
                logger.warning("campaigns stand still", metadata: ["reason": "\(hold)"])
            }
            last = pulse.hold
            guard pulse.live > 0 else { return false }
            // Between two turns of a large campaign the devices have theirs.
            if pulse.hasMore { await Task.yield() } else { try? await Task.sleep(for: pace) }
        } catch {
            if last != "\(error)" {
                logger.error("campaigns stand still", metadata: ["error": "\(error)"])
            }
            last = "\(error)"
            try? await Task.sleep(for: max(pace, .seconds(1)))
        }
        return true
    }
}
