internal import EDHOC
internal import KeyExchange
internal import Secrets

/// One device, all in memory: the real session machine over a store that forgets.
final class SimulatedDevice {
    /// What the load loop does next for this device.
    enum Step {
        case nothing
        case send([UInt8])
        case done
        case failed(String)
    }

    let id: DeviceID
    private let fleet: FleetID
    private let server: Credential
    private let crypto: any Crypto
    private let key: SoftwareKey
    private let ccs: [UInt8]
    private var held: [KeyName: [Report.HeldEpoch]] = [:]
    private var session: DeviceSession?
    /// C_I of the session under way.
    private(set) var connection = ConnectionID([])
    /// Payload bytes of the session under way, both ways.
    private(set) var wireBytes = 0
    /// Whether the session that ended last brought a key into use.
    private(set) var hasNewKey = false
    /// What to send again after a silence.
    private(set) var outgoing: [UInt8] = []

    init(id: DeviceID, fleet: FleetID, server: Credential, crypto: any Crypto) throws {
        self.id = id
        self.fleet = fleet
        self.server = server
        self.crypto = crypto
        let agreement = try crypto.generateAgreementKey(.p256)
        key = SoftwareKey(agreement)
        ccs = CCS.encode(
            subject: id.description,
            kid: try crypto.randomBytes(Profile.kidLength),
            curve: .p256,
            publicKey: agreement.publicKey
        )
    }

    /// Begins a session: by value with a token, or by kid.
    func begin(token: EnrolmentToken?) throws -> [UInt8] {
        connection = ConnectionID(try crypto.randomBytes(Profile.connectionIDLength))
        let own = try Credential(ccs: ccs, sentByValue: token != nil)
        let report = Report(
            agentVersion: "load",
            store: .file,
            level: .software,
            lastOrder: 0,
            keys: held.sorted { $0.key < $1.key }.map { .init(name: $0.key, epochs: $0.value) }
        )
        let begun = try DeviceSession(
            profile: DeviceProfile(fleet: fleet, server: server, own: own),
            token: token,
            report: report,
            connectionID: connection,
            crypto: crypto
        )
        let first = begun.outgoing
        session = consume begun
        wireBytes = first.count
        hasNewKey = false
        outgoing = first
        return first
    }

    /// Takes a payload for this device.
    func receive(_ payload: [UInt8]) -> Step {
        guard var open = session.take() else { return .nothing }
        var event = open.receive(payload)
        if case .nothing = event {
            session = consume open
            return .nothing
        }
        wireBytes += payload.count
        while true {
            switch event {
            case .nothing:
                session = consume open
                return .nothing
            case .send(let bytes):
                wireBytes += bytes.count
                outgoing = bytes
                session = consume open
                return .send(bytes)
            case .perform(let operation):
                guard let result = try? key.performNow(operation) else {
                    return .failed("the identity key failed")
                }
                event = open.provide(result)
            case .install(let offer):
                event = open.installed(install(offer))
            case .settle(let settle):
                apply(settle)
                return .done
            case .retire: event = open.destroyed([])
            case .refused(let problem): return .failed("\(problem)")
            case .failed(let failure): return .failed("\(failure)")
            }
        }
    }

    private func install(_ offer: Offer) -> [InstallResult] {
        offer.keys.map { key in
            let check = Thumbprint(of: key.material.secret, crypto: crypto).check
            held[key.name, default: []].removeAll { $0.epoch == key.epoch }
            held[key.name, default: []].append(
                .init(epoch: key.epoch, state: .pending, check: check)
            )
            return InstallResult(name: key.name, epoch: key.epoch, failure: nil)
        }
    }

    private func apply(_ settle: Settle) {
        for verdict in settle.verdicts {
            guard case .activate(let epoch, _) = verdict.action else { continue }
            // Grace is of no interest here: the older generation goes at once.
            hasNewKey = true
            held[verdict.name] = held[verdict.name]?.filter { $0.epoch == epoch }.map {
                .init(epoch: $0.epoch, state: .primary, check: $0.check)
            }
        }
    }
}
