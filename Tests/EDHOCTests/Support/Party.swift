import EDHOC
import Secrets

/// A credential and its private key.
struct Party: Sendable {
    let credential: Credential
    let key: SoftwareKey

    init(credential: Credential, key: SoftwareKey) {
        self.credential = credential
        self.key = key
    }

    /// A party with a fresh key of the kind that the method asks of it.
    init(
        _ name: String,
        kid: [UInt8],
        suite: CipherSuite,
        usesStaticDH: Bool,
        crypto: any Crypto,
        byValue: Bool = false
    ) throws {
        let ccs: [UInt8]
        if usesStaticDH {
            let own = try crypto.generateAgreementKey(suite.curve)
            key = SoftwareKey(own)
            ccs = CCS.encode(
                subject: name,
                kid: kid,
                curve: suite.curve,
                publicKey: own.publicPoint
            )
        } else {
            let own = try crypto.generateSigningKey(suite.signature)
            key = SoftwareKey(own)
            ccs = CCS.encode(
                subject: name,
                kid: kid,
                signature: suite.signature,
                publicKey: own.publicKey
            )
        }
        credential = try Credential(ccs: ccs, sentByValue: byValue)
    }

    /// The same key under a credential that travels whole.
    func sentByValue() throws -> Party {
        Party(credential: try Credential(ccs: credential.encoded, sentByValue: true), key: key)
    }
}
