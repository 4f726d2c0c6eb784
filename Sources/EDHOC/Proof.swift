internal import CBOR
internal import Secrets

/// What one side proves in message_2 or message_3: the same for both messages and all methods.
struct Proof {
    /// MAC_2 or MAC_3.
    let label: KeySchedule.Label
    /// Whether the MAC itself authenticates, or a signature over it.
    let usesStaticDH: Bool
    /// C_R, which context_2 begins with; nil for context_3.
    let connectionID: ConnectionID?
    /// ID_CRED_x as it is on the wire, in its full form.
    let id: CredentialID
    /// CRED_x.
    let credential: Credential
    /// TH_2 or TH_3.
    let transcript: [UInt8]
    /// EAD_2 or EAD_3, encoded.
    let ead: [UInt8]

    /// Bytes of Signature_or_MAC_x.
    static func length(_ suite: CipherSuite, usesStaticDH: Bool) -> Int {
        usesStaticDH ? suite.macLength : suite.signature.signatureLength
    }

    /// MAC_2 or MAC_3 (RFC 9528 § 5.3.2, § 5.4.2).
    func mac(_ schedule: KeySchedule, _ key: borrowing Secret) -> [UInt8] {
        var context = CBORWriter(
            capacity: 128 + id.encoded.count + credential.encoded.count + ead.count
        )
        if let connectionID { context.identifier(connectionID.bytes) }
        context.encoded(id.encoded)
        context.bytes(transcript)
        context.encoded(credential.encoded)
        context.encoded(ead)
        let suite = schedule.suite
        let count = usesStaticDH ? suite.macLength : suite.hash.length
        return schedule.derive(key, label, context.finish(), count)
            .withBytes { [UInt8](copying: $0) }
    }

    /// What a signature covers: the Sig_structure of RFC 9052 § 4.4.
    func signatureInput(mac: [UInt8]) -> [UInt8] {
        var external = CBORWriter(capacity: 64 + credential.encoded.count + ead.count)
        external.bytes(transcript)
        external.encoded(credential.encoded)
        external.encoded(ead)
        let externalBytes = external.finish()
        return CBORWriter.encode { writer in
            writer.array(4)
            writer.text("Signature1")
            writer.bytes(id.encoded)
            writer.bytes(externalBytes)
            writer.bytes(mac)
        }
    }

    /// Checks Signature_or_MAC_x as it came.
    func check(
        _ received: [UInt8],
        _ schedule: KeySchedule,
        _ key: borrowing Secret
    ) throws(EDHOCError) {
        let mac = mac(schedule, key)
        let isAuthentic =
            if usesStaticDH {
                constantTimeEqual(mac.rawSpan, received.rawSpan)
            } else {
                schedule.crypto.isValid(
                    received,
                    schedule.suite.signature,
                    message: signatureInput(mac: mac).rawSpan,
                    publicKey: credential.publicKey
                )
            }
        guard isAuthentic else {
            throw EDHOCError(.notAuthentic, "the \(usesStaticDH ? "MAC" : "signature") is wrong")
        }
    }

    /// What the long-term key must do for this proof.
    func operation(
        _ schedule: KeySchedule,
        peer: any AgreementPublicKey,
        _ key: borrowing Secret
    ) -> LongTermOperation {
        usesStaticDH
            ? .agree(schedule.suite.curve, peer: peer)
            : .sign(
                schedule.suite.signature,
                message: signatureInput(mac: mac(schedule, key))
            )
    }
}
