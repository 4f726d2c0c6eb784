public import EDHOC
internal import Secrets

/// The server's side of one session, without I/O.
///
///     signing ── key's answer ──▶ challenged ── message_3, REPORT ──▶ identifying ── credential ──▶ deciding
///     deciding ─┬─ offer ───▶ offered ── CONFIRM ──▶ settling ── settled ──▶ settled
///               ├─ retire ──▶ retiring ─ RECEIPT ──▶ settling
///               ├─ settle ──▶ settled
///               └─ refuse ──▶ settled
///
/// A request that came before gets the bytes that were sent before, at any time. Between an event that
/// asks for work and its answer, whatever comes is ignored: the device will ask again.
public struct ServerSession: ~Copyable, Sendable {
    private enum State: ~Copyable {
        case signing(ResponderWaiting)
        case challenged(ResponderSent)
        case identifying(ResponderIdentified, report: [UInt8])
        case deciding(message4: [UInt8], SessionCipher, PossessionProof)
        case offered(Offer, [Verdict], SessionCipher, PossessionProof)
        case retiring(Retire, SessionCipher)
        case settling(SessionCipher)
        case over
    }

    private var state: State
    private let fleet: FleetID
    private let crypto: any Crypto
    private let peer: ConnectionID
    private var lastRequest: [UInt8]
    private var lastAnswer: [UInt8]?
    private var request: [UInt8] = []
    /// Whether the device named no instance, so that it gets messages in their first form.
    private var isOldAgent = false

    /// The identifier that this side chose for the session.
    public let connection: ConnectionID
    /// The identifier that the device chose.
    public var peerConnection: ConnectionID { peer }
    /// What the identity key is asked; answer it with `provide`.
    public let operation: LongTermOperation

    /// Takes `payload`, a device's first, with the message_1 in it; throws what to send back.
    ///
    /// `responder` is who answers as the anchor's generation that the device says it has pinned, or as
    /// the oldest one in service when it says nothing; nil when there is none. `ephemeral` may be made
    /// beforehand, while there was nothing else to do.
    public static func begin(
        payload: [UInt8],
        message1: [UInt8],
        fleet: FleetID,
        responder: (_ anchor: UInt32?) -> Responder?,
        connection: ConnectionID,
        ephemeral: (any AgreementKey)? = nil,
        crypto: any Crypto
    ) throws(EDHOCError) -> ServerSession {
        let hint = try AnchorHint(in: try Responder.ead1(of: message1))
        guard let responder = responder(hint?.generation) else {
            let wish = hint.map { "generation \($0.generation)" } ?? "any generation"
            throw EDHOCError(.unknownCredential, "no anchor of \(wish) is in service")
        }
        let received = try responder.receive(
            message1: message1,
            understood: [Profile.anchorLabel]
        )
        let peer = received.peerConnectionID
        let waiting = try received.prepare(
            connectionID: connection,
            ead2: [],
            ephemeral: ephemeral
        )
        let operation = waiting.operation
        return ServerSession(
            state: .signing(waiting),
            fleet: fleet,
            crypto: crypto,
            peer: peer,
            lastRequest: payload,
            connection: connection,
            operation: operation
        )
    }

    private init(
        state: consuming State,
        fleet: FleetID,
        crypto: any Crypto,
        peer: ConnectionID,
        lastRequest: [UInt8],
        connection: ConnectionID,
        operation: LongTermOperation
    ) {
        self.state = state
        self.fleet = fleet
        self.crypto = crypto
        self.peer = peer
        self.lastRequest = lastRequest
        self.connection = connection
        self.operation = operation
    }

    /// Takes the identity key's answer; the result is message_2.
    public mutating func provide(_ result: consuming LongTermResult) -> ServerEvent {
        guard case .signing(let waiting) = exchange(&state, with: .over) else {
            preconditionFailure("no operation of the identity key is due")
        }
        do throws(EDHOCError) {
            let sent = try waiting.finish(result)
            let answer = Frame.next(peer, handshake: sent.message2, sealed: nil).encoded
            lastAnswer = answer
            state = .challenged(sent)
            return .send(answer)
        } catch {
            return .failed(.handshake(error))
        }
    }

