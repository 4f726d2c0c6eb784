public import KeyExchange

/// One generation of one key of a device, as the server believes it to be; without the material.
public struct KeyRecord: Hashable, Sendable {
    /// The key's name.
    public var name: KeyName
    /// Its generation.
    public var epoch: Epoch
    /// Where it is in its life.
    public var state: KeyState
    /// Names the material.
    public var thumbprint: Thumbprint
    /// When it was generated, in seconds since 1970.
    public var createdAt: Int64
    /// When it came into its state, in seconds since 1970.
    public var changedAt: Int64
    /// When a superseded generation ends, in seconds since 1970.
    public var graceUntil: Int64?
    /// When the next generation is due, in seconds since 1970; nil if nobody asks.
    public var rotateAt: Int64?
    /// When it reaches the greatest age that its spec allows, in seconds since 1970; nil if there is
    /// none, and once it is out of use.
    public var expiresAt: Int64?
    /// Why the device did not take it.
    public var failure: FailureKind?

    /// States all of it.
    public init(
        name: KeyName,
        epoch: Epoch,
        state: KeyState,
        thumbprint: Thumbprint,
        createdAt: Int64,
        changedAt: Int64,
        graceUntil: Int64? = nil,
        rotateAt: Int64? = nil,
        expiresAt: Int64? = nil,
        failure: FailureKind? = nil
    ) {
        self.name = name
        self.epoch = epoch
        self.state = state
        self.thumbprint = thumbprint
        self.createdAt = createdAt
        self.changedAt = changedAt
        self.graceUntil = graceUntil
        self.rotateAt = rotateAt
        self.expiresAt = expiresAt
        self.failure = failure
    }
}
