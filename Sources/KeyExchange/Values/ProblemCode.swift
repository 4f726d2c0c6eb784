/// Why one side ends a session; the number travels in PROBLEM.
public enum ProblemCode: Int, Hashable, Sendable, CaseIterable, CustomStringConvertible {
    /// A message does not follow the protocol.
    case malformed = 1
    /// A message came where another was due.
    case unexpected = 2
    /// The peer speaks no version in common.
    case versionUnsupported = 3
    /// The server cannot serve now; try again later.
    case busy = 4
    /// The fleet's rate limit is reached; try again later.
    case throttled = 5
    /// The server failed inside; try again later.
    case serverFailed = 6
    /// No such device, and no enrolment proof came.
    case unknownDevice = 10
    /// No such token.
    case tokenUnknown = 11
    /// The token's time is over.
    case tokenExpired = 12
    /// The token was used as often as it may be.
    case tokenUsedUp = 13
    /// The proof does not fit token, handshake and device key.
    case tokenProofWrong = 14
    /// The device is registered for another group than the token's.
    case wrongGroup = 15
    /// Another device has this name.
    case nameTaken = 16
    /// The device is retired and gets nothing but its retirement.
    case deviceRetired = 17
    /// The device is quarantined by an admin.
    case deviceQuarantined = 18

    /// Whether the same request, tried again later, may succeed without anyone's help.
    public var isRetryable: Bool {
        switch self {
        case .busy, .throttled, .serverFailed, .malformed, .unexpected: true
        case .versionUnsupported, .unknownDevice, .tokenUnknown, .tokenExpired, .tokenUsedUp,
            .tokenProofWrong, .wrongGroup, .nameTaken, .deviceRetired, .deviceQuarantined:
            false
        }
    }

    /// The word used in JSON, in the audit log and on the command line.
    public var description: String {
        switch self {
        case .malformed: "malformed"
        case .unexpected: "unexpected"
        case .versionUnsupported: "versionUnsupported"
        case .busy: "busy"
        case .throttled: "throttled"
        case .serverFailed: "serverFailed"
        case .unknownDevice: "unknownDevice"
        case .tokenUnknown: "tokenUnknown"
        case .tokenExpired: "tokenExpired"
        case .tokenUsedUp: "tokenUsedUp"
        case .tokenProofWrong: "tokenProofWrong"
        case .wrongGroup: "wrongGroup"
        case .nameTaken: "nameTaken"
        case .deviceRetired: "deviceRetired"
        case .deviceQuarantined: "deviceQuarantined"
        }
    }

    /// What a person at the device should do about it.
    public var advice: String {
        switch self {
        case .malformed, .unexpected: "the agent tries again by itself"
        case .versionUnsupported: "install a newer agent"
        case .busy, .throttled, .serverFailed: "the agent tries again by itself"
        case .unknownDevice:
            "enrol with a bundle from the admin, or have the admin import the public key"
        case .tokenUnknown: "ask the admin for a new bundle"
        case .tokenExpired: "the bundle is too old: ask the admin for a new one"
        case .tokenUsedUp: "the bundle was used for as many devices as it allows: ask for a new one"
        case .tokenProofWrong: "the bundle is damaged or was changed: copy it again"
        case .wrongGroup: "this device is registered for another group: ask for that group's bundle"
        case .nameTaken: "choose another name: a name is good for one device, for ever"
        case .deviceRetired: "this device is retired: wipe it and enrol it under a new name"
        case .deviceQuarantined: "the admin has quarantined this device: ask why"
        }
    }
}
