public import EDHOC

/// What an admin hands to a device: where the broker is, which server to trust, and a proof that the
/// device may enrol.
///
/// A file of a few comment lines and one line of text; whoever has it can enrol a device, so it is a
/// secret until it is used up.
public struct Bundle: Sendable {
    /// Where the broker is and how to know it.
    public struct Broker: Hashable, Sendable {
        /// Its name or address, the one that its certificate carries.
        public let host: String
        /// Its port.
        public let port: UInt16
        /// The certificate of the only authority that may vouch for it (PEM); empty for a broker
        /// without TLS, which only tests on one machine have.
        public let authority: [UInt8]

        /// States all of it.
        public init(host: String, port: UInt16, authority: [UInt8]) {
            self.host = host
            self.port = port
            self.authority = authority
        }
    }

    /// Limits of a bundle, checked while parsing.
    public enum Limits {
        /// Characters of the whole file.
        public static let text = 64 * 1024
        /// Bytes of the broker's authority.
        public static let authority = 16 * 1024
        /// Bytes of the broker's name.
        public static let host = 253
        /// Bytes of the enrolment account's password.
        public static let password = 1...128
    }

    /// The fleet that the device joins.
    public let fleet: FleetID
    /// The group that it joins.
    public let group: GroupName
    /// Where the broker is.
    public let broker: Broker
    /// The password of the account with which devices enrol.
    public let enrolPassword: KeyMaterial
    /// The server's credential, which the device pins.
    public let server: Credential
    /// The public key that signs the fleet's orders, x ‖ y, which the device pins, too; nil in a bundle of
    /// the first format.
    public let commandKey: [UInt8]?
    /// The generation of the anchor that both belong to; 0 in a bundle of the first format.
    public let anchor: UInt32
    /// The proof that the device may enrol; none when it is registered by its public key.
    public let token: EnrolmentToken?
    /// When the token stops being accepted, in seconds since 1970: a hint for people, since a device
    /// may have no clock.
    public let expires: UInt64?

    /// States all of it; a command key of a wrong length traps.
    public init(
        fleet: FleetID,
        group: GroupName,
        broker: Broker,
        enrolPassword: KeyMaterial,
        server: Credential,
        commandKey: [UInt8]? = nil,
        anchor: UInt32 = 0,
        token: EnrolmentToken?,
        expires: UInt64?
    ) {
        precondition(
            commandKey.map { $0.count == Profile.commandKeyLength } ?? true,
            "a command key of a wrong length"
        )
        self.fleet = fleet
        self.group = group
        self.broker = broker
        self.enrolPassword = enrolPassword
        self.server = server
        self.commandKey = commandKey
        self.anchor = anchor
        self.token = token
        self.expires = expires
    }
}
