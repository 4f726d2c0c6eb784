internal import Registry

// What the server does about its campaigns; after its driver, but less often while nothing happens.
extension World {
    private static let longestPause: Int64 = 1_800_000

    /// Something was committed, or the server has started: the driver looks within a second.
    func requestPulse() {
        guard !admin.campaigns.isEmpty else { return }
        pulsePause = 1000
        guard !isPulsing else { return }
        isPulsing = true
        after(server.chance.number(1...1000), .campaigns)
    }

    func pulseCampaigns() async {
        isPulsing = false
        guard let registry = server.registry else { return }
        do throws(RegistryError) {
            let before = watch.audited
            let pulse = try await registry.pulseCampaigns(now: serverTime)
            await noteNudges()
            if let hold = pulse.hold { trace(nil, "campaigns stand still: \(hold)") }
            if pulse.live > 0 { pulseLater(isBusy: pulse.hasMore || watch.audited != before) }
        } catch {
            guard await !endServerIfPlanned() else { return }
            if error.code != .diskFull { violate(.serverFailed, nil, "campaigns: \(error)") }
            pulseLater(isBusy: false)
        }
    }

    private func pulseLater(isBusy: Bool) {
        guard !isPulsing else { return }
        pulsePause = isBusy ? 1000 : min(2 * pulsePause, Self.longestPause)
        isPulsing = true
        after(pulsePause, .campaigns)
    }
}
