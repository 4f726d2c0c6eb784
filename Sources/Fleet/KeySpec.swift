public import KeyExchange

/// What every device of a group shall hold under one name.
public struct KeySpec: Hashable, Sendable {
    /// Key specs that one group may have: one message carries them all.
    public static let maximumPerGroup = MessageLimits.keys
    /// The shortest and the longest rotation period, in seconds.
    public static let rotationRange: ClosedRange<UInt32> = 60...(10 * year)
    /// The longest grace, in seconds.
    public static let maximumGrace: UInt32 = year
    /// The shortest and the longest lease, in seconds; 0 means that a key is lent for ever.
    public static let leaseRange: ClosedRange<UInt32> = 60...(10 * year)

    private static let year: UInt32 = 366 * 86_400

    /// The group that it is for.
    public let group: GroupName
    /// The key's name.
    public let name: KeyName
    /// What the key is for.
    public let algorithm: KeyAlgorithm
    /// What the device may do with it.
    public let use: KeyUse
    /// How long a generation stays in use, in seconds; nil for as long as nobody asks.
    public let rotationSeconds: UInt32?
    /// How long the older generation may still decrypt and verify, in seconds.
    public let graceSeconds: UInt32
    /// How long a device may lend the key without word from the server, in seconds; 0 for ever.
    public let leaseSeconds: UInt32

    /// How old a generation in use may become, in seconds, whoever asks; nil for any age.
    public let maximumAgeSeconds: UInt32?
    /// When the key was retired for the whole group, in seconds since 1970; nil while it is not.
    public let retiredAt: Int64?

    /// Checks the numbers against their ranges and each other.
    public init(
        group: GroupName,
        name: KeyName,
        algorithm: KeyAlgorithm,
        use: KeyUse = .both,
        rotationSeconds: UInt32? = nil,
        graceSeconds: UInt32 = 3600,
        leaseSeconds: UInt32 = 0,
        maximumAgeSeconds: UInt32? = nil,
        retiredAt: Int64? = nil
    ) throws(FleetError) {
        if let rotationSeconds, !Self.rotationRange.contains(rotationSeconds) {
            throw FleetError(
                "rotation period out of range: want \(Self.rotationRange.lowerBound) to "
                    + "\(Self.rotationRange.upperBound) seconds, have \(rotationSeconds)"
            )
        }
        guard graceSeconds <= Self.maximumGrace else {
            throw FleetError(
                "grace out of range: want at most \(Self.maximumGrace) seconds, "
                    + "have \(graceSeconds)"
            )
        }
        guard leaseSeconds == 0 || Self.leaseRange.contains(leaseSeconds) else {
            throw FleetError(
                "lease out of range: want 0 or \(Self.leaseRange.lowerBound) to "
                    + "\(Self.leaseRange.upperBound) seconds, have \(leaseSeconds)"
            )
        }
        // A key that is replaced faster than its predecessor dies would pile up on the device.
        if let rotationSeconds, graceSeconds > rotationSeconds {
            throw FleetError(
                "grace of \(graceSeconds) seconds is longer than the rotation period of "
                    + "\(rotationSeconds)"
            )
        }
        if let maximumAgeSeconds {
            guard Self.rotationRange.contains(maximumAgeSeconds) else {
                throw FleetError(
                    "maximum age out of range: want \(Self.rotationRange.lowerBound) to "
                        + "\(Self.rotationRange.upperBound) seconds, have \(maximumAgeSeconds)"
                )
            }
            guard graceSeconds <= maximumAgeSeconds else {
                throw FleetError(
                    "grace of \(graceSeconds) seconds is longer than the maximum age of "
                        + "\(maximumAgeSeconds)"
                )
            }
        }
        self.group = group
        self.name = name
        self.algorithm = algorithm
        self.use = use
        self.rotationSeconds = rotationSeconds
        self.graceSeconds = graceSeconds
        self.leaseSeconds = leaseSeconds
        self.maximumAgeSeconds = maximumAgeSeconds
        self.retiredAt = retiredAt
    }

    /// When a generation should be replaced that was made at `createdAt` and came into use at
    /// `activatedAt`; nil when nothing makes it due.
    ///
    /// Up to a tenth before its period or its maximum age is over, whichever ends first, by a fraction
    /// that its thumbprint decides: no two devices in step.
    public func rotation(
        of thumbprint: Thumbprint,
        createdAt: Int64,
        activatedAt: Int64
    ) -> Int64? {
        let bytes = thumbprint.bytes
        let fraction = Int64(bytes[0]) << 8 | Int64(bytes[1])
        func end(_ seconds: UInt32, from start: Int64) -> Int64 {
            start + Int64(seconds) - Int64(seconds) / 10 * fraction / 65_536
        }
        return [
            rotationSeconds.map { end($0, from: activatedAt) },
            maximumAgeSeconds.map { end($0, from: createdAt) },
        ].compactMap(\.self).min()
    }

    /// When a generation made at `createdAt` has reached its greatest age; nil when there is none.
    public func expiry(createdAt: Int64) -> Int64? {
        maximumAgeSeconds.map { createdAt + Int64($0) }
    }
}
