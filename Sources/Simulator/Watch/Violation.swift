/// A promise that was broken.
public struct Violation: Hashable, Sendable {
    /// Which promise.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        /// The device uses a generation that the server does not accept.
        case deviceAlone
        /// The server uses a generation that the device does not hold.
        case serverAlone
        /// The device uses a generation of which the server knows no confirmation.
        case usedUnconfirmed
        /// The device went back to an older generation.
        case deviceWentBack
        /// The server went back to an older generation.
        case serverWentBack
        /// One number stood for two keys.
        case numberReused
        /// A generation came back after its end, or after it was compromised.
        case cameBack
        /// A retired device, or a retired key, is still accepted.
        case acceptedAfterRetirement
        /// A retired key is still there although its device has said that it is destroyed.
        case keptAfterRetirement
        /// Material that others may know is accepted beside its successor, or came back.
        case acceptedAfterCompromise
        /// Two generations of one key are in use at the server.
        case twoInUse
        /// A device destroyed everything, and nobody had ordered it.
        case obeyedStranger
        /// A device was taken for two.
        case falseClone
        /// A key changed without its row in the audit log, or against the table of states.
        case notAudited
        /// What was committed, and told to others, is gone after a start of the server.
        case commitLost
        /// The audit log does not verify.
        case auditBroken
        /// A secret in the clear outside of `Secret`.
        case plaintext
        /// After the quiet time the two sides differ, or something is still under way.
        case notEqual
        /// After the quiet time a device has no key in common with the server.
        case stranded
        /// A device's store did not open.
        case storeDamaged
        /// The agent failed where nothing was wrong.
        case agentFailed
        /// The server failed where nothing was wrong.
        case serverFailed
    }

    /// Which promise.
    public let kind: Kind
    /// The device, if it is about one.
    public let device: String?
    /// What was found.
    public let detail: String
    /// What led to it, as far as it is remembered, oldest first.
    public let story: [String]
}
