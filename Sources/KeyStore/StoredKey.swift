public import KeyExchange

/// One generation of a key on this device.
public struct StoredEpoch: Sendable {
    /// Its number.
    public let epoch: Epoch
    /// What the device does with it.
    public internal(set) var state: Report.EpochState
    /// What it is for.
    public let algorithm: KeyAlgorithm
    /// What its holder may do with it.
    public let use: KeyUse
    /// How long it may still decrypt and verify once a newer one is in use.
    public internal(set) var graceSeconds: UInt32
    /// How long it may be lent without word from the server; 0 for ever.
    public let leaseSeconds: UInt32
    /// Names the material.
    public let thumbprint: Thumbprint
    /// The key itself.
    public let material: KeyMaterial
}

/// One key on this device with its generations, ascending.
public struct StoredKey: Sendable {
    /// Its name.
    public let name: KeyName
    /// Its generations, ascending; at least one.
    public internal(set) var epochs: [StoredEpoch]

    /// The generation in use.
    public var primary: StoredEpoch? { epochs.first { $0.state == .primary } }

    /// The generation in use, or suspended from it; nil before the first.
    var current: StoredEpoch? {
        epochs.last { $0.state == .primary || $0.state == .suspended }
    }

    /// The generations that wait for the end of their grace.
    var superseded: [StoredEpoch] {
        let current = current?.epoch
        return epochs.filter { $0.state == .grace || $0.state == .suspended && $0.epoch != current }
    }
}
