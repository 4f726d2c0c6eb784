public import EDHOC

/// What a device trusts its server by: the credential of the handshake, and the command key that signs
/// orders and the announcement of the next anchor.
///
/// Generations count from 1, with which the fleet began. A device pins a new one beside the old when the
/// old command key vouches for it.
public struct Anchor: Hashable, Sendable {
    /// Bytes of a signed announcement: small enough to go with the largest SETTLE.
    public static let maximumLength = 512

    /// Its number, at least 1.
    public let generation: UInt32
    /// Whose it is.
    public let fleet: FleetID
    /// The server's credential, a CCS named by its kid.
    public let server: Credential
    /// The public half of the command key, x ‖ y.
    public let commandKey: [UInt8]
    /// The generation that a device keeps beside it: the oldest that the server answers by.
    ///
    /// A backup of the server knows that one, however many were announced since. Its own number when there
    /// is no older one.
    public let beside: UInt32

    /// States all of it; a generation of 0, a younger one beside it, and a command key of a wrong length
    /// trap.
    public init(
        generation: UInt32,
        fleet: FleetID,
        server: Credential,
        commandKey: [UInt8],
        beside: UInt32? = nil
    ) {
        precondition(generation > 0, "generations begin with 1")
        precondition(
            (1...generation).contains(beside ?? generation),
            "the generation beside it is younger"
        )
        precondition(
            commandKey.count == Profile.commandKeyLength,
            "a command key of a wrong length"
        )
        self.generation = generation
        self.fleet = fleet
        self.server = server
        self.commandKey = commandKey
        self.beside = beside ?? generation
    }

    /// Announces an anchor: signed by the command key of the one that devices have pinned.
    ///
    /// A key that is not ES256's traps, and so does a credential with which the announcement is longer
    /// than `maximumLength`.
    public static func announce(
        _ anchor: Anchor,
        signedBy key: any SigningKey
    ) throws(CryptoError) -> [UInt8] {
        let bytes = try SignedMessage.sign(anchor.payload, for: audience(anchor.fleet), with: key)
        precondition(bytes.count <= maximumLength, "an anchor's credential is too long")
        return bytes
    }

    /// Reads an announcement, and verifies it with the command key that is pinned, x ‖ y.
    ///
    /// The generation may be any: the caller pins one that is newer than its own.
    public static func verify(
        _ bytes: [UInt8],
        commandKey: [UInt8],
        fleet: FleetID,
        crypto: any Crypto
    ) throws(AnchorError) -> Anchor {
        let message = try SignedMessage(parsing: bytes, atMost: maximumLength)
        let anchor = try Anchor(parsing: message.payload, crypto: crypto)
        guard anchor.fleet == fleet else {
            throw AnchorError(.wrongFleet, "want an anchor of \(fleet), have \(anchor.fleet)")
        }
        guard message.isValid(for: audience(fleet), publicKey: commandKey, crypto: crypto) else {
            throw AnchorError(.badSignature, "the pinned command key did not sign this anchor")
        }
        return anchor
    }

    /// Reads the announcement of a device's first command key, which came in a session with `server`.
    ///
    /// A device of an older bundle has no command key that could vouch for one. The session has proved
    /// who speaks, so it takes the key that belongs to that very credential, if its owner signed.
    public static func verifyFirst(
        _ bytes: [UInt8],
        server: Credential,
        fleet: FleetID,
        crypto: any Crypto
    ) throws(AnchorError) -> Anchor {
        let message = try SignedMessage(parsing: bytes, atMost: maximumLength)
        let claimed = try Anchor(parsing: message.payload, crypto: crypto)
        guard claimed.server.encoded == server.encoded else {
            throw AnchorError(.wrongServer, "an anchor of another server than the session's")
        }
        return try verify(bytes, commandKey: claimed.commandKey, fleet: fleet, crypto: crypto)
    }

    private static func audience(_ fleet: FleetID) -> [String] {
        [Profile.anchorPurpose, fleet.description]
    }
}
