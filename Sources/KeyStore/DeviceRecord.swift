internal import EDHOC
public import KeyExchange

/// Who this device is, whom it trusts, and how far its life has gone.
public struct DeviceRecord: Sendable {
    /// The stations of a device's life.
    public enum Life: UInt64, Hashable, Sendable, CaseIterable, CustomStringConvertible {
        /// It has an identity and asks to be let in.
        case enrolling = 0
        /// The server knows it.
        case enrolled = 1
        /// The server ordered its end; its keys are gone, the receipt may not have arrived.
        case retiring = 2
        /// It is over: nothing secret is left.
        case retired = 3

        /// The word in JSON and on the command line.
        public var description: String {
            switch self {
            case .enrolling: "enrolling"
            case .enrolled: "enrolled"
            case .retiring: "retiring"
            case .retired: "retired"
            }
        }
    }

    /// How far its life has gone.
    public internal(set) var life: Life
    /// The fleet it belongs to.
    public let fleet: FleetID
    /// The group of the bundle that it came with.
    public internal(set) var group: GroupName
    /// Its name.
    public let name: DeviceID
    /// Its own credential, a CCS with a kid.
    public let credential: [UInt8]
    /// The private half of its identity; gone when retired.
    public internal(set) var privateKey: KeyMaterial?
    /// What it trusts its server by, ascending by generation: one, or two while the server changes its
    /// identity.
    public internal(set) var anchors: [PinnedAnchor]
    /// Where the broker is.
    public internal(set) var broker: Bundle.Broker
    /// The password of the account with which devices enrol.
    public internal(set) var enrolPassword: KeyMaterial?
    /// The proof that it may enrol; gone once it has.
    public internal(set) var token: EnrolmentToken?
    /// The password of its own account at the broker, as the enrolment derived it.
    public internal(set) var account: KeyMaterial?
    /// The last retirement that it obeyed; nil if there was none.
    public internal(set) var retirement: Retirement?

    /// The counter of the last retirement that it obeyed; 0 if there was none.
    public var order: UInt64 { retirement?.counter ?? 0 }
    /// What that retirement destroyed.
    public var receipt: [DestroyedKey] { retirement?.destroyed ?? [] }
}
