internal import EDHOC
internal import KeyExchange
internal import Secrets

/// What the store holds, in memory.
struct Contents: Sendable {
    var device: DeviceRecord?
    var ring = KeyRing()

    /// Reads both records; nil when the folder is new.
    static func load(
        _ folder: Folder,
        credentials: String?,
        crypto: any Crypto
    ) throws(StoreError) -> (contents: Contents, encryption: KeyEncryption)? {
        let device = try folder.read(RecordKind.device.rawValue)
        let keys = try folder.read(RecordKind.keys.rawValue)
        guard device != nil || keys != nil else { return nil }
        let encryption = try KeyEncryption(
            source(device, keys, folder),
            in: folder,
            credentials: credentials,
            crypto: crypto
        )
        var contents = Contents()
        if let keys {
            contents.ring = try read(.keys, keys, folder, encryption, crypto) { plaintext, format in
                try KeyRing(decoding: plaintext, format: format, crypto: crypto)
            }
        }
        guard let device else {
            // The keys are written first, empty; so an interrupted beginning looks like this.
            guard contents.ring.keys.isEmpty else { throw missing(.device, folder) }
            return (contents, encryption)
        }
        contents.device = try read(.device, device, folder, encryption, crypto) {
            plaintext,
            format in
            try DeviceRecord(decoding: plaintext, format: format)
        }
        guard keys != nil else { throw missing(.keys, folder) }
        // A record of keys from before there were spent numbers has them in the last receipt alone.
        contents.ring.spend(contents.device?.receipt ?? [])
        return (contents, encryption)
    }

    private static func source(
        _ device: [UInt8]?,
        _ keys: [UInt8]?,
        _ folder: Folder
    ) throws(StoreError) -> KeyEncryption.Source {
        let kind = device == nil ? RecordKind.keys : .device
        return try SealedRecord.source(
            of: device ?? keys ?? [],
            kind,
            path: folder.full(kind.rawValue)
        )
    }

    private static func read<Value>(
        _ kind: RecordKind,
        _ file: [UInt8],
        _ folder: Folder,
        _ encryption: KeyEncryption,
        _ crypto: any Crypto,
        _ decode: (RawSpan, _ format: UInt64) throws -> Value
    ) throws(StoreError) -> Value {
        let path = folder.full(kind.rawValue)
        let format = try SealedRecord.format(of: file, kind, path: path)
        let plaintext = try SealedRecord.open(
            kind,
            file,
            path: path,
            under: encryption,
            crypto: crypto
        )
        do {
            return try plaintext.withBytes { bytes in try decode(bytes, format) }
        } catch {
            throw StoreError(.corrupt, "\(path) opens but makes no sense: \(error)")
        }
    }

    private static func missing(_ kind: RecordKind, _ folder: Folder) -> StoreError {
        StoreError(
            .corrupt,
            "\(folder.full(kind.rawValue)) is missing: restore it, or wipe the device and enrol it again"
        )
    }
}
