public import KeyExchange

/// What the audit log tells of; the word is stored.
public enum AuditKind: String, Hashable, Sendable, CaseIterable, CustomStringConvertible {
    case fleetCreated
    /// A fleet of an older layout got its command key.
    case commandKeyCreated
    /// A new generation of the server's identity and command key was made.
    case anchorAnnounced
    /// The newest generation is the only one from now on.
    case anchorSwitched
    /// A device knows a later generation of the server's identity than the server.
    case anchorAhead
    case policyChanged
    case groupCreated
    case keySpecCreated
    case bundleCreated
    case bundleRevoked
    case deviceRegistered
    case deviceEnrolled
    case contactRefused
    case deviceQuarantined
    case deviceReleased
    /// Two processes speak for one device, or one whose memory went back.
    case deviceCloned
    case deviceLabelled
    case retirementOrdered
    case deviceRetired
    case rotationOrdered
    case suspensionOrdered
    case resumptionOrdered
    case compromiseOrdered
    /// A key is to be destroyed on a device, or on every device of a group.
    case keyRetirementOrdered
    /// The device has destroyed a key that was retired.
    case keyRetired
    case noticeDismissed
    case keyOffered
    case keyWithdrawn
    case keyActivated
    case keySuperseded
    case keyDeactivated
    case keyDestroyed
    case keyCompromised
    case keySuspended
    /// The device could not take a generation that is in use on the server.
    case keyFailed
    /// The device holds other bytes under an epoch than the server.
    case keyMismatched
    /// The device knows a later epoch, or a later order, than the server.
    case deviceAhead
    case campaignCreated
    case campaignSubmitted
    case campaignApproved
    case campaignStarted
    /// Its target was listed.
    case campaignPrepared
    case campaignWaveOpened
    case campaignPaused
    case campaignResumed
    /// A stop rule or the test asked for more than a pause.
    case campaignStopped
    case campaignSlowedDown
    case campaignCancelling
    case campaignRollingBack
    case campaignRetried
    case campaignDeadlinePassed
    case campaignRolledBack
    case campaignCancelled
    case campaignFinished
    /// A report says what no device of ours can be in.
    case reportImplausible
    /// A row of the database cannot be read, and was passed over.
    case rowDamaged

    /// The word itself.
    public var description: String { rawValue }

    /// The event of a key that comes into `state`; nil for `preActive`, which nobody sees.
    public init?(entering state: KeyState) {
        guard let event = state.rule.event else { return nil }
        self = event
    }
}

/// One fact of the audit log.
public struct AuditEvent: Hashable, Sendable {
    /// When it happened, in seconds since 1970.
    public var time: Int64
    /// What happened.
    public var kind: AuditKind
    /// Who did it: `server`, `device`, or an admin as `uid:name`.
    public var actor: String
    /// The device that it is about; for a refusal the name that was claimed.
    public var device: String?
    /// The key that it is about.
    public var key: KeyName?
    /// The generation that it is about.
    public var epoch: Epoch?
    /// Further facts by name; never a secret.
    public var details: [String: String]

    /// States all of it.
    public init(
        time: Int64,
        kind: AuditKind,
        actor: String,
        device: String? = nil,
        key: KeyName? = nil,
        epoch: Epoch? = nil,
        details: [String: String] = [:]
    ) {
        self.time = time
        self.kind = kind
        self.actor = actor
        self.device = device
        self.key = key
        self.epoch = epoch
        self.details = details
    }
}
