public import Secrets

/// An initiator that waits for its long-term key.
public struct InitiatorWaiting: ~Copyable, Sendable {
    /// What the long-term key has to do.
    public let operation: LongTermOperation
    let schedule: KeySchedule
    let connectionID: ConnectionID
    let peerConnectionID: ConnectionID
    let proof: Proof
    let key: Secret

    /// Makes message_3 with what the long-term key answered.
    public consuming func finish(
        _ result: consuming LongTermResult
    ) throws(EDHOCError) -> InitiatorFinished {
        let signatureOrMAC: [UInt8]
        let key4: Secret
        switch consume result {
        case .shared(let shared):
            precondition(proof.usesStaticDH, "the long-term key agreed where it should sign")
            key4 = schedule.strengthen(
                key,
                .salt4e3m,
                transcript: proof.transcript,
                with: shared
            )
            signatureOrMAC = proof.mac(schedule, key4)
        case .signature(let signature):
            precondition(!proof.usesStaticDH, "the long-term key signed where it should agree")
            key4 = key.duplicate()
            signatureOrMAC = try schedule.checked(signature)
        }
        let plaintext = Plaintext.encode(proof, signatureOrMAC)
        let message = try schedule.seal(
            plaintext,
            key,
            .message3,
            transcript: proof.transcript
        )
        try MessageLimit.check(message, MessageLimit.message2And3, "message_3")
        let transcript4 = schedule.transcript(
            after: proof.transcript,
            plaintext: plaintext,
            credential: proof.credential
        )
        let session = EDHOCSession(
            schedule,
            key4,
            transcript: transcript4,
            initiator: connectionID,
            responder: peerConnectionID
        )
        return InitiatorFinished(
            message3: message,
            schedule: schedule,
            transcript4: transcript4,
            key: key4,
            session: session
        )
    }
}

/// An initiator that has done its part, and may send payload beside message_3.
public struct InitiatorFinished: ~Copyable, Sendable {
    /// The message to send.
    public let message3: [UInt8]
    let schedule: KeySchedule
    let transcript4: [UInt8]
    let key: Secret
    let session: EDHOCSession

    /// The suite that both sides agreed on.
    public var suite: CipherSuite { schedule.suite }

    /// EDHOC_Exporter, for what goes with message_3 and for its answer.
    public borrowing func exporter(label: Int, context: [UInt8], count: Int) -> Secret {
        session.exporter(label: label, context: context, count: count)
    }

    /// Takes message_4, which shows that the responder has the same keys.
    public consuming func receive(
        message4: [UInt8],
        understood: Set<Int> = []
    ) throws(EDHOCError) -> InitiatorDone {
        let ciphertext = try unwrap(message4, MessageLimit.message4, "message_4")
        let plaintext = try schedule.open(ciphertext, key, .message4, transcript: transcript4)
        let ead = try ReceivedEAD(parsing: plaintext, of: "PLAINTEXT_4")
        try ead.check(understood: understood)
        return InitiatorDone(ead4: ead.items, session: session)
    }

    /// Goes on without message_4, where the application confirms the keys in another way.
    public consuming func completeWithoutMessage4() -> InitiatorDone {
        InitiatorDone(ead4: [], session: session)
    }
}

/// The end of a handshake on the initiator's side.
@frozen public struct InitiatorDone: ~Copyable, Sendable {
    /// EAD_4.
    public let ead4: [EADItem]
    /// The source of keys.
    public var session: EDHOCSession
}
