import EDHOC
import KeyExchange
import Secrets

/// A device that does at once what its session asks for.
final class Lamp {
    /// What a session made the device do.
    enum Effect: Hashable {
        case installed([KeyName])
        case settled
        case retired
        case refused(ProblemCode)
        case failed(SessionFailure)
    }

    let party: Party
    let crypto: any Crypto
    var pocket: Pocket
    var session: DeviceSession
    var effects: [Effect] = []
    var lastSettle: Settle?
    var lastProblem: Problem?

    init(
        _ party: Party,
        hall: Credential,
        fleet: FleetID = .berlin,
        token: EnrolmentToken? = nil,
        pocket: Pocket? = nil,
        anchor: UInt32 = 0,
        suites: [CipherSuite.ID] = [3],
        connection: ConnectionID = ConnectionID(eight(0xc1)),
        crypto: any Crypto
    ) throws {
        self.party = party
        self.crypto = crypto
        let store = pocket ?? Pocket(crypto: crypto)
        self.pocket = store
        session = try DeviceSession(
            profile: DeviceProfile(
                fleet: fleet,
                server: hall,
                anchor: anchor,
                own: party.credential
            ),
            token: token,
            report: store.report,
            connectionID: connection,
            suites: suites,
            crypto: crypto
        )
    }

    /// Takes a payload; the result is what it sends.
    func take(_ payload: [UInt8]) throws -> [UInt8]? { try act(session.receive(payload)) }

    func act(_ event: DeviceEvent) throws -> [UInt8]? {
        switch event {
        case .nothing: return nil
        case .send(let payload): return payload
        case .perform(let operation):
            return try act(session.provide(party.key.performNow(operation)))
        case .install(let offer):
            effects.append(.installed(offer.keys.map(\.name)))
            return try act(session.installed(pocket.install(offer)))
        case .retire(let retire):
            effects.append(.retired)
            return try act(session.destroyed(pocket.destroy(retire)))
        case .settle(let settle):
            effects.append(.settled)
            lastSettle = settle
            pocket.apply(settle)
        case .refused(let problem):
            effects.append(.refused(problem.code))
            lastProblem = problem
        case .failed(let failure): effects.append(.failed(failure))
        }
        return nil
    }

    var password: KeyMaterial? { session.brokerPassword() }

    var isSettled: Bool { effects.last == .settled }

    /// Whether the server's word has changed anything here.
    var hasActed: Bool {
        effects.contains { effect in
            switch effect {
            case .installed, .settled, .retired: true
            case .refused, .failed: false
            }
        }
    }
}
