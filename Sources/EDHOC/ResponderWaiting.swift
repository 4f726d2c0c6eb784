internal import CBOR
internal import Secrets

/// A responder that waits for its long-term key.
public struct ResponderWaiting: ~Copyable, Sendable {
    /// What the long-term key has to do.
    public let operation: LongTermOperation
    let method: Method
    let peerConnectionID: ConnectionID
    let connectionID: ConnectionID
    let messageOneDigest: [UInt8]
    let schedule: KeySchedule
    let ephemeral: any AgreementKey
    let proof: Proof
    let key: Secret

    /// Makes message_2 with what the long-term key answered.
    public consuming func finish(
        _ result: consuming LongTermResult
    ) throws(EDHOCError) -> ResponderSent {
        let signatureOrMAC: [UInt8]
        let key3: Secret
        switch consume result {
        case .shared(let shared):
            precondition(proof.usesStaticDH, "the long-term key agreed where it should sign")
            key3 = schedule.strengthen(
                key,
                .salt3e2m,
                transcript: proof.transcript,
                with: shared
            )
            signatureOrMAC = proof.mac(schedule, key3)
        case .signature(let signature):
            precondition(!proof.usesStaticDH, "the long-term key signed where it should agree")
            key3 = key.duplicate()
            signatureOrMAC = try schedule.checked(signature)
        }
        let plaintext = Plaintext.encode(proof, signatureOrMAC)
        // The keystream ends at 255 digests (RFC 9528 appendix G), past this limit.
        try MessageLimit.check(plaintext, MessageLimit.message2And3 - 128, "PLAINTEXT_2")
        let ciphertext = schedule.mask(plaintext, key, transcript: proof.transcript)
        let ephemeralY = ephemeral.publicKey
        return ResponderSent(
            message2: CBORWriter.encode { $0.bytes(ephemeralY + ciphertext) },
            peerConnectionID: peerConnectionID,
            connectionID: connectionID,
            method: method,
            messageOneDigest: messageOneDigest,
            schedule: schedule,
            ephemeral: ephemeral,
            transcript3: schedule.transcript(
                after: proof.transcript,
                plaintext: plaintext,
                credential: proof.credential
            ),
            key: key3
        )
    }
}

/// A responder that has answered and waits for message_3.
public struct ResponderSent: ~Copyable, Sendable {
    /// The message to send, and to send again when message_1 is repeated.
    public let message2: [UInt8]
    /// C_I, the initiator's name of the session.
    public let peerConnectionID: ConnectionID
    /// C_R, this side's name of the session.
    public let connectionID: ConnectionID
    let method: Method
    let messageOneDigest: [UInt8]
    let schedule: KeySchedule
    let ephemeral: any AgreementKey
    let transcript3: [UInt8]
    let key: Secret

    /// Takes message_3 and lets its claims be seen; the initiator is not authenticated yet.
    public consuming func receive(
        message3: [UInt8],
        understood: Set<Int> = []
    ) throws(EDHOCError) -> ResponderIdentified {
        let ciphertext = try unwrap(message3, MessageLimit.message2And3, "message_3")
        let plaintext = try schedule.open(ciphertext, key, .message3, transcript: transcript3)
        let parsed = try Plaintext(
            parsing: plaintext,
            hasConnectionID: false,
            proofLength: Proof.length(
                schedule.suite,
                usesStaticDH: method.initiatorUsesStaticDH
            )
        )
        try parsed.ead.check(understood: understood)
        return ResponderIdentified(
            peerID: parsed.id,
            ead3: parsed.ead.items,
            peerConnectionID: peerConnectionID,
            connectionID: connectionID,
            method: method,
            messageOneDigest: messageOneDigest,
            schedule: schedule,
            ephemeral: ephemeral,
            transcript3: transcript3,
            plaintext: plaintext,
            proof: parsed.proof,
            ead: parsed.ead.encoded,
            key: key
        )
    }
}
