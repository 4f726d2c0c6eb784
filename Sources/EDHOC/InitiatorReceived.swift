internal import Secrets

/// An initiator that has read message_2 and believes nothing of it yet.
public struct InitiatorReceived: ~Copyable, Sendable {
    /// Which credential the responder claims; not verified.
    public let peerID: CredentialID
    /// EAD_2; not verified.
    public let ead2: [EADItem]
    /// C_R, the responder's name of the session; not verified.
    public let peerConnectionID: ConnectionID
    let method: Method
    let schedule: KeySchedule
    let connectionID: ConnectionID
    let messageOneDigest: [UInt8]
    let ephemeral: any AgreementKey
    let peerEphemeral: any AgreementPublicKey
    let transcript2: [UInt8]
    let plaintext: [UInt8]
    let proof: [UInt8]
    let ead: [UInt8]
    let key: Secret

    /// Checks the responder's proof against the credential that the caller trusts.
    ///
    /// With `own`, a responder that presents this side's own identity is refused (RFC 9528 § 9.2).
    public consuming func verify(
        peer: Credential,
        own: Credential?
    ) throws(EDHOCError) -> InitiatorVerified {
        guard peer.answers(to: peerID) else {
            throw EDHOCError(.unknownCredential, "message_2 names another credential")
        }
        if let own, own.isSameIdentity(as: peer) {
            throw EDHOCError(.ownIdentity, "the responder presents our own identity")
        }
        let claim = Proof(
            label: .mac2,
            usesStaticDH: method.responderUsesStaticDH,
            connectionID: peerConnectionID,
            id: peerID,
            credential: peer,
            transcript: transcript2,
            ead: ead
        )
        let key3: Secret
        if method.responderUsesStaticDH {
            let shared = try schedule.agree(
                ephemeral,
                with: try schedule.publicKey(peer.publicKey)
            )
            key3 = schedule.strengthen(key, .salt3e2m, transcript: transcript2, with: shared)
        } else {
            key3 = key
        }
        try claim.check(proof, schedule, key3)
        return InitiatorVerified(
            messageOneDigest: messageOneDigest,
            peer: peer,
            ead2: ead2,
            peerConnectionID: peerConnectionID,
            method: method,
            schedule: schedule,
            connectionID: connectionID,
            peerEphemeral: peerEphemeral,
            transcript3: schedule.transcript(
                after: transcript2,
                plaintext: plaintext,
                credential: peer
            ),
            key: key3
        )
    }
}

/// An initiator that knows its responder.
public struct InitiatorVerified: ~Copyable, Sendable {
    /// H(message_1).
    public let messageOneDigest: [UInt8]
    /// The responder, verified.
    public let peer: Credential
    /// EAD_2, verified.
    public let ead2: [EADItem]
    /// C_R, verified.
    public let peerConnectionID: ConnectionID
    let method: Method
    let schedule: KeySchedule
    let connectionID: ConnectionID
    let peerEphemeral: any AgreementPublicKey
    let transcript3: [UInt8]
    let key: Secret

    /// G_Y as it was on the wire.
    public var ephemeralY: [UInt8] { peerEphemeral.bytes }

    /// Says who this side is and what EAD_3 carries; the long-term key has to act next.
    public consuming func prepare(
        as credential: Credential,
        ead3: [EADItem] = []
    ) throws(EDHOCError) -> InitiatorWaiting {
        let proof = Proof(
            label: .mac3,
            usesStaticDH: method.initiatorUsesStaticDH,
            connectionID: nil,
            id: credential.id,
            credential: credential,
            transcript: transcript3,
            ead: EADItem.encode(ead3)
        )
        // Without static Diffie-Hellman PRK_4e3m is PRK_3e2m (RFC 9528 § 4.1.1.3).
        let operation = proof.operation(schedule, peer: peerEphemeral, key)
        return InitiatorWaiting(
            operation: operation,
            schedule: schedule,
            connectionID: connectionID,
            peerConnectionID: peerConnectionID,
            proof: proof,
            key: key
        )
    }
}
