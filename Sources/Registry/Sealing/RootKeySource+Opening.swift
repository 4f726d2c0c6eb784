internal import EDHOC
internal import Fleet
internal import Glibc
internal import GRDB
internal import KeyExchange
internal import Secrets

extension RootKeySource {
    /// The key for a new fleet, and how it was stretched if it was.
    func create(
        iterations: Int,
        crypto: any Crypto
    ) throws(RegistryError) -> (RootKey, PassphraseKey?) {
        switch self {
        case .file(let path):
            let file = RootKeyFile(path: path)
            if !file.exists { try file.create(crypto: crypto) }
            return (try file.read(), nil)
        case .passphrase(let passphrase):
            let salt: [UInt8]
            do { salt = try crypto.randomBytes(PassphraseKey.saltLength) } catch {
                throw RegistryError(.failed, "no randomness for a salt")
            }
            let stretch = PassphraseKey(salt: salt, iterations: iterations)
            return (try stretch.derive(passphrase, crypto: crypto), stretch)
        }
    }
}

extension Store {
    /// Gets the root key and compares it with the check value in the database.
    func openRootKey(
        _ source: RootKeySource,
        crypto: any Crypto
    ) throws(RegistryError) -> RootKey {
        let row = try read { db in
            try Row.fetchOne(db, sql: "SELECT check_value, salt, iterations FROM root_key")
        }
        guard let row else {
            throw RegistryError(.missing, "the database holds no fleet: \(path)")
        }
        let key: RootKey
        switch (source, row.bytesIfAny(1)) {
        case (.file(let file), nil): key = try RootKeyFile(path: file).read()
        case (.passphrase(let passphrase), let salt?):
            let stretch = PassphraseKey(salt: salt, iterations: row[2])
            key = try stretch.derive(passphrase, crypto: crypto)
        case (.file, _):
            throw RegistryError(.rootKeyMissing, "this fleet's root key is a passphrase: give it")
        case (.passphrase, nil):
            throw RegistryError(.rootKeyMissing, "this fleet's root key is a file: name it")
        }
        guard constantTimeEqual(key.check(crypto: crypto).rawSpan, row.bytes(0).rawSpan) else {
            throw RegistryError(
                .rootKeyWrong,
                "the root key is that of another fleet, or the passphrase is wrong"
            )
        }
        return key
    }

    /// Makes the folder for its owner alone, if it is not there.
    static func makeFolder(_ folder: String) throws(RegistryError) {
        guard unsafe mkdir(folder, 0o700) != 0, errno != EEXIST else { return }
        let reason = errno
        throw RegistryError(
            reason == EACCES || reason == EROFS || reason == EPERM ? .readOnly : .failed,
            "cannot make the folder \(folder): \(text(of: reason))"
        )
    }

    /// Takes away a database that holds nothing yet.
    func remove() {
        try? pool.close()
        for suffix in ["", "-wal", "-shm"] { _ = unsafe unlink(path + suffix) }
    }
}
