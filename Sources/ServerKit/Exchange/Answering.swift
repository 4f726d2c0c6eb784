public import EDHOC
internal import KeyExchange
internal import Registry

/// Who answers a device: one generation of the server's identity, ready to.
public struct Answering: Sendable {
    /// The generation's number.
    public let generation: UInt32
    /// What takes message_1.
    public let responder: Responder
    /// The identity key.
    public let identity: any LongTermKey

    /// States all of it.
    public init(generation: UInt32, responder: Responder, identity: any LongTermKey) {
        self.generation = generation
        self.responder = responder
        self.identity = identity
    }
}

extension Registry {
    /// Who answers a device that has pinned a generation, or names none; nil when nobody does.
    ///
    /// Asked anew for each session, so that a generation announced just now needs no restart.
    func answering(
        _ hint: UInt32?,
        suites: [CipherSuite.ID],
        crypto: any Crypto
    ) -> Answering? {
        anchor(answering: hint).map { anchor in
            Answering(
                generation: anchor.generation,
                responder: Responder(
                    credential: anchor.credential,
                    methods: [Profile.method],
                    suites: suites,
                    crypto: crypto
                ),
                identity: SoftwareKey(anchor.key)
            )
        }
    }
}
