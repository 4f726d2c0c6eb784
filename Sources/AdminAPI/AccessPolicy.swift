/// Who may administer the server: root, the account that it runs as, and those named.
public struct AccessPolicy: Sendable {
    /// The account that the server runs as.
    public var ownUID: UInt32
    /// Further accounts.
    public var uids: Set<UInt32>
    /// Groups whose members may.
    public var gids: Set<UInt32>

    /// States all of it.
    public init(ownUID: UInt32, uids: Set<UInt32> = [], gids: Set<UInt32> = []) {
        self.ownUID = ownUID
        self.uids = uids
        self.gids = gids
    }

    /// Whether this account may.
    public func permits(_ peer: PeerCredentials) -> Bool {
        if peer.uid == 0 || peer.uid == ownUID || uids.contains(peer.uid) { return true }
        return !gids.isEmpty && !gids.isDisjoint(with: peer.groups)
    }
}
