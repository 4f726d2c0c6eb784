internal import EDHOC
public import KeyExchange

/// What this device trusts its server by, one generation of it.
public struct PinnedAnchor: Hashable, Sendable {
    /// Its number; 0 when a bundle of the first format brought it, which did not say.
    public let generation: UInt32
    /// The server's credential.
    public let server: [UInt8]
    /// The public key that signs orders and announcements; nil until the server has told it.
    public let commandKey: [UInt8]?
}

extension DeviceRecord {
    /// Anchors that a device keeps: the newest, and one to fall back to.
    static let maximumAnchors = 2

    /// The newest anchor.
    public var newestAnchor: PinnedAnchor { anchors[anchors.count - 1] }

    /// The anchors with this one pinned, beside the one that it names, else the one that vouched for it
    /// in a session; nil when it is pinned already, or is older than the newest.
    func anchors(adding anchor: Anchor, voucher: PinnedAnchor) -> [PinnedAnchor]? {
        let new = PinnedAnchor(
            generation: anchor.generation,
            server: anchor.server.encoded,
            commandKey: anchor.commandKey
        )
        guard !anchors.contains(new) else { return nil }
        if voucher.commandKey == nil, voucher.server == new.server {
            // The first command key of this very server.
            let others = anchors.filter { $0.server != new.server }
            return (others + [new]).sorted { $0.generation < $1.generation }
        }
        // A number stands for one anchor for ever: the same one with other keys is not that anchor.
        guard new.generation > newestAnchor.generation else { return nil }
        return [anchors.first { $0.generation == anchor.beside } ?? voucher, new]
    }
}

extension KeyStore {
    /// Pins an anchor beside the one that vouched for it in a session, durably; false when there is
    /// nothing to pin.
    public func pin(
        _ anchor: Anchor,
        besides voucher: PinnedAnchor
    ) throws(StoreError) -> Bool {
        try change { contents, _ throws(StoreError) in
            guard var device = contents.device, device.anchors.contains(voucher),
                let anchors = device.anchors(adding: anchor, voucher: voucher)
            else { return false }
            device.anchors = anchors
            try write(device, &contents)
            return true
        }
    }
}
