public import EDHOC
internal import Secrets

/// The device's side of one session, without I/O.
///
///     greeting ── message_2 ──▶ proving ── key's answer ──▶ reporting ── message_4 ─┬─ OFFER ──▶ installing
///                                                                               ├─ SETTLE ─▶ over
///                                                                               ├─ RETIRE ─▶ destroying
///                                                                               └─ PROBLEM ▶ over
///     installing ── installed ──▶ confirming ── SETTLE ──▶ over
///     destroying ── destroyed ──▶ confirming
///
/// A payload that does not open is ignored where that is safe; a handshake message that does not verify
/// ends the session, as RFC 9528 asks. The caller resends `outgoing` until it gets an answer, and
/// gives up in its own time.
public struct DeviceSession: ~Copyable, Sendable {
    private enum State: ~Copyable {
        case greeting(Initiator)
        case proving(InitiatorWaiting)
        case reporting(InitiatorFinished, SessionCipher, PossessionProof)
        case installing(Offer, SessionCipher, PossessionProof)
        case destroying(Retire, SessionCipher)
        case confirming(SessionCipher)
        case over
    }

    private var state: State
    private let profile: DeviceProfile
    private let token: EnrolmentToken?
    private let report: Report
    private let crypto: any Crypto
    private let connection: ConnectionID
    private var peer: ConnectionID?
    private var password: KeyMaterial?
    private var lastPayload: [UInt8] = []
    /// The payload to send now, and to send again until an event says otherwise.
    public private(set) var outgoing: [UInt8]

    /// Begins a session; `outgoing` is its first payload.
    public init(
        profile: DeviceProfile,
        token: EnrolmentToken?,
        report: Report,
        connectionID: ConnectionID,
        suites: [CipherSuite.ID] = [Profile.suites[0]],
        crypto: any Crypto
    ) throws(SessionFailure) {
        self.profile = profile
        self.token = token
        self.report = report
        self.crypto = crypto
        connection = connectionID
        let initiator: Initiator
        do {
            initiator = try Initiator(
                method: Profile.method,
                suites: suites,
                connectionID: connectionID,
                ead1: AnchorHint(profile.anchor).map { [$0.item] } ?? [],
                crypto: crypto
            )
        } catch {
            throw .handshake(error)
        }
        outgoing = Frame.start(initiator.message1).encoded
        state = .greeting(initiator)
    }

    /// Takes a payload that came for this session's connection identifier.
    public mutating func receive(_ payload: [UInt8]) -> DeviceEvent {
        // A repeat by the broker is not a new message (RFC 9528 § 7).
        guard payload != lastPayload, let frame = try? Frame(parsing: payload) else {
            return .nothing
        }
        let handshake: [UInt8]?
        let sealed: [UInt8]?
        switch frame {
        case .start: return .nothing
        case .error(let to, let message): return to == connection ? heard(message) : .nothing
        case .next(let to, let first, let second):
            guard to == connection else { return .nothing }
            (handshake, sealed) = (first, second)
        }
        switch exchange(&state, with: .over) {
        case .greeting(let initiator):
            guard let handshake, sealed == nil else {
                state = .greeting(initiator)
                return .nothing
            }
            lastPayload = payload
            return greeted(initiator, handshake)
        case .reporting(let finished, let cipher, let proof):
            guard let handshake, let sealed else {
                state = .reporting(finished, cipher, proof)
                return .nothing
            }
            lastPayload = payload
            return authenticated(finished, cipher, proof, handshake, sealed)
        case .confirming(let cipher):
            return answered(cipher, handshake == nil ? sealed : nil)
        case let other:
            state = other
            return .nothing
        }
    }

    /// Takes the identity key's answer to `.perform`.
    public mutating func provide(_ result: consuming LongTermResult) -> DeviceEvent {
        guard case .proving(let waiting) = exchange(&state, with: .over), let peer else {
            preconditionFailure("no operation of the identity key is due")
        }
        do throws(EDHOCError) {
            let finished = try waiting.finish(result)
            var cipher = SessionCipher(
                side: .toServer,
                fleet: profile.fleet,
                suite: finished.suite,
                crypto: crypto
            ) { finished.exporter(label: $0, context: $1, count: $2) }
            let proof = PossessionProof(fleet: profile.fleet, crypto: crypto) {
                finished.exporter(label: $0, context: $1, count: $2)
            }
            password = KeyMaterial(
                finished.exporter(
                    label: Profile.ExporterLabel.brokerPassword.rawValue,
                    context: SessionCipher.context(profile.fleet),
                    count: BrokerPassword.length
                )
            )
            let sealed: [UInt8]
            do { sealed = try cipher.seal(report) } catch { return .failed(.crypto(error)) }
            outgoing =
                Frame.next(peer, handshake: finished.message3, sealed: sealed).encoded
            state = .reporting(finished, cipher, proof)
            return .send(outgoing)
        } catch {
            return .failed(.handshake(error))
        }
    }

