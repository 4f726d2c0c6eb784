internal import CBOR
internal import EDHOC
internal import Secrets

/// Proof that a device holds an offered key, good in one session and for one offer.
///
///     proof = HKDF-Expand(HKDF-Extract(salt, k), [op, name, epoch], 16)
///
/// The salt comes from the session's exporter, so a proof says nothing elsewhere and the key is never
/// used in the way that an application uses it.
struct PossessionProof: ~Copyable {
    private let salt: Secret
    private let crypto: any Crypto

    /// Takes the salt from the session.
    init(
        fleet: FleetID,
        crypto: any Crypto,
        exporter: (_ label: Int, _ context: [UInt8], _ count: Int) -> Secret
    ) {
        self.crypto = crypto
        salt = exporter(
            Profile.ExporterLabel.possession.rawValue,
            SessionCipher.context(fleet),
            32
        )
    }

    /// The proof for one key of one offer.
    func make(_ key: OfferedKey, operation: OperationID) -> [UInt8] {
        let info = CBORWriter.encode { writer in
            writer.array(3)
            writer.bytes(operation.bytes)
            writer.text(key.name.description)
            writer.unsigned(UInt64(key.epoch.number))
        }
        let pseudorandom = salt.withBytes {
            crypto.extract(.sha256, salt: $0, inputKey: key.material.secret)
        }
        return crypto.expand(
            .sha256,
            key: pseudorandom,
            info: info.rawSpan,
            count: Confirm.proofLength
        )
        .withBytes { [UInt8](copying: $0) }
    }

    /// Whether a proof fits, compared in constant time.
    func isValid(_ proof: [UInt8], for key: OfferedKey, operation: OperationID) -> Bool {
        constantTimeEqual(proof.rawSpan, make(key, operation: operation).rawSpan)
    }
}
