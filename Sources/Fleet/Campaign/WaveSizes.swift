public import KeyExchange

/// Deals the members of a target out over the waves.
///
/// Members that a wave's query finds belong to it (the first such wave). The others stand in the order of
/// their rank, which scatters them evenly, and counts and shares take from the front, wave by wave.
public struct WaveSizes: Hashable, Sendable {
    /// How many members each wave has.
    public let sizes: [Int]
    /// For members that no query found: how many of them belong to each wave, in the order of rank.
    public let ranked: [Int]

    /// Computes both; `matching` says how many members the query of a wave found.
    public init(plan: CampaignPlan, total: Int, matching: [Int: Int] = [:]) {
        var left = max(0, total - matching.values.reduce(0, +))
        var ranked: [Int] = []
        var percentBefore = 0
        for wave in plan.waves {
            let wish: Int
            switch wave.size {
            case .count(let count): wish = count
            case .percent(let percent):
                // From both ends of the share, so that rounding never loses a member.
                wish =
                    (percentBefore + percent) * total / 100 - percentBefore * total / 100
                percentBefore += percent
            case .matching: wish = 0
            case .rest: wish = left
            }
            ranked.append(min(wish, left))
            left -= min(wish, left)
        }
        self.ranked = ranked
        sizes = ranked.enumerated().map { $0.element + (matching[$0.offset] ?? 0) }
    }

    /// The wave of the member at a place, counted from 0, in the order of rank among those that no query found.
    public func wave(at place: Int) -> Int {
        var end = 0
        for (index, count) in ranked.enumerated() {
            end += count
            if place < end { return index }
        }
        return ranked.count - 1
    }
}

extension CampaignPlan {
    /// The first wave whose query finds the device; nil when none does.
    public func waveMatching(_ facts: DeviceFacts) -> Int? {
        waves.firstIndex {
            if case .matching(let query) = $0.size { query.matches(facts) } else { false }
        }
    }

    /// The wave of a device that joins a dynamic campaign while it runs: never one that is finished, so
    /// that nobody comes in past a gate; otherwise its query's, or the last.
    public func waveForLateJoiner(_ facts: DeviceFacts, openWave: Int) -> Int {
        max(waveMatching(facts) ?? waves.count - 1, openWave, 0)
    }

    /// Where a device stands in the order of this campaign: scattered, always the same, at least 0.
    public func rank(of device: DeviceID) -> Int64 {
        // FNV-1a, then the finalizer of SplitMix64: close names fall far from each other.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for text in [name.description, device.description] {
            for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
            hash = (hash ^ 0xff) &* 0x100_0000_01b3
        }
        hash = (hash ^ (hash >> 30)) &* 0xbf58_476d_1ce4_e5b9
        hash = (hash ^ (hash >> 27)) &* 0x94d0_49bb_1331_11eb
        return Int64((hash ^ (hash >> 31)) >> 1)
    }

    /// Whether a member that fails by this kind is tried again by itself, after so many retries of any kind.
    public func mayRetry(_ failure: CampaignFailure, failedBefore: Int) -> Bool {
        failedBefore < (retries[failure] ?? 0)
    }
}
