import AgentKit
import EDHOC
import KeyExchange
import MbedCrypto
import Secrets

/// A server that behaves, without a disk: one fleet, desired keys, and a wish to retire.
actor FakeServer {
    private final class Conversation {
        var session: ServerSession
        let key: SoftwareKey
        init(_ session: consuming ServerSession, _ key: SoftwareKey) {
            self.session = session
            self.key = key
        }
    }

    private let credential: Credential
    private let key: SoftwareKey
    /// The next identity, once there is one, and whether the old one is gone.
    private var next: (generation: UInt32, credential: Credential, key: SoftwareKey)?
    private var hasSwitched = false
    /// What the next SETTLE announces.
    private var announcement: [UInt8]?
    private let token: EnrolmentToken?
    private var conversations: [[UInt8]: Conversation] = [:]
    private var greetings: [[UInt8]: Conversation] = [:]

    /// The devices that were let in.
    private(set) var devices: [Credential] = []
    /// The account that the last enrolment agreed on.
    private(set) var account: KeyMaterial?
    /// Keys that every device shall hold.
    private var desired: [OfferedKey] = []
    /// What the device has proved to hold.
    private(set) var settled: [String] = []
    /// The receipt of the device's end.
    private(set) var receipt: Receipt?
    /// Reports as they came.
    private(set) var reports: [Report] = []
    private(set) var failures: [FailureKind] = []
    private var retirement: Retire?
    /// What a device hears that lacks nothing.
    private var verdicts: [Verdict] = []
    /// The server's clock.
    private var time: UInt64 = 1_800_000_000
    private var refusal: Problem?
    private var suites = Profile.suites
    /// The generation of its identity that each handshake asked for.
    private(set) var hints: [UInt32?] = []
    /// Handshakes that were refused because of their suite.
    private(set) var unsuited = 0

    init(credential: Credential, key: any AgreementKey, token: EnrolmentToken?) {
        self.credential = credential
        self.key = SoftwareKey(key)
        self.token = token
    }

    func desire(
        _ name: KeyName,
        _ number: UInt32,
        _ byte: UInt8,
        grace: UInt32 = 60,
        lease: UInt32 = 0
    ) {
        guard let epoch = Epoch(number) else { return }
        desired.removeAll { $0.name == name }
        desired.append(
            OfferedKey(
                name: name,
                epoch: epoch,
                algorithm: .aes256GCM,
                use: .both,
                graceSeconds: grace,
                leaseSeconds: lease,
                material: material(byte, count: 32)
            )
        )
        desired.sort { $0.name < $1.name }
    }

    func refuse(_ problem: Problem?) { refusal = problem }

    /// Tells every device of this anchor, or of none.
    func announce(_ announcement: [UInt8]?) { self.announcement = announcement }

    /// Answers those who know it by another identity, too.
    func take(_ generation: UInt32, _ credential: Credential, _ key: any AgreementKey) {
        next = (generation, credential, SoftwareKey(key))
    }

    /// The first identity is gone, or is back.
    func setSwitched(_ hasSwitched: Bool) { self.hasSwitched = hasSwitched }

    /// As from an old backup: only the first identity is known.
    func forgetNext() { next = nil }

    /// Wants nothing more of anyone.
    func satisfy() { desired.removeAll() }

    func say(_ verdicts: [Verdict]) { self.verdicts = verdicts }

    func accept(_ suites: [CipherSuite.ID]) { self.suites = suites }

    func retire(_ scope: RetireScope, counter: UInt64) throws {
        retirement = Retire(
            operation: try OperationID(crypto: crypto),
            counter: counter,
            scope: scope
        )
    }

    /// Sets the server's clock.
    func setTime(_ time: UInt64) { self.time = time }

    /// As after a restored backup: no kid is known any more.
    func forgetDevices() { devices.removeAll() }

    /// As after `kill -9`: what was under way is forgotten.
    func forgetSessions() {
        conversations.removeAll()
        greetings.removeAll()
    }

    func handle(_ payload: [UInt8], from topic: String) -> [UInt8]? {
        guard let frame = try? Frame(parsing: payload) else { return nil }
        switch frame {
        case .error: return nil
        case .start(let message1):
            if let known = greetings[payload] { return work(known, known.session.receive(payload)) }
            do { return try greet(payload, message1) } catch let error as EDHOCError {
                switch error.code {
                case .unsupportedSuite: unsuited += 1
                case .unknownCredential: break
                default: return nil
                }
                return Frame.refusal(of: message1, because: error)?.encoded
            } catch {
                return nil
            }
        case .next(let connection, _, _):
            guard let known = conversations[connection.bytes] else { return nil }
            return work(known, known.session.receive(payload))
        }
    }

    private func greet(_ payload: [UInt8], _ message1: [UInt8]) throws -> [UInt8]? {
        let connection = ConnectionID(try crypto.randomBytes(Profile.connectionIDLength))
        let suites = suites
        var identity: (credential: Credential, key: SoftwareKey)?
        let conversation = Conversation(
            try ServerSession.begin(
                payload: payload,
                message1: message1,
                fleet: fleet,
                responder: { hint in
                    hints.append(hint)
                    if let next, hint == next.generation {
                        identity = (next.credential, next.key)
                    } else if !hasSwitched, hint ?? 1 == 1 {
                        identity = (credential, key)
                    }
                    return identity.map { identity in
                        Responder(
                            credential: identity.credential,
                            methods: [Profile.method],
                            suites: suites,
                            crypto: crypto
                        )
                    }
                },
                connection: connection,
                crypto: crypto
            ),
            identity?.key ?? key
        )
        conversations[connection.bytes] = conversation
        greetings[payload] = conversation
        return work(conversation, .perform(conversation.session.operation))
    }

    private func work(_ conversation: Conversation, _ first: ServerEvent) -> [UInt8]? {
        var event = first
        while true {
            switch event {
            case .nothing, .failed: return nil
            case .send(let bytes), .sendAndClose(let bytes), .failedTelling(_, let bytes):
                return bytes
            case .perform(let operation):
                guard let result = try? conversation.key.performNow(operation) else { return nil }
                event = conversation.session.provide(result)
            case .identify(let id):
                let byValue = id.credentialByValue.flatMap {
                    try? Credential(ccs: $0, sentByValue: true)
                }
                let known = devices.first { $0.id.kid == id.kid }
                event = conversation.session.identified(byValue ?? known)
            case .reconcile(let introduction):
                event = conversation.session.decided(decide(introduction))
            case .confirm(let operation, let results, let verdicts):
                failures += results.compactMap(\.failure)
                event = conversation.session.settled(
                    settle(operation, verdicts + confirmed(results))
                )
            case .acknowledge(let receipt):
                self.receipt = receipt
                event = conversation.session.settled(
                    settle(receipt.operation, [])
                )
            }
        }
    }

    private func decide(_ introduction: Introduction) -> Decision {
        reports.append(introduction.report)
        if let refusal { return .refuse(refusal) }
        if introduction.isByValue,
            !devices.contains(where: { $0.encoded == introduction.credential.encoded })
        {
            if let token {
                let isValid = introduction.enrolment?.isValid(
                    secret: token.secret.secret,
                    message: introduction.enrolmentMessage,
                    crypto: crypto
                )
                guard isValid == true else { return .refuse(Problem(.tokenProofWrong)) }
            }
            if let known = try? Credential(
                ccs: introduction.credential.encoded,
                sentByValue: false
            ) {
                devices.append(known)
            }
        }
        if introduction.isByValue { account = introduction.brokerPassword }
        if let retirement { return .retire(retirement) }
        let held = Dictionary(
            uniqueKeysWithValues: introduction.report.keys.map { ($0.name, $0.epochs) }
        )
        let missing = desired.filter { key in
            held[key.name]?.contains { $0.epoch == key.epoch && $0.state == .primary } != true
        }
        guard let operation = try? OperationID(crypto: crypto) else {
            return .refuse(Problem(.serverFailed))
        }
        guard !missing.isEmpty else {
            return .settle(settle(operation, verdicts))
        }
        return .offer(Offer(operation: operation, keys: missing), verdicts: [])
    }

    private func settle(_ operation: OperationID, _ verdicts: [Verdict]) -> Settle {
        Settle(operation: operation, verdicts: verdicts, time: time, anchor: announcement)
    }

    private func confirmed(_ results: [InstallResult]) -> [Verdict] {
        results.filter { $0.failure == nil }.compactMap { result in
            guard let key = desired.first(where: { $0.name == result.name }) else { return nil }
            settled.append("\(result.name) \(result.epoch)")
            return Verdict(
                name: result.name,
                action: .activate(result.epoch, graceSeconds: key.graceSeconds)
            )
        }
    }
}
