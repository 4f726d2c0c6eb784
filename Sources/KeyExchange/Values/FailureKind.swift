/// Why a device could not take a key, in words; each says whether a retry helps.
public enum FailureKind: Int, Hashable, Sendable, CaseIterable, CustomStringConvertible {
    /// The device's policy refuses the key.
    case rejected = 1
    /// Too many requests at once.
    case throttled = 2
    /// No answer within the time allowed.
    case timedOut = 3
    /// The device was never seen.
    case notSeen = 4
    /// No room to store the key.
    case storeFull = 5
    /// The TPM failed.
    case tpmFailed = 6
    /// The local check of the new key failed.
    case hookFailed = 7
    /// The proof of possession does not fit the key.
    case proofMismatch = 8
    /// The epoch is not after those that the device knows.
    case unknownEpoch = 9

    /// Whether the same thing, tried again later, may succeed without anyone's help.
    public var isRetryable: Bool {
        switch self {
        // A disk is emptied, and a grace ends, without anyone thinking of the keys that waited for it.
        case .throttled, .timedOut, .notSeen, .storeFull, .tpmFailed: true
        case .rejected, .hookFailed, .proofMismatch, .unknownEpoch: false
        }
    }

    /// The word used in JSON, in the audit log and on the command line.
    public var description: String {
        switch self {
        case .rejected: "rejected"
        case .throttled: "throttled"
        case .timedOut: "timedOut"
        case .notSeen: "notSeen"
        case .storeFull: "storeFull"
        case .tpmFailed: "tpmFailed"
        case .hookFailed: "hookFailed"
        case .proofMismatch: "proofMismatch"
        case .unknownEpoch: "unknownEpoch"
        }
    }
}
