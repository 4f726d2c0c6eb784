public import EDHOC
public import KeyExchange

/// A look at the store beside a running agent: no lock, nothing written.
public struct StoreView: Sendable {
    /// Who the device is; nil before the first bundle.
    public let device: DeviceRecord?
    /// The keys held, ascending by name.
    public let keys: [StoredKey]
    /// What protects the records.
    public let level: Report.SecurityLevel
    /// Whether an agent works on the folder now.
    public let isInUse: Bool

    /// Reads both records as they are now.
    public init(
        _ path: String,
        crypto: any Crypto,
        credentials: String? = nil
    ) throws(StoreError) {
        let folder = try Folder(path, creating: false, isReadOnly: true) { _ in nil }
        let loaded = try Contents.load(folder, credentials: credentials, crypto: crypto)
        device = loaded?.contents.device
        keys = loaded?.contents.ring.keys ?? []
        isInUse = folder.isLocked
        level = loaded?.encryption.source == .credential ? .credential : .software
    }
}
