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
        /// Whether it is made because of what the device reports or refused, and by nobody's wish: a
        /// device that misbehaves could ask for one at every contact.
        public var isDeviceMade: Bool

        /// States all of it.
        public init(spec: KeySpec, epoch: Epoch, isNew: Bool, isDeviceMade: Bool = false) {
            self.spec = spec
            self.epoch = epoch
            self.isNew = isNew
            self.isDeviceMade = isDeviceMade
        }
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
        /// `keyMismatched`, `deviceAhead` or `reportImplausible`.
        public var kind: AuditKind
        /// The key's name.
        public var name: KeyName
        /// The generation, as the device has it.
        public var epoch: Epoch
        /// What is wrong, in a word, where the kind does not say it.
        public var reason: String?
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

    /// Rows of the audit log that the device alone causes by this.
    public var rowsByDevice: Int {
        // A new generation is offered, replaces another and comes into use.
        findings.count + withdrawals.count + 3 * offers.count { $0.isDeviceMade }
    }

    /// The same without what the device alone causes: what is left waits for nothing.
    public var withoutDeviceMade: Plan {
        var plan = self
        plan.findings = []
        plan.withdrawals = []
        plan.offers.removeAll(where: \.isDeviceMade)
        return plan
    }
}
