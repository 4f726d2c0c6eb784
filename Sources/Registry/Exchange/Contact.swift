public import EDHOC
public import KeyExchange

/// What a device brought when the handshake had authenticated it.
public struct Contact: Sendable {
    /// Its credential.
    public let credential: Credential
    /// Whether it sent the credential itself, as a device does that enrols.
    public let isByValue: Bool
    /// Its enrolment proof, if it sent one.
    public let claim: EnrolmentClaim?
    /// What it holds.
    public let report: Report
    /// The line of the broker's password file for the password that this session derived.
    public let brokerPasswordHash: String?
    /// The generation of the server's anchor under which the session was held; nil for the current one.
    public let answeredBy: UInt32?
    /// When its session began; without it, nothing tells two devices of one identity apart.
    public let began: Ticket?
    /// The server's time, in seconds since 1970.
    public let now: Int64

    /// States all of it.
    public init(
        credential: Credential,
        isByValue: Bool,
        claim: EnrolmentClaim?,
        report: Report,
        brokerPasswordHash: String?,
        answeredBy: UInt32? = nil,
        began: Ticket? = nil,
        now: Int64
    ) {
        self.credential = credential
        self.isByValue = isByValue
        self.claim = claim
        self.report = report
        self.brokerPasswordHash = brokerPasswordHash
        self.answeredBy = answeredBy
        self.began = began
        self.now = now
    }
}

/// A device's proof that it was given an enrolment token.
public struct EnrolmentClaim: Hashable, Sendable {
    /// Names the token.
    public let tokenID: [UInt8]
    /// HMAC-SHA-256 under the token's secret.
    public let proof: [UInt8]
    /// The bytes that the proof authenticates.
    public let message: [UInt8]

    /// States all of it.
    public init(tokenID: [UInt8], proof: [UInt8], message: [UInt8]) {
        self.tokenID = tokenID
        self.proof = proof
        self.message = message
    }
}

/// What the server says to a report.
public enum Answer: Sendable {
    /// Install these keys; the verdicts wait for the confirmation.
    case offer(device: DeviceID, Offer, verdicts: [Verdict])
    /// Nothing to install.
    case settle(device: DeviceID, Settle)
    /// Destroy everything.
    case retire(device: DeviceID, Retire)
    /// No.
    case refuse(Problem)
}

/// What became of one offered key, its proof having been verified by the caller.
public struct KeyOutcome: Hashable, Sendable {
    /// The key's name.
    public let name: KeyName
    /// Its generation.
    public let epoch: Epoch
    /// Why the device did not take it; nil if it holds it.
    public let failure: FailureKind?

    /// States all of it.
    public init(name: KeyName, epoch: Epoch, failure: FailureKind?) {
        self.name = name
        self.epoch = epoch
        self.failure = failure
    }
}
