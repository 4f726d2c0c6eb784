internal import Secrets

/// The initiator of a handshake; each step consumes the one before.
///
///     Initiator ── message_2 ──▶ InitiatorReceived ── verify ──▶ InitiatorVerified
///        ── prepare ──▶ InitiatorWaiting ── long-term key's result ──▶ InitiatorFinished
///        ── message_4 ──▶ InitiatorDone
///
/// A step that throws ends the handshake, and what it held is wiped.
public struct Initiator: ~Copyable, Sendable {
    /// The message to send.
    public let message1: [UInt8]
    /// C_I, this side's name of the session.
    public let connectionID: ConnectionID
    /// H(message_1).
    public let messageOneDigest: [UInt8]
    private let method: Method
    private let schedule: KeySchedule
    private let ephemeral: any AgreementKey

    /// Starts a handshake with a fresh ephemeral key.
    ///
    /// `suites` is SUITES_I: in order of preference, the selected one last. One that is not available
    /// throws; an empty list or more than eight EAD items trap.
    public init(
        method: Method,
        suites: [CipherSuite.ID],
        connectionID: ConnectionID,
        ead1: [EADItem] = [],
        crypto: any Crypto
    ) throws(EDHOCError) {
        let suite = try Self.selected(suites, method, crypto)
        let ephemeral = try KeySchedule(crypto: crypto, suite: suite).ephemeralKey()
        try self.init(
            method: method,
            suites: suites,
            connectionID: connectionID,
            ead1: ead1,
            crypto: crypto,
            ephemeral: ephemeral
        )
    }

    /// Starts a handshake with an ephemeral key that a test gives.
    init(
        method: Method,
        suites: [CipherSuite.ID],
        connectionID: ConnectionID,
        ead1: [EADItem],
        crypto: any Crypto,
        ephemeral: any AgreementKey
    ) throws(EDHOCError) {
        let suite = try Self.selected(suites, method, crypto)
        precondition(ephemeral.curve == suite.curve, "an ephemeral key of another curve")
        let message = MessageOne.encode(
            method: method,
            suites: suites,
            ephemeralX: ephemeral.publicKey,
            connectionID: connectionID,
            ead: ead1
        )
        try MessageLimit.check(message, MessageLimit.message1, "message_1")
        self.method = method
        self.connectionID = connectionID
        self.ephemeral = ephemeral
        schedule = KeySchedule(crypto: crypto, suite: suite)
        message1 = message
        messageOneDigest = crypto.hash(suite.hash, message.rawSpan)
    }

    /// Takes message_2 and lets its claims be seen; nothing is authenticated yet.
    public consuming func receive(
        message2: [UInt8],
        understood: Set<Int> = []
    ) throws(EDHOCError) -> InitiatorReceived {
        let suite = schedule.suite
        let content = try unwrap(message2, MessageLimit.message2And3, "message_2")
        let keyLength = suite.curve.keyLength
        guard content.count > keyLength else {
            throw EDHOCError(.malformed, "message_2 is shorter than its key")
        }
        let ephemeralY = Array(content[..<keyLength])
        let peer = try schedule.publicKey(ephemeralY)
        let shared = try schedule.agree(ephemeral, with: peer)
        let transcript2 = schedule.transcript(
            ephemeralY: ephemeralY,
            messageOneDigest: messageOneDigest
        )
        let key = schedule.extract(salt: transcript2, shared: shared)
        let plaintext = schedule.mask(
            Array(content[keyLength...]),
            key,
            transcript: transcript2
        )
        let parsed = try Plaintext(
            parsing: plaintext,
            hasConnectionID: true,
            proofLength: Proof.length(suite, usesStaticDH: method.responderUsesStaticDH)
        )
        guard let peerConnectionID = parsed.connectionID else {
            preconditionFailure("PLAINTEXT_2 was read without C_R")
        }
        try parsed.ead.check(understood: understood)
        return InitiatorReceived(
            peerID: parsed.id,
            ead2: parsed.ead.items,
            peerConnectionID: peerConnectionID,
            method: method,
            schedule: schedule,
            connectionID: connectionID,
            messageOneDigest: messageOneDigest,
            ephemeral: ephemeral,
            peerEphemeral: peer,
            transcript2: transcript2,
            plaintext: plaintext,
            proof: parsed.proof,
            ead: parsed.ead.encoded,
            key: key
        )
    }

    private static func selected(
        _ suites: [CipherSuite.ID],
        _ method: Method,
        _ crypto: any Crypto
    ) throws(EDHOCError) -> CipherSuite {
        precondition(suites.count <= CipherSuite.maximumListed, "too many suites")
        precondition(Set(suites).count == suites.count, "a suite is listed twice")
        guard let id = suites.last else { preconditionFailure("no suite is listed") }
        guard let suite = CipherSuite.named(id), suite.isAvailable(with: crypto, method: method)
        else {
            throw EDHOCError(.unsupportedSuite([]), "suite \(id) is not available here")
        }
        return suite
    }
}
