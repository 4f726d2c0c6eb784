import EDHOC
import KeyExchange

/// A credential and its private key.
struct Party: Sendable {
    let credential: Credential
    let key: SoftwareKey

    /// A party with a fresh key, named by its key identifier on the wire.
    init(_ name: String, kid: [UInt8], crypto: any Crypto) throws {
        try self.init(name, kid: kid, key: crypto.generateAgreementKey(.p256))
    }

    /// A party with a given key.
    init(_ name: String, kid: [UInt8], key: any AgreementKey) throws {
        self.key = SoftwareKey(key)
        // x alone, as Latchkey's credentials have it.
        let ccs = CCS.encode(subject: name, kid: kid, curve: .p256, publicKey: key.publicKey)
        credential = try Credential(ccs: ccs, sentByValue: false)
    }

    private init(_ credential: Credential, _ key: SoftwareKey) {
        self.credential = credential
        self.key = key
    }

    /// The same party, whose credential travels whole, as an enrolling device sends it.
    var byValue: Party {
        get throws {
            Party(try Credential(ccs: credential.encoded, sentByValue: true), key)
        }
    }
}

/// Eight equal bytes.
func eight(_ byte: UInt8) -> [UInt8] { [UInt8](repeating: byte, count: 8) }
