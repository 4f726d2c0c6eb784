public import EDHOC

/// What an authenticated device said of itself.
public struct Introduction: Sendable {
    /// Its credential; verified to be the sender's, trusted for nothing yet.
    public let credential: Credential
    /// Whether the credential came whole, as an enrolling device sends it.
    public let isByValue: Bool
    /// The enrolment proof, not checked yet.
    public let enrolment: EnrolmentProof?
    /// The bytes that an enrolment proof must authenticate.
    public let enrolmentMessage: [UInt8]
    /// What the device holds.
    public let report: Report
    /// The password that the device derived for its account at the broker.
    public let brokerPassword: KeyMaterial
}

/// The server's decision on a report.
public enum Decision: Sendable {
    /// Install these keys; the verdicts go into SETTLE with those on the keys.
    case offer(Offer, verdicts: [Verdict])
    /// Nothing to install.
    case settle(Settle)
    /// Destroy.
    case retire(Retire)
    /// Go away, and why.
    case refuse(Problem)
}

/// What the server does next; the session waits for its result, or is over.
public enum ServerEvent: Sendable {
    /// Nothing came that matters.
    case nothing
    /// Send this.
    case send([UInt8])
    /// Send this; the session is over.
    case sendAndClose([UInt8])
    /// Ask the identity key, then call `provide`.
    case perform(LongTermOperation)
    /// Look the credential up, then call `identified`.
    case identify(CredentialID)
    /// Decide durably, then call `decided`.
    case reconcile(Introduction)
    /// Settle durably, then call `settled`. Proofs were verified.
    case confirm(OperationID, [InstallResult], verdicts: [Verdict])
    /// Record the retirement durably, then call `settled`.
    case acknowledge(Receipt)
    /// The session broke, and is over.
    case failed(SessionFailure)
    /// The session broke; tell the device, and it is over.
    case failedTelling(SessionFailure, [UInt8])
}
