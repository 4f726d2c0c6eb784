public import Secrets

/// A responder that has read message_3 and has yet to verify who sent it.
public struct ResponderIdentified: ~Copyable, Sendable {
    /// Which credential the initiator claims; not verified.
    public let peerID: CredentialID
    /// EAD_3; not verified, so nothing may be done on its word yet.
    public let ead3: [EADItem]
    /// C_I, the initiator's name of the session.
    public let peerConnectionID: ConnectionID
    /// C_R, this side's name of the session.
    public let connectionID: ConnectionID
    let method: Method
    let messageOneDigest: [UInt8]
    let schedule: KeySchedule
    let ephemeral: any AgreementKey
    let transcript3: [UInt8]
    let plaintext: [UInt8]
    let proof: [UInt8]
    let ead: [UInt8]
    let key: Secret

    /// Checks the initiator's proof against the credential that the caller found for `peerID`.
    public consuming func verify(peer: Credential) throws(EDHOCError) -> ResponderVerified {
        guard peer.answers(to: peerID) else {
            throw EDHOCError(.unknownCredential, "message_3 names another credential")
        }
        let claim = Proof(
            label: .mac3,
            usesStaticDH: method.initiatorUsesStaticDH,
            connectionID: nil,
            id: peerID,
            credential: peer,
            transcript: transcript3,
            ead: ead
        )
        let key4: Secret
        if method.initiatorUsesStaticDH {
            let shared = try schedule.agree(
                ephemeral,
                with: try schedule.publicKey(peer.publicKey)
            )
            key4 = schedule.strengthen(key, .salt4e3m, transcript: transcript3, with: shared)
        } else {
            key4 = key
        }
        try claim.check(proof, schedule, key4)
        let transcript4 = schedule.transcript(
            after: transcript3,
            plaintext: plaintext,
            credential: peer
        )
        let session = EDHOCSession(
            schedule,
            key4,
            transcript: transcript4,
            initiator: peerConnectionID,
            responder: connectionID
        )
        return ResponderVerified(
            peer: peer,
            ead3: ead3,
            messageOneDigest: messageOneDigest,
            ephemeralY: ephemeral.publicKey,
            schedule: schedule,
            transcript4: transcript4,
            key: key4,
            session: session
        )
    }
}

/// A responder that knows its initiator.
public struct ResponderVerified: ~Copyable, Sendable {
    /// The initiator, verified.
    public let peer: Credential
    /// EAD_3, verified.
    public let ead3: [EADItem]
    /// H(message_1).
    public let messageOneDigest: [UInt8]
    /// G_Y as it was on the wire.
    public let ephemeralY: [UInt8]
    let schedule: KeySchedule
    let transcript4: [UInt8]
    let key: Secret
    let session: EDHOCSession

    /// EDHOC_Exporter, for what came with message_3 and for its answer.
    public borrowing func exporter(label: Int, context: [UInt8], count: Int) -> Secret {
        session.exporter(label: label, context: context, count: count)
    }

    /// Makes message_4.
    public consuming func finish(ead4: [EADItem] = []) throws(EDHOCError) -> ResponderDone {
        let message = try schedule.seal(
            EADItem.encode(ead4),
            key,
            .message4,
            transcript: transcript4
        )
        try MessageLimit.check(message, MessageLimit.message4, "message_4")
        return ResponderDone(message4: message, session: session)
    }

    /// Ends without message_4, where the application confirms the keys in another way.
    public consuming func completeWithoutMessage4() -> ResponderDone {
        ResponderDone(message4: nil, session: session)
    }
}

/// The end of a handshake on the responder's side.
@frozen public struct ResponderDone: ~Copyable, Sendable {
    /// The message to send, if the application uses it.
    public let message4: [UInt8]?
    /// The source of keys.
    public var session: EDHOCSession
}
