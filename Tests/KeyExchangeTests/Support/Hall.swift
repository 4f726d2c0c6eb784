import EDHOC
import KeyExchange
import Secrets
import Testing

/// A server with a registry in memory: state decides, each answer follows from the report.
final class Hall {
    /// What a session made the server do.
    enum Effect: Hashable {
        case reconciled
        case confirmed([InstallResult])
        case acknowledged(Receipt)
        case failed(SessionFailure)
    }
    struct Token {
        let secret: KeyMaterial
        var owner: [UInt8]?
    }
    /// One session behind a reference, so that an array can hold it.
    final class Box {
        var session: ServerSession
        var isOpen = true
        /// The identity that answers.
        let key: SoftwareKey
        init(_ session: consuming ServerSession, _ key: SoftwareKey) {
            self.session = session
            self.key = key
        }
    }

    let fleet: FleetID
    let party: Party
    let crypto: any Crypto
    var suites: [CipherSuite.ID] = [3, 2]
    /// Who answers a device that names a generation.
    var anchors: [UInt32: Party] = [:]
    /// What the clock shows.
    var time: UInt64 = 1_800_000_000
    /// What goes with each settlement.
    var announcement: [UInt8]?
    /// What is said of keys on top of what they need.
    var remarks: [Verdict] = []
    var known: [[UInt8]: Credential] = [:]
    var tokens: [[UInt8]: Token] = [:]
    var desired: [OfferedKey] = []
    var retirement: Retire?
    var refusal: ProblemCode?
    var effects: [Effect] = []
    var introductions: [Introduction] = []
    var sessions: [Box] = []
    var operations: UInt8 = 0xa0

    init(_ party: Party, fleet: FleetID = .berlin, crypto: any Crypto) {
        self.party = party
        self.fleet = fleet
        self.crypto = crypto
    }

    /// Takes a payload from any channel; the result is what it sends.
    func take(_ payload: [UInt8]) throws -> [UInt8]? {
        for box in sessions {
            if let answer = try act(box.session.receive(payload), box) { return answer }
        }
        guard case .start(let message1)? = try? Frame(parsing: payload) else { return nil }
        do {
            let anchors = anchors
            var chosen = party
            let session = try ServerSession.begin(
                payload: payload,
                message1: message1,
                fleet: fleet,
                responder: { hint in
                    guard let party = hint.map({ anchors[$0] }) ?? party else { return nil }
                    chosen = party
                    return Responder(
                        credential: party.credential,
                        methods: [Profile.method],
                        suites: suites,
                        crypto: crypto
                    )
                },
                connection: ConnectionID(eight(0xd0 + UInt8(sessions.count))),
                crypto: crypto
            )
            let operation = session.operation
            let box = Box(session, chosen.key)
            sessions.append(box)
            return try act(box.session.provide(box.key.performNow(operation)), box)
        } catch let error as EDHOCError {
            effects.append(.failed(.handshake(error)))
            return Frame.refusal(of: message1, because: error)?.encoded
        }
    }

    private func act(_ event: ServerEvent, _ box: Box) throws -> [UInt8]? {
        switch event {
        case .nothing: return nil
        case .send(let payload): return payload
        case .sendAndClose(let payload):
            box.isOpen = false
            return payload
        case .perform(let operation):
            return try act(box.session.provide(box.key.performNow(operation)), box)
        case .identify(let id):
            let found =
                if let ccs = id.credentialByValue {
                    try Credential(ccs: ccs, sentByValue: true)
                } else {
                    id.kid.flatMap { known[$0] }
                }
            return try act(box.session.identified(found), box)
        case .reconcile(let introduction):
            effects.append(.reconciled)
            introductions.append(introduction)
            return try act(box.session.decided(try decide(introduction)), box)
        case .confirm(let operation, let results, let verdicts):
            effects.append(.confirmed(results))
            let settle = Settle(
                operation: operation,
                verdicts: verdicts + results.map(Self.verdict),
                time: time,
                anchor: announcement
            )
            return try act(box.session.settled(settle), box)
        case .acknowledge(let receipt):
            effects.append(.acknowledged(receipt))
            let settle = Settle(operation: receipt.operation, verdicts: [], time: time)
            return try act(box.session.settled(settle), box)
        case .failed(let failure):
            box.isOpen = false
            effects.append(.failed(failure))
            return nil
        case .failedTelling(let failure, let payload):
            box.isOpen = false
            effects.append(.failed(failure))
            return payload
        }
    }

    private static func verdict(_ result: InstallResult) -> Verdict {
        let action: Verdict.Action =
            result.failure == nil
            ? .activate(result.epoch, graceSeconds: 3600) : .discard(result.epoch)
        return Verdict(name: result.name, action: action)
    }

    private func decide(_ introduction: Introduction) throws -> Decision {
        if let problem = admit(introduction) { return .refuse(problem) }
        if let refusal { return .refuse(Problem(refusal, text: "because")) }
        if let retirement { return .retire(retirement) }
        var missing: [OfferedKey] = []
        var verdicts = remarks
        for key in desired {
            let held = introduction.report.keys.first { $0.name == key.name }
            switch held?.epochs.first(where: { $0.epoch == key.epoch })?.state {
            case .primary, .suspended: continue
            case .pending:
                verdicts.append(
                    Verdict(name: key.name, action: .activate(key.epoch, graceSeconds: 3600))
                )
            case .grace, .gone, nil: missing.append(key)
            }
        }
        operations &+= 1
        let operation = try #require(OperationID(bytes: eight(operations)))
        return missing.isEmpty
            ? .settle(
                Settle(operation: operation, verdicts: verdicts, time: time, anchor: announcement)
            )
            : .offer(Offer(operation: operation, keys: missing), verdicts: verdicts)
    }

    private func admit(_ introduction: Introduction) -> Problem? {
        let credential = introduction.credential
        if known.values.contains(where: { $0.encoded == credential.encoded }) { return nil }
        guard let proof = introduction.enrolment else { return Problem(.unknownDevice) }
        guard let token = tokens[proof.tokenID] else { return Problem(.tokenUnknown) }
        let isValid = proof.isValid(
            secret: token.secret.secret,
            message: introduction.enrolmentMessage,
            crypto: crypto
        )
        guard isValid else { return Problem(.tokenProofWrong) }
        guard token.owner ?? credential.encoded == credential.encoded else {
            return Problem(.tokenUsedUp)
        }
        tokens[proof.tokenID]?.owner = credential.encoded
        guard let named = try? Credential(ccs: credential.encoded, sentByValue: false),
            let kid = named.id.kid
        else { return Problem(.malformed) }
        known[kid] = named
        return nil
    }
}
