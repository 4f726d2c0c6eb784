internal import EDHOC
internal import KeyExchange
internal import Secrets

/// A server that decides by its choices alone, and checks the order of events.
final class ToyServer {
    private var session: ServerSession
    private let choice: UInt8
    private var isReconciled = false
    private let operation: OperationID

    /// Bits 1 and 2 choose the decision: offer, settle, retire or refuse.
    init(choice: UInt8, first: [UInt8]) throws {
        guard case .start(let message1) = try Frame(parsing: first),
            let operation = OperationID(bytes: zeros(8))
        else { throw EDHOCError(.malformed, "want message_1") }
        self.choice = choice
        self.operation = operation
        session = try ServerSession.begin(
            payload: first,
            message1: message1,
            fleet: SessionFuzz.fleet,
            responder: { _ in HandshakeFuzz.responder },
            connection: HandshakeFuzz.hallID,
            crypto: SessionFuzz.crypto
        )
    }

    /// Lets the identity key answer, once; the result is message_2.
    func start() -> [UInt8]? { act(session.provide(.shared(zeroSecret(32)))) }

    /// Takes a payload; the result is what it sends.
    func take(_ payload: [UInt8]) -> [UInt8]? { act(session.receive(payload)) }

    private func act(_ first: ServerEvent) -> [UInt8]? {
        var event = first
        while true {
            switch event {
            case .nothing, .failed: return nil
            case .send(let payload), .sendAndClose(let payload), .failedTelling(_, let payload):
                return payload
            case .perform: preconditionFailure("the identity key is asked once")
            case .identify(let id): event = session.identified(find(id))
            case .reconcile:
                precondition(!isReconciled, "a report is taken twice")
                isReconciled = true
                event = session.decided(decision)
            case .confirm(let operation, let results, _):
                precondition(isReconciled && !results.isEmpty)
                event = session.settled(settle(operation))
            case .acknowledge(let receipt):
                precondition(isReconciled)
                event = session.settled(settle(receipt.operation))
            }
        }
    }

    private func settle(_ operation: OperationID, _ verdicts: [Verdict] = []) -> Settle {
        Settle(operation: operation, verdicts: verdicts, time: 1, anchor: zeros(3))
    }

    private func find(_ id: CredentialID) -> Credential? {
        guard let ccs = id.credentialByValue else {
            return id == HandshakeFuzz.lamp.id ? HandshakeFuzz.lamp : nil
        }
        return try? Credential(ccs: ccs, sentByValue: true)
    }

    private var decision: Decision {
        let name = KeyName(checked: "data")
        switch choice >> 1 & 3 {
        case 0:
            let key = OfferedKey(
                name: name,
                epoch: .first,
                algorithm: .aes256GCM,
                use: .both,
                graceSeconds: 60,
                leaseSeconds: 0,
                material: KeyMaterial(zeroSecret(32))
            )
            return .offer(Offer(operation: operation, keys: [key]), verdicts: [])
        case 1:
            let verdict = Verdict(name: name, action: .activate(.first, graceSeconds: 60))
            let discard = Verdict(name: name, action: .discard(.first))
            let remove = Verdict(name: name, action: .remove)
            let suspend = Verdict(name: name, action: .suspend(.first))
            let resume = Verdict(name: name, action: .resume(.first))
            return .settle(settle(operation, [verdict, discard, remove, suspend, resume]))
        case 2:
            let scope: RetireScope = choice & 8 == 0 ? .device : .keys([name])
            return .retire(Retire(operation: operation, counter: 1, scope: scope))
        default:
            return .refuse(Problem(.tokenExpired, operation: operation, text: "no"))
        }
    }
}
