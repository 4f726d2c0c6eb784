public import KeyExchange

/// What one contact with a device is to achieve.
public struct Plan: Hashable, Sendable {
    /// A key to be offered.
    public struct Offering: Hashable, Sendable {
        /// What the key shall be.
        public var spec: KeySpec
        /// Its generation.
        public var epoch: Epoch
        /// Whether the generation is made now; otherwise the stored material is offered again.
        public var isNew: Bool
    }

    /// An offer that can no longer succeed.
    public struct Withdrawal: Hashable, Sendable {
        /// The key's name.
        public var name: KeyName
        /// Its generation.
        public var epoch: Epoch
        /// Why, for the audit log.
        public var reason: AuditKind
    }

    /// Something that should not be, for the audit log.
    public struct Finding: Hashable, Sendable {
        /// `keyMismatched` or `deviceAhead`.
        public var kind: AuditKind
        /// The key's name.
        public var name: KeyName
        /// The generation, as the device has it.
        public var epoch: Epoch
    }

    /// Keys to offer, ascending by name.
    public var offers: [Offering] = []
    /// Offers to take back first.
    public var withdrawals: [Withdrawal] = []
    /// What the device is to do with what it has.
    public var verdicts: [Verdict] = []
    /// What to write down.
    public var findings: [Finding] = []

    /// Nothing to do.
    public init() {}
}