    /// Takes a payload that came for this session's connection identifier, on its own channel.
    public mutating func receive(_ payload: [UInt8]) -> ServerEvent {
        if payload == lastRequest { return lastAnswer.map { .send($0) } ?? .nothing }
        guard let frame = try? Frame(parsing: payload),
            case .next(let to, let handshake, let sealed) = frame, to == connection
        else { return .nothing }
        switch exchange(&state, with: .over) {
        case .challenged(let sent):
            guard let handshake, let sealed else {
                state = .challenged(sent)
                return .nothing
            }
            request = payload
            return challenged(sent, handshake, sealed)
        case .offered(let offer, let verdicts, var cipher, let proof):
            guard handshake == nil, let sealed, let plaintext = cipher.open(sealed) else {
                state = .offered(offer, verdicts, cipher, proof)
                return .nothing
            }
            request = payload
            return confirmed(offer, verdicts, cipher, proof, plaintext)
        case .retiring(let retire, var cipher):
            guard handshake == nil, let sealed, let plaintext = cipher.open(sealed) else {
                state = .retiring(retire, cipher)
                return .nothing
            }
            request = payload
            return receipted(retire, cipher, plaintext)
        case let other:
            state = other
            return .nothing
        }
    }

    /// Takes the credential that `.identify` asked for; nil when there is none.
    public mutating func identified(_ found: Credential?) -> ServerEvent {
        guard case .identifying(let identified, let sealed) = exchange(&state, with: .over) else {
            preconditionFailure("no credential is due")
        }
        guard let found else {
            let error = EDHOCError(.unknownCredential, "no device has this kid")
            return .failedTelling(.handshake(error), Frame.error(peer, error.errorMessage).encoded)
        }
        do throws(EDHOCError) {
            let isByValue = identified.peerID.credentialByValue != nil
            let verified = try identified.verify(peer: found)
            let message = EnrolmentProof.message(
                messageOneDigest: verified.messageOneDigest,
                ephemeralY: verified.ephemeralY,
                credential: found
            )
            let claim = verified.ead3.first { $0.label == Profile.enrolmentLabel }?.value
            let done = try verified.finish()
            guard let message4 = done.message4 else { preconditionFailure("message_4 was asked") }
            let exporter = { (label: Int, context: [UInt8], count: Int) in
                done.session.exporter(label: label, context: context, count: count)
            }
            var cipher = SessionCipher(
                side: .toDevice,
                fleet: fleet,
                suite: done.session.suite,
                crypto: crypto,
                exporter: exporter
            )
            let proof = PossessionProof(fleet: fleet, crypto: crypto, exporter: exporter)
            let password = KeyMaterial(
                exporter(
                    Profile.ExporterLabel.brokerPassword.rawValue,
                    SessionCipher.context(fleet),
                    BrokerPassword.length
                )
            )
            guard let plaintext = cipher.open(sealed) else {
                throw EDHOCError(.notAuthentic, "the report beside message_3 does not open")
            }
            state = .deciding(message4: message4, cipher, proof)
            do throws(MessageError) {
                let introduction = Introduction(
                    credential: found,
                    isByValue: isByValue,
                    enrolment: try claim.map { value throws(MessageError) in
                        try EnrolmentProof(parsing: value)
                    },
                    enrolmentMessage: message,
                    report: try plaintext.parse(Report.self),
                    brokerPassword: password
                )
                isOldAgent = introduction.report.instance == nil
                return .reconcile(introduction)
            } catch {
                return refuse(.message(error))
            }
        } catch {
            return .failedTelling(.handshake(error), Frame.error(peer, error.errorMessage).encoded)
        }
    }

    /// Takes the decision that `.reconcile` asked for.
    public mutating func decided(_ decision: Decision) -> ServerEvent {
        guard case .deciding(let message4, var cipher, let proof) = exchange(&state, with: .over)
        else { preconditionFailure("no decision is due") }
        do throws(CryptoError) {
            switch decision {
            case .offer(let offer, let verdicts):
                let event = ServerEvent.send(try answer(offer, message4, &cipher))
                state = .offered(offer, verdicts, cipher, proof)
                return event
            case .retire(let retire):
                let event = ServerEvent.send(try answer(retire, message4, &cipher))
                state = .retiring(retire, cipher)
                return event
            case .settle(let settle):
                return .sendAndClose(try answer(suited(settle), message4, &cipher))
            case .refuse(let problem): return .sendAndClose(try answer(problem, message4, &cipher))
            }
        } catch {
            return .failed(.crypto(error))
        }
    }

    /// Takes what `.confirm` or `.acknowledge` asked for.
    public mutating func settled(_ settle: Settle) -> ServerEvent {
        guard case .settling(var cipher) = exchange(&state, with: .over) else {
            preconditionFailure("nothing is being settled")
        }
        do throws(CryptoError) {
            return .sendAndClose(try answer(suited(settle), nil, &cipher))
        } catch {
            return .failed(.crypto(error))
        }
    }

