internal import EDHOC
internal import KeyExchange
internal import Secrets

/// A root key stretched from a passphrase: PBKDF2 (RFC 8018 § 5.2) with HMAC-SHA-256.
struct PassphraseKey {
    /// What OWASP asks of PBKDF2-HMAC-SHA-256 (2023); older databases keep their own number.
    static let iterations = 600_000
    static let saltLength = 16
    /// The fewest bytes of a passphrase.
    static let minimumLength = 12

    let salt: [UInt8]
    let iterations: Int

    func derive(_ passphrase: KeyMaterial, crypto: any Crypto) throws(RegistryError) -> RootKey {
        guard passphrase.secret.count >= Self.minimumLength else {
            throw RegistryError(
                .invalid,
                "the passphrase is too short: want \(Self.minimumLength) bytes or more"
            )
        }
        var key = stretch(passphrase, crypto: crypto)
        return RootKey(Secret(taking: &key))
    }

    /// One block of PBKDF2: the digest is as long as the key.
    func stretch(_ passphrase: KeyMaterial, crypto: any Crypto) -> [UInt8] {
        var round = crypto.authenticate(
            .sha256,
            key: passphrase.secret,
            message: (salt + [0, 0, 0, 1]).rawSpan
        )
        var sum = round
        for _ in 1..<max(iterations, 1) {
            let next = crypto.authenticate(
                .sha256,
                key: passphrase.secret,
                message: round.rawSpan
            )
            round.wipe()
            round = next
            for index in sum.indices { sum[index] ^= round[index] }
        }
        round.wipe()
        return sum
    }
}
