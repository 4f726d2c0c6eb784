internal import EDHOC
internal import Fleet
internal import KeyExchange
internal import Secrets

/// The key above all keys of a fleet; only what is derived from it is ever used.
final class RootKey: Sendable {
    static let length = 32

    private let secret: Secret

    init(_ secret: consuming Secret) {
        precondition(secret.count == Self.length, "a root key is of a wrong length")
        self.secret = secret
    }

    /// Wraps the keys of groups, the server's identity and the enrolment password.
    func wrappingKey(crypto: any Crypto) -> Secret {
        derive("latchkey root wrap 1", crypto: crypto)
    }

    /// Authenticates the head of the audit log.
    func auditKey(crypto: any Crypto) -> Secret {
        derive("latchkey root audit 1", crypto: crypto)
    }

    /// Tells this key from others without giving it away; stored in the open.
    func check(crypto: any Crypto) -> [UInt8] {
        derive("latchkey root check 1", crypto: crypto).withBytes { [UInt8](copying: $0) }
    }

    /// The first command key's private key, a number below the group's order.
    ///
    /// Derived, not drawn: a database restored from before it had one gets the same again, and
    /// devices go on to believe its orders.
    func firstCommandKey(
        fleet: FleetID,
        crypto: any Crypto
    ) throws(CryptoError) -> any SigningKey {
        for attempt in 0..<8 {
            let scalar = derive("latchkey root command 1 \(fleet) \(attempt)", crypto: crypto)
            do throws(CryptoError) {
                return try crypto.signingKey(.es256, privateKey: scalar)
            } catch .invalidKey {
                // One of 2^32 numbers is out of range.
                continue
            }
        }
        throw .invalidKey
    }

    private func derive(_ label: String, crypto: any Crypto) -> Secret {
        crypto.expand(.sha256, key: secret, info: Array(label.utf8).rawSpan, count: Self.length)
    }
}
