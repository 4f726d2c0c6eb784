internal import CBOR
internal import EDHOC
internal import KeyExchange
internal import Secrets

// A file of the store, one CBOR sequence:
//     record = (format: 1 / 2, kind: tstr, source: uint, nonce: bstr .size 12, sealed: bstr)
//
// `sealed` is A256GCM; it authenticates format, kind and source, so that one file can't stand in for
// another. Format 1 is read, and written as 2 at the next change. An older copy of the same file opens: the file store cannot know that it is old.

/// The kinds of records, each in a file of that name.
enum RecordKind: String, CaseIterable {
    /// Who the device is, its account, its life.
    case device
    /// The keys that it holds.
    case keys
}

enum SealedRecord {
    private static let newest: UInt64 = 2
    private static let aead = AEADAlgorithm.aes256GCM

    /// The bytes of a file.
    static func seal(
        _ kind: RecordKind,
        _ plaintext: RawSpan,
        under key: KeyEncryption,
        crypto: any Crypto
    ) throws(StoreError) -> [UInt8] {
        do throws(CryptoError) {
            // Random nonces: a device writes a few records a day, far from 2^32.
            let nonce = try crypto.randomBytes(aead.nonceLength)
            let sealed = try crypto.seal(
                aead,
                key: key.key.secret,
                nonce: nonce,
                authenticating: head(newest, kind, key.source),
                plaintext: plaintext
            )
            return CBORWriter.encode { writer in
                writer.encoded(head(newest, kind, key.source))
                writer.bytes(nonce)
                writer.bytes(sealed)
            }
        } catch {
            throw StoreError(.system, "cannot seal the \(kind.rawValue) record: \(error)")
        }
    }

    /// Where the key of a file comes from; read before anything is decrypted.
    static func source(
        of file: [UInt8],
        _ kind: RecordKind,
        path: String
    ) throws(StoreError) -> KeyEncryption.Source {
        try parse(file, kind, path).source
    }

    /// In which format a file is.
    static func format(
        of file: [UInt8],
        _ kind: RecordKind,
        path: String
    ) throws(StoreError) -> UInt64 {
        try parse(file, kind, path).format
    }

    /// What a file holds.
    static func open(
        _ kind: RecordKind,
        _ file: [UInt8],
        path: String,
        under key: KeyEncryption,
        crypto: any Crypto
    ) throws(StoreError) -> Secret {
        let (format, source, nonce, sealed) = try parse(file, kind, path)
        guard source == key.source else {
            throw StoreError(.corrupt, "\(path) is sealed under another kind of key than the rest")
        }
        do throws(CryptoError) {
            return try crypto.open(
                aead,
                key: key.key.secret,
                nonce: nonce,
                authenticating: head(format, kind, source),
                ciphertext: sealed.rawSpan
            )
        } catch {
            throw StoreError(
                .corrupt,
                "\(path) does not open: it is damaged, or its key is another one; "
                    + "restore both, or wipe the device and enrol it again"
            )
        }
    }

    private static func head(
        _ format: UInt64,
        _ kind: RecordKind,
        _ source: KeyEncryption.Source
    ) -> [UInt8] {
        CBORWriter.encode { writer in
            writer.unsigned(format)
            writer.text(kind.rawValue)
            writer.unsigned(source.rawValue)
        }
    }

    private static func parse(
        _ file: [UInt8],
        _ kind: RecordKind,
        _ path: String
    ) throws(StoreError) -> (
        format: UInt64, source: KeyEncryption.Source, nonce: [UInt8], sealed: [UInt8]
    ) {
        do {
            var reader = CBORReader(file.rawSpan, limits: .init(length: Folder.largestFile))
            let version = try reader.unsigned()
            guard version <= newest else {
                throw StoreError(
                    .newerFormat,
                    "\(path) has format \(version), this agent knows \(newest): "
                        + "install the newer agent again"
                )
            }
            let name = try reader.text(maximum: 16)
            guard version >= 1, name == kind.rawValue,
                let source = KeyEncryption.Source(rawValue: try reader.unsigned())
            else { throw StoreError(.corrupt, "\(path) is not the \(kind.rawValue) record") }
            let nonce = try reader.bytes(count: aead.nonceLength)
            let sealed = try reader.bytes()
            try reader.end()
            return (version, source, nonce, sealed)
        } catch let error as StoreError {
            throw error
        } catch {
            throw StoreError(.corrupt, "\(path) is damaged: \(error)")
        }
    }
}
