public import EDHOC

/// One generation of what devices pin of their server: its identity and its command key, opened.
public struct ServerAnchor: Sendable {
    /// The first generation of a fleet.
    public static let first: UInt32 = 1

    /// Its number; a later one is higher.
    public let generation: UInt32
    /// The server's credential, to be pinned by devices; the kid names it.
    public let credential: Credential
    /// The server's static key for EDHOC.
    public let key: any AgreementKey
    /// Signs orders and the announcement of the next generation.
    public let commandKey: any SigningKey
}

/// Where a generation is in its life.
///
///     announced ──▶ current ──▶ retired
public enum AnchorState: Int, Hashable, Sendable, CaseIterable, CustomStringConvertible {
    /// Devices are told of it, and the server answers under it.
    case announced = 1
    /// The oldest under which the server answers.
    case current = 2
    /// The server no longer answers under it, and its identity key is gone.
    case retired = 3

    /// The word used in JSON, in the audit log and on the command line.
    public var description: String {
        switch self {
        case .announced: "announced"
        case .current: "current"
        case .retired: "former"
        }
    }
}
