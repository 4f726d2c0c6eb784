public import EDHOC

/// Who a device is, and which server it trusts.
public struct DeviceProfile: Sendable {
    /// The trust domain.
    public let fleet: FleetID
    /// The server's credential, pinned from the bundle.
    public let server: Credential
    /// The generation of the anchor that this credential belongs to; 0 when it is not known.
    public let anchor: UInt32
    /// The device's own credential: by value to enrol, by kid afterwards.
    public let own: Credential

    /// States all of it.
    public init(fleet: FleetID, server: Credential, anchor: UInt32 = 0, own: Credential) {
        self.fleet = fleet
        self.server = server
        self.anchor = anchor
        self.own = own
    }
}

/// What became of one offered key in the device's store.
public struct InstallResult: Hashable, Sendable {
    /// The key's name.
    public let name: KeyName
    /// Its generation.
    public let epoch: Epoch
    /// Why it is not there; nil when it is, durably.
    public let failure: FailureKind?

    /// States all of it.
    public init(name: KeyName, epoch: Epoch, failure: FailureKind?) {
        self.name = name
        self.epoch = epoch
        self.failure = failure
    }
}

/// What the device does next; the session waits for its result, or is over.
public enum DeviceEvent: Sendable {
    /// Nothing came that matters: keep waiting.
    case nothing
    /// Send this, and again until an event says otherwise.
    case send([UInt8])
    /// Ask the identity key, then call `provide`.
    case perform(LongTermOperation)
    /// Store these keys durably as pending, then call `installed`.
    case install(Offer)
    /// Apply these verdicts durably. The session is over.
    case settle(Settle)
    /// Destroy what is named, durably, then call `destroyed`.
    case retire(Retire)
    /// The server refuses, authentically. The session is over.
    case refused(Problem)
    /// The session broke. It is over; begin another one later.
    case failed(SessionFailure)
}

/// Why a session ended without a result.
public enum SessionFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// The handshake failed.
    case handshake(EDHOCError)
    /// The peer sent an error message, which nobody authenticates.
    case peerError(EDHOCErrorMessage)
    /// The peer is authentic and its message does not follow the protocol.
    case message(MessageError)
    /// The crypto library or the identity key failed.
    case crypto(CryptoError)

    /// What happened, for the log.
    public var description: String {
        switch self {
        case .handshake(let error): "handshake failed: \(error)"
        case .peerError(let message): "the other side reports an error: \(message)"
        case .message(let error): "bad message: \(error)"
        case .crypto(let error): "cryptography failed: \(error)"
        }
    }
}
