public import KeyExchange

/// Why a member of a campaign did not get its new key.
public enum CampaignFailure: Int, Hashable, Sendable, CaseIterable, CustomStringConvertible {
    case rejected = 1
    case throttled = 2
    case timedOut = 3
    case notSeen = 4
    case storeFull = 5
    case tpmFailed = 6
    case hookFailed = 7
    case proofMismatch = 8
    case unknownEpoch = 9
    /// The device was not heard although its own rhythm of contact says that it should have been.
    case silent = 10

    /// What the device said.
    public init(_ kind: FailureKind) {
        self =
            switch kind {
            case .rejected: .rejected
            case .throttled: .throttled
            case .timedOut: .timedOut
            case .notSeen: .notSeen
            case .storeFull: .storeFull
            case .tpmFailed: .tpmFailed
            case .hookFailed: .hookFailed
            case .proofMismatch: .proofMismatch
            case .unknownEpoch: .unknownEpoch
            }
    }

    /// Reads the word; nil for another one.
    public init?(parsing text: some StringProtocol) {
        guard let match = Self.allCases.first(where: { $0.description == text }) else { return nil }
        self = match
    }

    /// What the device said; nil for silence.
    public var kind: FailureKind? { FailureKind(rawValue: rawValue) }

    /// Whether the same thing, tried again later, may succeed without anyone's help.
    public var isRetryable: Bool { kind?.isRetryable ?? true }

    /// The word used in JSON, in the audit log and on the command line.
    public var description: String { kind?.description ?? "silent" }
}

/// Why a device of the target is left alone by the campaign.
public enum SkipReason: Int, Hashable, Sendable, CaseIterable, CustomStringConvertible {
    /// The device is retired, or on its way there.
    case deviceRetired = 1
    /// An admin refuses the device for now.
    case quarantined = 2
    /// The group's spec does not have the key, or the key is retired.
    case keyRetired = 3
    /// The key is suspended.
    case keySuspended = 4
    /// The device was never enrolled, so that it has no key to replace.
    case notEnrolled = 5
    /// Its key was replaced after the campaign began, by something else.
    case alreadyDone = 6
    /// The deadline came before its turn.
    case deadline = 7
    /// The device was removed.
    case gone = 8
    /// The device was overdue before it was released, and did not come: that says nothing of the campaign.
    case absent = 9
    /// Its label for the time zone says none that the server knows, and the plan has windows.
    case timeZoneUnknown = 10

    /// The word used in JSON, in the audit log and on the command line.
    public var description: String {
        switch self {
        case .deviceRetired: "deviceRetired"
        case .quarantined: "quarantined"
        case .keyRetired: "keyRetired"
        case .keySuspended: "keySuspended"
        case .notEnrolled: "notEnrolled"
        case .alreadyDone: "alreadyDone"
        case .deadline: "deadline"
        case .gone: "gone"
        case .absent: "absent"
        case .timeZoneUnknown: "timeZoneUnknown"
        }
    }

    /// Reads the word; nil for another one.
    public init?(parsing text: some StringProtocol) {
        guard let match = Self.allCases.first(where: { $0.description == text }) else { return nil }
        self = match
    }
}
