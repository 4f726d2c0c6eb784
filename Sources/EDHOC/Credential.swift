/// CRED_x: a credential byte for byte, with the public key that is in it.
public struct Credential: Hashable, Sendable {
    /// The credential as one CBOR item, used verbatim and never encoded again (RFC 9528 § 3.5.2).
    public let encoded: [UInt8]
    /// How it is named on the wire.
    public let id: CredentialID
    /// The public key: x, x ‖ y, or the raw 32 bytes of X25519 and Ed25519.
    public let publicKey: [UInt8]
    /// Whom it is about, when a CCS says so.
    public let subject: String?

    /// Takes opaque bytes, and beside them the public key that they vouch for.
    ///
    /// `encoded` is one CBOR item: an X.509 certificate goes in as a byte string.
    public init(encoded: [UInt8], id: CredentialID, publicKey: [UInt8]) {
        self.encoded = encoded
        self.id = id
        self.publicKey = publicKey
        subject = nil
    }

    /// Reads a CCS, to be carried whole or named by the key identifier that it then must have.
    public init(ccs: [UInt8], sentByValue: Bool) throws(EDHOCError) {
        let parsed = try CCS(parsing: ccs)
        if sentByValue {
            id = .byValue(ccs: ccs)
        } else {
            guard let kid = parsed.kid else {
                throw EDHOCError(.invalidCredential, "a CCS without a kid cannot be referred to")
            }
            id = .kid(kid)
        }
        encoded = ccs
        publicKey = parsed.publicKey
        subject = parsed.subject
    }

    /// Whether a peer that sent `received` may have meant this credential.
    func answers(to received: CredentialID) -> Bool {
        received == id || received.credentialByValue == encoded
    }

    /// Whether both speak for one holder: equal bytes, or one public key.
    func isSameIdentity(as other: Credential) -> Bool {
        // One may have x alone where the other has x ‖ y.
        let length = min(publicKey.count, other.publicKey.count)
        return encoded == other.encoded
            || length > 0 && publicKey.prefix(length) == other.publicKey.prefix(length)
    }
}
