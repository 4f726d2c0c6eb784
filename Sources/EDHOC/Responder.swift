internal import Secrets

/// What a responder is; one value serves any number of handshakes at once.
///
///     Responder ── message_1 ──▶ ResponderReceived ── prepare ──▶ ResponderWaiting
///        ── long-term key's result ──▶ ResponderSent ── message_3 ──▶ ResponderIdentified
///        ── verify ──▶ ResponderVerified ── finish ──▶ ResponderDone
///
/// A step that throws ends the handshake, and what it held is wiped.
public struct Responder: Sendable {
    /// Who it is.
    public let credential: Credential
    /// The methods that it takes part in.
    public let methods: Set<Method>
    /// The suites that it accepts, those that the crypto library lacks included.
    public let suites: [CipherSuite.ID]
    private let crypto: any Crypto

    /// States who it is and what it accepts.
    public init(
        credential: Credential,
        methods: Set<Method>,
        suites: [CipherSuite.ID],
        crypto: any Crypto
    ) {
        precondition(!suites.isEmpty && suites.count <= CipherSuite.maximumListed)
        self.credential = credential
        self.methods = methods
        self.suites = suites
        self.crypto = crypto
    }

    /// Takes message_1; nothing of it is authenticated.
    ///
    /// Costs no curve operation beyond finding G_X's point.
    public func receive(
        message1: [UInt8],
        understood: Set<Int> = []
    ) throws(EDHOCError) -> ResponderReceived {
        let message = try MessageOne(parsing: message1)
        guard let method = UInt8(exactly: message.method).flatMap(Method.init(rawValue:)),
            methods.contains(method)
        else {
            throw EDHOCError(.unsupportedMethod, "method \(message.method) is not taken here")
        }
        let suite = try select(message.suites, method)
        guard message.ephemeralX.count == suite.curve.keyLength else {
            throw EDHOCError(
                .invalidPublicKey,
                "want G_X of \(suite.curve.keyLength) bytes, have \(message.ephemeralX.count)"
            )
        }
        try message.ead.check(understood: understood)
        let schedule = KeySchedule(crypto: crypto, suite: suite)
        return ResponderReceived(
            method: method,
            peerConnectionID: message.connectionID,
            ead1: message.ead.items,
            messageOneDigest: crypto.hash(suite.hash, message1.rawSpan),
            schedule: schedule,
            credential: credential,
            peerEphemeral: try schedule.publicKey(message.ephemeralX)
        )
    }

    /// EAD_1 of a message_1, for a caller that chooses by it who responds; nothing is authenticated.
    public static func ead1(of message1: [UInt8]) throws(EDHOCError) -> [EADItem] {
        try MessageOne(parsing: message1).ead.items
    }

    private func select(
        _ offered: [CipherSuite.ID],
        _ method: Method
    ) throws(EDHOCError) -> CipherSuite {
        let supported = suites.compactMap(CipherSuite.named)
            .filter { $0.isAvailable(with: crypto, method: method) }
        guard let suite = supported.first(where: { $0.id == offered.last }) else {
            throw EDHOCError(
                .unsupportedSuite(supported.map(\.id)),
                "none of ours was selected: \(offered)"
            )
        }
        // RFC 9528 § 5.2.3: a preferred suite that we support was passed over, so someone lied.
        for earlier in offered.dropLast() where supported.contains(where: { $0.id == earlier }) {
            throw EDHOCError(.suiteNotPreferred, "suite \(earlier) is preferred and supported")
        }
        return suite
    }
}

/// A responder that has read message_1.
public struct ResponderReceived: ~Copyable, Sendable {
    /// The initiator's choice of method.
    public let method: Method
    /// C_I, the initiator's name of the session.
    public let peerConnectionID: ConnectionID
    /// EAD_1; anyone may have written it.
    public let ead1: [EADItem]
    /// H(message_1).
    public let messageOneDigest: [UInt8]
    let schedule: KeySchedule
    let credential: Credential
    let peerEphemeral: any AgreementPublicKey

    /// The suite that was selected.
    public var suite: CipherSuite { schedule.suite }
    /// G_X as it was on the wire.
    public var ephemeralX: [UInt8] { peerEphemeral.bytes }

    /// Agrees on the first keys; the long-term key has to act next.
    ///
    /// `ephemeral` is a key pair made ahead of time; it must be used this once.
    public consuming func prepare(
        connectionID: ConnectionID,
        ead2: [EADItem] = [],
        ephemeral: (any AgreementKey)? = nil
    ) throws(EDHOCError) -> ResponderWaiting {
        let own = if let ephemeral { ephemeral } else { try schedule.ephemeralKey() }
        precondition(own.curve == suite.curve, "an ephemeral key of another curve")
        let shared = try schedule.agree(own, with: peerEphemeral)
        let transcript2 = schedule.transcript(
            ephemeralY: own.publicKey,
            messageOneDigest: messageOneDigest
        )
        let key = schedule.extract(salt: transcript2, shared: shared)
        let proof = Proof(
            label: .mac2,
            usesStaticDH: method.responderUsesStaticDH,
            connectionID: connectionID,
            id: credential.id,
            credential: credential,
            transcript: transcript2,
            ead: EADItem.encode(ead2)
        )
        // Without static Diffie-Hellman PRK_3e2m is PRK_2e (RFC 9528 § 4.1.1.2).
        let operation = proof.operation(schedule, peer: peerEphemeral, key)
        return ResponderWaiting(
            operation: operation,
            method: method,
            peerConnectionID: peerConnectionID,
            connectionID: connectionID,
            messageOneDigest: messageOneDigest,
            schedule: schedule,
            ephemeral: own,
            proof: proof,
            key: key
        )
    }
}
