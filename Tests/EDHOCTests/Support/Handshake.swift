import EDHOC
import Secrets

/// A whole handshake between a lamp and a hall, with a wire in between that may lie.
struct Handshake: Sendable {
    var method = Method.staticDH
    var suite: CipherSuite
    var lampCrypto: any Crypto
    var hallCrypto: any Crypto
    var lamp: Party
    var hall: Party
    var lampID = ConnectionID([0x0e])
    var hallID = ConnectionID([0x27])
    var ead: [[EADItem]] = [[], [], [], []]
    var understood: Set<Int> = []
    var usesMessage4 = true

    init(
        _ method: Method = .staticDH,
        suite id: CipherSuite.ID = 3,
        lamp lampProvider: Provider = .mbedTLS,
        hall hallProvider: Provider = .mbedTLS
    ) throws {
        self.method = method
        guard let suite = CipherSuite.named(id) else { preconditionFailure("no suite \(id)") }
        self.suite = suite
        lampCrypto = lampProvider.crypto
        hallCrypto = hallProvider.crypto
        lamp = try Party(
            "lamp",
            kid: [0x2b],
            suite: suite,
            usesStaticDH: method.initiatorUsesStaticDH,
            crypto: lampCrypto
        )
        hall = try Party(
            "hall",
            kid: [1, 2, 3, 4, 5, 6, 7, 8],
            suite: suite,
            usesStaticDH: method.responderUsesStaticDH,
            crypto: hallCrypto
        )
    }

    struct Outcome: Sendable {
        var messages: [[UInt8]] = []
        var lampOut: [UInt8] = []
        var hallOut: [UInt8] = []
        var lampKey: [UInt8] = []
        var hallKey: [UInt8] = []
        var ead: [[EADItem]] = []
    }

    func initiator() throws(EDHOCError) -> Initiator {
        try Initiator(
            method: method,
            suites: [suite.id],
            connectionID: lampID,
            ead1: ead[0],
            crypto: lampCrypto
        )
    }

    var responder: Responder {
        Responder(
            credential: hall.credential,
            methods: [method],
            suites: [suite.id],
            crypto: hallCrypto
        )
    }

    func answer(_ message1: [UInt8]) throws -> ResponderSent {
        let waiting = try responder.receive(message1: message1, understood: understood)
            .prepare(connectionID: hallID, ead2: ead[1])
        let result = try hall.key.performNow(waiting.operation)
        return try waiting.finish(result)
    }

    func conclude(
        _ initiator: consuming Initiator,
        _ message2: [UInt8]
    ) throws
        -> InitiatorFinished
    {
        let waiting = try initiator.receive(message2: message2, understood: understood)
            .verify(peer: hall.credential, own: lamp.credential)
            .prepare(as: lamp.credential, ead3: ead[2])
        let result = try lamp.key.performNow(waiting.operation)
        return try waiting.finish(result)
    }

    /// Runs to the end; `wire` gets each message with its number and says what arrives.
    func run(wire: (Int, [UInt8]) -> [UInt8] = { $1 }) throws -> Outcome {
        var outcome = Outcome()
        let initiator = try initiator()
        outcome.messages.append(initiator.message1)
        let received = try responder.receive(
            message1: wire(1, initiator.message1),
            understood: understood
        )
        outcome.ead.append(received.ead1)
        let waiting = try received.prepare(connectionID: hallID, ead2: ead[1])
        let result = try hall.key.performNow(waiting.operation)
        let sent = try waiting.finish(result)
        outcome.messages.append(sent.message2)

        let reading = try initiator.receive(
            message2: wire(2, sent.message2),
            understood: understood
        )
        outcome.ead.append(reading.ead2)
        let own = try reading.verify(peer: hall.credential, own: lamp.credential)
            .prepare(as: lamp.credential, ead3: ead[2])
        let ownResult = try lamp.key.performNow(own.operation)
        let finished = try own.finish(ownResult)
        outcome.messages.append(finished.message3)

        let verified = try sent.receive(
            message3: wire(3, finished.message3),
            understood: understood
        ).verify(peer: lamp.credential)
        outcome.ead.append(verified.ead3)
        guard usesMessage4 else {
            outcome.note(
                finished.completeWithoutMessage4(),
                verified.completeWithoutMessage4()
            )
            return outcome
        }
        let hallDone = try verified.finish(ead4: ead[3])
        let message4 = hallDone.message4 ?? []
        outcome.messages.append(message4)
        let lampDone = try finished.receive(
            message4: wire(4, message4),
            understood: understood
        )
        outcome.ead.append(lampDone.ead4)
        outcome.note(lampDone, hallDone)
        return outcome
    }
}

extension Handshake.Outcome {
    fileprivate mutating func note(_ lamp: borrowing InitiatorDone, _ hall: borrowing ResponderDone)
    {
        lampOut = lamp.session.withPRKOut { [UInt8](copying: $0) }
        hallOut = hall.session.withPRKOut { [UInt8](copying: $0) }
        lampKey = clear(lamp.session.exporter(label: 33000, context: [1], count: 32))
        hallKey = clear(hall.session.exporter(label: 33000, context: [1], count: 32))
    }

    var agrees: Bool { !lampOut.isEmpty && lampOut == hallOut && lampKey == hallKey }
}
