internal import CBOR
internal import EDHOC
internal import Secrets

/// A lamp (initiator) and a hall (responder) of the toy world, at each step of a handshake.
enum HandshakeFuzz {
    static let crypto = ToyCrypto()
    static let lamp = credential("lamp-1", kid: 0x1a, mark: 3, byValue: false)
    static let lampByValue = credential("lamp-1", kid: 0x1a, mark: 3, byValue: true)
    static let hall = credential("hall", kid: 0x5e, mark: 4, byValue: false)
    static let lampID = ConnectionID([UInt8](repeating: 0xc1, count: 8))
    static let hallID = ConnectionID([UInt8](repeating: 0xd0, count: 8))
    static let understood: Set<Int> = [65_001]

    private static func credential(
        _ name: String,
        kid: UInt8,
        mark: UInt8,
        byValue: Bool
    ) -> Credential {
        let ccs = CCS.encode(
            subject: name,
            kid: [UInt8](repeating: kid, count: 8),
            curve: .p256,
            publicKey: [UInt8](repeating: mark, count: 32)
        )
        guard let credential = try? Credential(ccs: ccs, sentByValue: byValue) else {
            preconditionFailure("our own credential is wrong")
        }
        return credential
    }

    static var responder: Responder {
        Responder(credential: hall, methods: [.staticDH], suites: [3, 2], crypto: crypto)
    }

    static func initiator(_ suite: CipherSuite.ID = 3) throws(EDHOCError) -> Initiator {
        try Initiator(
            method: .staticDH,
            suites: [suite],
            connectionID: lampID,
            crypto: crypto
        )
    }

    private static func answer(
        _ message1: [UInt8],
        ead2: [EADItem] = []
    ) throws(EDHOCError) -> ResponderSent {
        try responder.receive(message1: message1)
            .prepare(connectionID: hallID, ead2: ead2)
            .finish(.shared(zeroSecret(32)))
    }

    private static func conclude(
        _ message2: [UInt8],
        as own: Credential = lamp,
        ead3: [EADItem] = []
    ) throws(EDHOCError) -> InitiatorFinished {
        try initiator().receive(message2: message2)
            .verify(peer: hall, own: own)
            .prepare(as: own, ead3: ead3)
            .finish(.shared(zeroSecret(32)))
    }

    static func message1(_ input: [UInt8]) {
        _ = try? answer(input)
    }

    static func message2(_ input: [UInt8]) {
        _ = try? conclude(input)
    }

    static func message3(_ input: [UInt8]) {
        do {
            let identified = try answer(initiator().message1)
                .receive(message3: input, understood: understood)
            let found =
                if let ccs = identified.peerID.credentialByValue {
                    try Credential(ccs: ccs, sentByValue: true)
                } else {
                    lamp
                }
            let done = try identified.verify(peer: found).finish()
            _ = done.session.exporter(label: 33_000, context: [], count: 32)
        } catch {
            // Refused, as most inputs are.
        }
    }

    static func message4(_ input: [UInt8]) {
        do {
            let sent = try answer(initiator().message1)
            let done = try conclude(sent.message2).receive(message4: input)
            _ = done.session.exporter(label: 33_000, context: [], count: 32)
        } catch {
            // Refused, as most inputs are.
        }
    }

    static func error(_ input: [UInt8]) {
        guard let message = try? EDHOCErrorMessage(encoded: input) else { return }
        precondition(message.encoded == input, "two encodings of one error message")
    }

    static func credential(_ input: [UInt8]) {
        _ = try? CCS(parsing: input)
        if let id = try? CredentialID(encoded: input) {
            precondition(id.encoded == input, "ID_CRED is not what was received")
        }
        if let id = try? ConnectionID(encoded: input) {
            precondition(id.encoded == input, "two encodings of one identifier")
        }
        if let items = try? EADItem.parse(input), !items.contains(where: { $0.label == 0 }) {
            precondition(EADItem.encode(items) == input, "two encodings of one list of EAD items")
        }
    }

    static var credentialSeeds: [[UInt8]] {
        [
            lamp.encoded, lamp.id.encoded, lampByValue.id.encoded, lampID.encoded,
            EADItem.encode([.padding(3), EADItem(65_001, isCritical: true, value: [1, 2])]),
            CCS.encode(
                subject: nil,
                kid: nil,
                curve: .x25519,
                publicKey: [UInt8](repeating: 5, count: 32)
            ),
            CCS.encode(
                subject: nil,
                kid: [7],
                curve: .p384,
                publicKey: [UInt8](repeating: 5, count: 96)
            ),
        ]
    }

    static let errorSeeds: [[UInt8]] = [
        EDHOCErrorMessage.unspecified("no").encoded, EDHOCErrorMessage.wrongSuite([2]).encoded,
        EDHOCErrorMessage.wrongSuite([3, 2]).encoded, EDHOCErrorMessage.unknownCredential.encoded,
    ]

    /// The four messages of some handshakes.
    static var messageSeeds: [[[UInt8]]] {
        [
            messages(lamp, []), messages(lampByValue, [.padding(4)]),
            messages(
                lampByValue,
                [EADItem(65_001, isCritical: true, value: zeros(43)), EADItem(7)]
            ),
        ]
    }

    private static func messages(_ own: Credential, _ ead: [EADItem]) -> [[UInt8]] {
        do {
            let message1 = try Initiator(
                method: .staticDH,
                suites: [3],
                connectionID: lampID,
                ead1: ead.filter { !$0.isCritical },
                crypto: crypto
            ).message1
            let sent = try answer(message1, ead2: ead.filter { !$0.isCritical })
            let message2 = sent.message2
            let message3 = try conclude(message2, as: own, ead3: ead).message3
            let message4 = try sent.receive(message3: message3, understood: understood)
                .verify(peer: own).finish(ead4: ead.filter { !$0.isCritical }).message4
            return [message1, message2, message3, message4 ?? []]
        } catch {
            preconditionFailure("the toy handshake failed: \(error)")
        }
    }
}
