internal import EDHOC
internal import Glibc
internal import KeyExchange
internal import Secrets

/// The key that seals the records, and where it came from.
struct KeyEncryption: Sendable {
    /// Where the key comes from; the number stands in each record's head.
    enum Source: UInt64, Sendable {
        /// A file beside the records: whoever can read the folder can open them.
        case file = 0
        /// A credential of the service manager, which need not be on the disk in the clear.
        case credential = 1
    }

    /// The file of the key in the state folder.
    static let fileName = "kek"
    /// The credential's name.
    static let credentialName = "latchkey-kek"
    private static let lengths = 32...1024

    let source: Source
    let key: KeyMaterial

    /// Finds the key that a record names.
    init(
        _ source: Source,
        in folder: Folder,
        credentials: String?,
        crypto: any Crypto
    ) throws(StoreError) {
        guard let found = try Self.read(source, folder, credentials) else {
            let place =
                switch source {
                case .file: folder.full(Self.fileName)
                case .credential: "the credential \(Self.credentialName)"
                }
            throw StoreError(
                .noKey,
                "the records in \(folder.path) are sealed with a key from \(place), which is not there: "
                    + (source == .file
                        ? "restore it, or wipe the device and enrol it again"
                        : "run inside the unit that passes it (LoadCredentialEncrypted=)")
            )
        }
        self.init(source, found, crypto)
    }

    /// Takes the credential if there is one, else the file, else makes the file.
    init(choosingIn folder: Folder, credentials: String?, crypto: any Crypto) throws(StoreError) {
        if let found = try Self.read(.credential, folder, credentials) {
            self.init(.credential, found, crypto)
            return
        }
        if try folder.read(Self.fileName) == nil {
            let fresh: Secret
            do { fresh = try crypto.randomSecret(32) } catch {
                throw StoreError(.system, "no randomness for a key: \(error)")
            }
            try fresh.withBytes { bytes throws(StoreError) in
                try folder.replace(Self.fileName, with: bytes)
            }
        }
        try self.init(.file, in: folder, credentials: credentials, crypto: crypto)
    }

    private init(_ source: Source, _ input: borrowing Secret, _ crypto: any Crypto) {
        self.source = source
        let salt = Array("latchkey store".utf8)
        let extracted = crypto.extract(.sha256, salt: salt.rawSpan, inputKey: input)
        let info = Array("key encryption key 1".utf8)
        key = KeyMaterial(
            crypto.expand(.sha256, key: extracted, info: info.rawSpan, count: 32)
        )
    }

    private static func read(
        _ source: Source,
        _ folder: Folder,
        _ credentials: String?
    ) throws(StoreError) -> Secret? {
        let name: String
        var content: [UInt8]?
        switch source {
        case .file:
            name = folder.full(fileName)
            content = try folder.read(fileName)
        case .credential:
            guard let credentials else { return nil }
            name = "\(credentials)/\(credentialName)"
            content = try readCredential(name)
        }
        guard var bytes = content else { return nil }
        content = nil
        defer { bytes.wipe() }
        guard lengths.contains(bytes.count) else {
            throw StoreError(
                .noKey,
                "\(name) is damaged: want \(lengths) bytes, have \(bytes.count)"
            )
        }
        return Secret(copying: bytes.rawSpan)
    }

    /// The service manager keeps credentials readable through an access list, which shows up as bits
    /// of the group; so only the bits of others are looked at.
    private static func readCredential(_ path: String) throws(StoreError) -> [UInt8]? {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            throw StoreError(errno: errno, path, "read")
        }
        defer { close(file) }
        var status = stat()
        unsafe fstat(file, &status)
        guard status.st_mode & 0o007 == 0 else {
            throw StoreError(.tooOpen, "others may read \(path)")
        }
        return try contents(of: file, name: path, limit: lengths.upperBound)
    }
}