    /// Ends the session with a problem, where a decision or a settlement could not be had.
    public mutating func fail(_ problem: Problem) -> ServerEvent {
        do throws(CryptoError) {
            switch exchange(&state, with: .over) {
            case .deciding(let message4, var cipher, _):
                return .sendAndClose(try answer(problem, message4, &cipher))
            case .settling(var cipher):
                return .sendAndClose(try answer(problem, nil, &cipher))
            // Nothing is due: there is nobody to tell.
            case _: return .nothing
            }
        } catch {
            return .failed(.crypto(error))
        }
    }

    // MARK: - Steps

    private mutating func challenged(
        _ sent: consuming ResponderSent,
        _ message3: [UInt8],
        _ sealed: [UInt8]
    ) -> ServerEvent {
        do throws(EDHOCError) {
            let identified = try sent.receive(
                message3: message3,
                understood: [Profile.enrolmentLabel]
            )
            let id = identified.peerID
            state = .identifying(identified, report: sealed)
            return .identify(id)
        } catch {
            return .failedTelling(.handshake(error), Frame.error(peer, error.errorMessage).encoded)
        }
    }

    private mutating func confirmed(
        _ offer: Offer,
        _ verdicts: [Verdict],
        _ cipher: consuming SessionCipher,
        _ proof: consuming PossessionProof,
        _ plaintext: borrowing Secret
    ) -> ServerEvent {
        let results: [InstallResult]
        do throws(MessageError) {
            if let problem = try? plaintext.parse(Problem.self) {
                return .failed(.message(MessageError("the device reports \(problem)")))
            }
            let confirm = try plaintext.parse(Confirm.self)
            results = try Self.check(confirm, against: offer, proof)
        } catch {
            state = .settling(cipher)
            return refuse(.message(error))
        }
        state = .settling(cipher)
        return .confirm(offer.operation, results, verdicts: verdicts)
    }

    /// Exactly one result for each key offered, in its order, and each proof verified.
    private static func check(
        _ confirm: Confirm,
        against offer: Offer,
        _ proof: borrowing PossessionProof
    ) throws(MessageError) -> [InstallResult] {
        guard confirm.operation == offer.operation, confirm.results.count == offer.keys.count
        else { throw MessageError("a confirmation of another offer") }
        var results: [InstallResult] = []
        for (key, result) in zip(offer.keys, confirm.results) {
            guard result.name == key.name, result.epoch == key.epoch else {
                throw MessageError("want a result for \(key.name), have \(result.name)")
            }
            let failure: FailureKind?
            switch result.result {
            case .failure(let kind): failure = kind
            case .proof(let bytes):
                let isValid = proof.isValid(bytes, for: key, operation: offer.operation)
                failure = isValid ? nil : .proofMismatch
            }
            results.append(InstallResult(name: key.name, epoch: key.epoch, failure: failure))
        }
        return results
    }

    private mutating func receipted(
        _ retire: Retire,
        _ cipher: consuming SessionCipher,
        _ plaintext: borrowing Secret
    ) -> ServerEvent {
        state = .settling(cipher)
        do throws(MessageError) {
            let receipt = try plaintext.parse(Receipt.self)
            guard receipt.operation == retire.operation, receipt.counter == retire.counter else {
                throw MessageError("a receipt for another retirement")
            }
            return .acknowledge(receipt)
        } catch {
            return refuse(.message(error))
        }
    }

    /// What this device can read: the caller need not know how old its agent is.
    private func suited(_ settle: Settle) -> Settle { isOldAgent ? settle.forOldAgent : settle }

    /// Tells an authenticated device that its message was not understood.
    private mutating func refuse(_ failure: SessionFailure) -> ServerEvent {
        switch fail(Problem(.malformed)) {
        case .sendAndClose(let bytes): .failedTelling(failure, bytes)
        case _: .failed(failure)
        }
    }

    /// Seals an answer, and keeps it for the case that the same request comes again.
    private mutating func answer(
        _ message: some SessionMessage,
        _ message4: [UInt8]?,
        _ cipher: inout SessionCipher
    ) throws(CryptoError) -> [UInt8] {
        let sealed = try cipher.seal(message)
        let bytes = Frame.next(peer, handshake: message4, sealed: sealed).encoded
        lastRequest = request
        lastAnswer = bytes
        return bytes
    }
}
