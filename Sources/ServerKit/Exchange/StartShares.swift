internal import KeyExchange

/// Each device's part of the limit on beginnings, so that one that floods keeps out itself alone.
///
/// Devices share slots, whose number is bounded. The hash has a key of this process, so nobody can choose
/// a name to crowd out another one.
struct StartShares {
    private static let slots: UInt = 1024
    /// One device may take this part of what the fleet has.
    private static let parts = 16.0

    private var buckets: [TokenBucket]

    init(_ limits: SessionLimits, now: ContinuousClock.Instant) {
        let bucket = TokenBucket(
            perSecond: limits.startsPerSecond / Self.parts,
            // A small limit is kept by the fleet's own bucket.
            burst: max(limits.startsBurst / Self.parts, min(limits.startsBurst, 16)),
            now: now
        )
        buckets = Array(repeating: bucket, count: Int(Self.slots))
    }

    /// Takes one beginning of a device; false when it has had its share.
    mutating func take(_ device: DeviceID, now: ContinuousClock.Instant) -> Bool {
        var hasher = Hasher()
        hasher.combine(device)
        let slot = UInt(bitPattern: hasher.finalize()) % Self.slots
        return buckets[Int(slot)].take(now: now)
    }
}
