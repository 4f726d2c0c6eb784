internal import CBOR
internal import EDHOC
internal import Fleet
internal import KeyExchange
internal import Secrets

/// Seals what must not lie in the database in the clear.
///
///     root key ─▶ wrapping key ─▶ group key ─▶ key material, token secrets
///                            └─▶ server identities, command keys, enrolment password
///
/// Each seal is bound to its place, so a row moved to another place does not open. A new root key wraps
/// the groups' keys again and touches nothing below them.
final class Vault: Sendable {
    /// What a sealed record is, and where it belongs.
    enum Place {
        case groupKey(GroupName)
        case key(DeviceID, KeyName, Epoch)
        case tokenSecret(BundleID)
        case identity
        case anchorIdentity(UInt32)
        case commandKey(UInt32)
        case enrolPassword
    }

    let crypto: any Crypto
    let fleet: FleetID
    let wrappingKey: KeyMaterial
    private let auditKey: Secret

    init(root: RootKey, fleet: FleetID, crypto: any Crypto) {
        self.crypto = crypto
        self.fleet = fleet
        wrappingKey = KeyMaterial(root.wrappingKey(crypto: crypto))
        auditKey = root.auditKey(crypto: crypto)
    }

    /// nonce ‖ ciphertext ‖ tag of AES-256-GCM.
    ///
    /// Nonces are random: one group key seals far fewer than the 2³² records of SP 800-38D § 8.3.
    func seal(
        _ plaintext: borrowing Secret,
        under key: KeyMaterial,
        at place: Place
    ) throws(RegistryError) -> [UInt8] {
        do throws(CryptoError) {
            let nonce = try crypto.randomBytes(AEADAlgorithm.aes256GCM.nonceLength)
            let context = context(of: place)
            return nonce
                + (try plaintext.withBytes { bytes throws(CryptoError) in
                    try crypto.seal(
                        .aes256GCM,
                        key: key.secret,
                        nonce: nonce,
                        authenticating: context,
                        plaintext: bytes
                    )
                })
        } catch {
            throw RegistryError(.failed, "cannot seal a record: \(error)")
        }
    }

    /// Opens a record; `damaged` when it was changed or belongs to another place.
    func open(
        _ sealed: [UInt8],
        under key: KeyMaterial,
        at place: Place
    ) throws(RegistryError) -> Secret {
        let length = AEADAlgorithm.aes256GCM.nonceLength
        guard sealed.count > length else {
            throw RegistryError(.damaged, "a sealed record is too short: \(name(of: place))")
        }
        do throws(CryptoError) {
            return try crypto.open(
                .aes256GCM,
                key: key.secret,
                nonce: Array(sealed[..<length]),
                authenticating: context(of: place),
                ciphertext: Array(sealed[length...]).rawSpan
            )
        } catch {
            throw RegistryError(
                .damaged,
                "a sealed record was changed or moved: \(name(of: place))"
            )
        }
    }

    /// Shows that a head of the audit log was written by someone who has the root key.
    func authenticate(_ head: AuditHead) -> [UInt8] {
        let message = CBORWriter.encode { writer in
            writer.array(2)
            writer.integer(Int(head.count))
            writer.bytes(head.hash)
        }
        return crypto.authenticate(.sha256, key: auditKey, message: message.rawSpan)
    }

    private func context(of place: Place) -> [UInt8] {
        CBORWriter.encode { writer in
            func begin(_ label: String, items: Int) {
                writer.array(2 + items)
                writer.text(label)
                writer.text(fleet.description)
            }
            switch place {
            case .groupKey(let group):
                begin("latchkey group 1", items: 1)
                writer.text(group.description)
            case .key(let device, let key, let epoch):
                begin("latchkey key 1", items: 3)
                writer.text(device.description)
                writer.text(key.description)
                writer.unsigned(UInt64(epoch.number))
            case .tokenSecret(let id):
                begin("latchkey token 1", items: 1)
                writer.bytes(id.bytes)
            case .identity: begin("latchkey identity 1", items: 0)
            case .anchorIdentity(let generation):
                begin("latchkey anchor 1", items: 1)
                writer.unsigned(UInt64(generation))
            case .commandKey(let generation):
                begin("latchkey command 1", items: 1)
                writer.unsigned(UInt64(generation))
            case .enrolPassword: begin("latchkey enrol 1", items: 0)
            }
        }
    }

    private func name(of place: Place) -> String {
        switch place {
        case .groupKey(let group): "the key of group \(group)"
        case .key(let device, let key, let epoch): "key \(key) \(epoch) of device \(device)"
        case .tokenSecret(let id): "the secret of bundle \(id)"
        case .identity: "the server's identity"
        case .anchorIdentity(let generation): "the server's identity, generation \(generation)"
        case .commandKey(let generation): "the command key, generation \(generation)"
        case .enrolPassword: "the enrolment password"
        }
    }
}