    /// Takes what became of the offered keys, once it is durable.
    public mutating func installed(_ results: [InstallResult]) -> DeviceEvent {
        guard case .installing(let offer, let cipher, let proof) = exchange(&state, with: .over)
        else { preconditionFailure("no offer is open") }
        let confirmations = offer.keys.map { key in
            guard
                let result = results.first(where: { $0.name == key.name && $0.epoch == key.epoch })
            else { preconditionFailure("no result for \(key.name)") }
            return Confirmation(
                name: key.name,
                epoch: key.epoch,
                result: result.failure.map { .failure($0) }
                    ?? .proof(proof.make(key, operation: offer.operation))
            )
        }
        return say(Confirm(operation: offer.operation, results: confirmations), cipher)
    }

    /// Takes what a retirement destroyed, once it is durable.
    public mutating func destroyed(_ keys: [DestroyedKey]) -> DeviceEvent {
        guard case .destroying(let retire, let cipher) = exchange(&state, with: .over) else {
            preconditionFailure("no retirement is open")
        }
        let receipt = Receipt(
            operation: retire.operation,
            counter: retire.counter,
            destroyed: Array(keys.prefix(Receipt.limit))
        )
        return say(receipt, cipher)
    }

    /// The password of the device's account at the broker, which an enrolment agrees on.
    ///
    /// It counts only once the server has answered with anything but a refusal.
    public func brokerPassword() -> KeyMaterial? { password }

    // MARK: - Steps

    private mutating func greeted(
        _ initiator: consuming Initiator,
        _ message2: [UInt8]
    ) -> DeviceEvent {
        do throws(EDHOCError) {
            let received = try initiator.receive(message2: message2, understood: [])
            peer = received.peerConnectionID
            let verified = try received.verify(peer: profile.server, own: profile.own)
            var ead3: [EADItem] = []
            if let token {
                let message = EnrolmentProof.message(
                    messageOneDigest: verified.messageOneDigest,
                    ephemeralY: verified.ephemeralY,
                    credential: profile.own
                )
                ead3 = [EnrolmentProof(token: token, message: message, crypto: crypto).item]
            }
            let waiting = try verified.prepare(as: profile.own, ead3: ead3)
            let operation = waiting.operation
            state = .proving(waiting)
            return .perform(operation)
        } catch {
            return .failed(.handshake(error))
        }
    }

    private mutating func authenticated(
        _ finished: consuming InitiatorFinished,
        _ cipher: consuming SessionCipher,
        _ proof: consuming PossessionProof,
        _ message4: [UInt8],
        _ sealed: [UInt8]
    ) -> DeviceEvent {
        do throws(EDHOCError) {
            _ = try finished.receive(message4: message4, understood: [])
        } catch {
            return .failed(.handshake(error))
        }
        guard let plaintext = cipher.open(sealed) else {
            return .failed(.message(MessageError("the message beside message_4 does not open")))
        }
        do throws(MessageError) {
            switch try MessageType(of: plaintext) {
            case .offer:
                let offer = try plaintext.parse(Offer.self)
                state = .installing(offer, cipher, proof)
                return .install(offer)
            case .retire:
                let retire = try plaintext.parse(Retire.self)
                state = .destroying(retire, cipher)
                return .retire(retire)
            case .settle: return .settle(try plaintext.parse(Settle.self))
            case .problem: return .refused(try plaintext.parse(Problem.self))
            case let other: throw MessageError("want an answer to REPORT, have \(other)")
            }
        } catch {
            return .failed(.message(error))
        }
    }

    private mutating func answered(
        _ cipher: consuming SessionCipher,
        _ sealed: [UInt8]?
    ) -> DeviceEvent {
        guard let sealed, let plaintext = cipher.open(sealed) else {
            state = .confirming(cipher)
            return .nothing
        }
        do throws(MessageError) {
            switch try MessageType(of: plaintext) {
            case .settle: return .settle(try plaintext.parse(Settle.self))
            case .problem: return .refused(try plaintext.parse(Problem.self))
            case let other: throw MessageError("want SETTLE, have \(other)")
            }
        } catch {
            return .failed(.message(error))
        }
    }

    private mutating func say(
        _ message: some SessionMessage,
        _ cipher: consuming SessionCipher
    ) -> DeviceEvent {
        guard let peer else { preconditionFailure("message_2 has named the peer") }
        do throws(CryptoError) {
            let sealed = try cipher.seal(message)
            outgoing = Frame.next(peer, handshake: nil, sealed: sealed).encoded
            state = .confirming(cipher)
            return .send(outgoing)
        } catch {
            return .failed(.crypto(error))
        }
    }

    /// An error message is a hint from nobody in particular: it ends a handshake, which costs a retry,
    /// and is ignored where a session has keys of its own.
    private mutating func heard(_ message: EDHOCErrorMessage) -> DeviceEvent {
        switch exchange(&state, with: .over) {
        case .greeting: return .failed(.peerError(message))
        case .reporting: return .failed(.peerError(message))
        case let other:
            state = other
            return .nothing
        }
    }
}
