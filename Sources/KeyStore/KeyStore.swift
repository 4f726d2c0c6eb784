public import EDHOC
public import KeyExchange
internal import Secrets
internal import Synchronization

/// The device's identity and keys in sealed files of one folder.
///
/// Every change is on the disk before the function returns, and is made once however often it is asked
/// for. Files are replaced whole: after a crash at any point the store opens with the state from before
/// or from after. It keeps secrets from other users and from whoever reads the records alone; with
/// the key in a file it does not keep them from root, nor from whoever copies the whole folder.
public final class KeyStore: Sendable {
    /// What protects the records.
    public let level: Report.SecurityLevel
    /// The state folder.
    public var path: String { folder.path }

    private let folder: Folder
    private let lock: FolderLock
    private let encryption: KeyEncryption
    private let crypto: any Crypto
    private let state: Mutex<Contents>

    /// Opens the folder for this process alone, and makes it if there is none.
    ///
    /// `credentials` is the folder of the service manager's credentials. Throws with the name of the
    /// file when one is damaged, missing or of a newer format; nothing is ever dropped in silence.
    public init(
        _ path: String,
        crypto: any Crypto,
        credentials: String? = nil,
        faults: @escaping Faults = { _ in nil }
    ) throws(StoreError) {
        folder = try Folder(path, creating: true, isReadOnly: false, faults: faults)
        lock = try folder.lock()
        folder.sweep(RecordKind.allCases.map(\.rawValue) + [KeyEncryption.fileName, authorityName])
        self.crypto = crypto
        if let loaded = try Contents.load(folder, credentials: credentials, crypto: crypto) {
            encryption = loaded.encryption
            state = Mutex(loaded.contents)
        } else {
            encryption = try KeyEncryption(
                choosingIn: folder,
                credentials: credentials,
                crypto: crypto
            )
            state = Mutex(Contents())
        }
        level = encryption.source == .file ? .software : .credential
        try finishInterruptedRetirement()
    }

    /// Who the device is; nil before the first bundle.
    public var device: DeviceRecord? { state.withLock(\.device) }

    /// The keys held, ascending by name.
    public var keys: [StoredKey] { state.withLock(\.ring.keys) }

    /// What a session tells the server; `instance` names the agent's process.
    public func report(agentVersion: String, instance: [UInt8]? = nil) -> Report {
        state.withLock { contents in
            Report(
                agentVersion: agentVersion,
                store: .file,
                level: level,
                lastOrder: contents.device?.order ?? 0,
                keys: contents.ring.report(tellingSpent: instance != nil),
                instance: instance,
                anchor: instance == nil ? 0 : contents.device?.newestAnchor.generation ?? 0,
                isRetiring: instance != nil && contents.device?.life == .retiring
            )
        }
    }

    /// What the server last told of its time, in seconds since 1970; nil if it never did.
    public var serverTime: UInt64? { state.withLock(\.ring.serverTime) }

    /// Notes such a time, in memory: it goes to the disk with the next change of a key.
    ///
    /// The last word counts, not the highest: a session cannot be replayed, and a server whose clock was
    /// wrong for an hour is believed again. A time that goes back is written at once, so that a restart does
    /// not bring the wrong one back; on a disk that takes nothing it stays in memory.
    public func note(serverTime: UInt64) {
        state.withLock { contents in
            let isBack = contents.ring.serverTime.map { serverTime < $0 } ?? false
            contents.ring.serverTime = serverTime
            guard isBack else { return }
            do throws(StoreError) { try write(contents.ring, &contents) } catch { return }
        }
    }

    /// The file of the broker's authority; written when it is missing or differs, nil without TLS.
    public func authorityFile() throws(StoreError) -> String? {
        guard let authority = device?.broker.authority, !authority.isEmpty else { return nil }
        if try folder.read(authorityName) != authority {
            try folder.replace(authorityName, with: authority.rawSpan)
        }
        return folder.full(authorityName)
    }

    /// Removes everything, the key that opens the records first; works on a damaged folder, too.
    public static func wipe(
        _ path: String,
        faults: @escaping Faults = { _ in nil }
    ) throws(StoreError) {
        let folder = try Folder(path, creating: false, isReadOnly: false, faults: faults)
        let lock = try folder.lock()
        defer { withExtendedLifetime(lock) {} }
        let names = RecordKind.allCases.map(\.rawValue)
        folder.sweep(names + [KeyEncryption.fileName, authorityName])
        for name in [KeyEncryption.fileName] + names + [authorityName] { try folder.erase(name) }
    }
}

// MARK: - Changes

extension KeyStore {
    /// Replaces the device record; memory follows the disk.
    func write(_ device: DeviceRecord, _ contents: inout Contents) throws(StoreError) {
        let plaintext = device.encode()
        try write(.device, plaintext)
        contents.device = device
    }

    /// Replaces the keys; memory follows the disk.
    func write(_ ring: KeyRing, _ contents: inout Contents) throws(StoreError) {
        let plaintext = ring.encode()
        try write(.keys, plaintext)
        contents.ring = ring
    }

    /// Makes a change that nothing can come between.
    func change<Result>(
        _ body: (inout Contents, any Crypto) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        try state.withLock { contents throws(StoreError) in try body(&contents, crypto) }
    }

    private func write(_ kind: RecordKind, _ plaintext: borrowing Secret) throws(StoreError) {
        let file = try plaintext.withBytes { plaintext throws(StoreError) in
            try SealedRecord.seal(kind, plaintext, under: encryption, crypto: crypto)
        }
        try folder.replace(kind.rawValue, with: file.rawSpan)
    }
}

/// The broker's authority as the TLS library wants it; public, and checked against the record.
private let authorityName = "broker-ca.pem"
