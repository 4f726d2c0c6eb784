internal import EDHOC
internal import KeyExchange
internal import Secrets

/// A device that does whatever its session asks for, and checks the order of it.
struct ToyDevice: ~Copyable {
    var session: DeviceSession
    private let choice: UInt8
    private var isOver = false

    /// Bit 0 chooses between enrolment and a known device, bit 3 whether it can store keys, bit 4 how old
    /// its agent is.
    init(choice: UInt8) throws {
        self.choice = choice
        let enrols = choice & 1 == 0
        session = try DeviceSession(
            profile: DeviceProfile(
                fleet: SessionFuzz.fleet,
                server: HandshakeFuzz.hall,
                anchor: choice & 16 == 0 ? 0 : 2,
                own: enrols ? HandshakeFuzz.lampByValue : HandshakeFuzz.lamp
            ),
            token: enrols ? SessionFuzz.token : nil,
            report: Report(
                agentVersion: "1",
                store: .file,
                level: .software,
                lastOrder: 0,
                keys: [
                    Report.HeldKey(
                        name: KeyName(checked: "data"),
                        epochs: [
                            Report.HeldEpoch(epoch: .first, state: .primary, check: zeros(8))
                        ]
                    )
                ],
                instance: choice & 16 == 0 ? nil : zeros(8),
                anchor: choice & 16 == 0 ? 0 : 2
            ),
            connectionID: HandshakeFuzz.lampID,
            crypto: SessionFuzz.crypto
        )
    }

    /// Takes a payload; the result is what it sends.
    mutating func take(_ payload: [UInt8]) -> [UInt8]? {
        var event = session.receive(payload)
        while true {
            if case .nothing = event { return nil }
            precondition(!isOver, "a session that is over goes on")
            switch event {
            case .nothing: return nil
            case .send(let payload):
                precondition(session.outgoing == payload, "what is sent again is something else")
                return payload
            case .perform: event = session.provide(.shared(zeroSecret(32)))
            case .install(let offer):
                let failure: FailureKind? = choice & 8 == 0 ? nil : .storeFull
                event = session.installed(
                    offer.keys.map {
                        InstallResult(name: $0.name, epoch: $0.epoch, failure: failure)
                    }
                )
            case .retire:
                let thumbprint = Thumbprint(of: zeroSecret(32), crypto: SessionFuzz.crypto)
                event = session.destroyed([
                    DestroyedKey(
                        name: KeyName(checked: "data"),
                        epoch: .first,
                        thumbprint: thumbprint
                    )
                ])
            case .settle, .refused, .failed:
                isOver = true
                return nil
            }
        }
    }
}
