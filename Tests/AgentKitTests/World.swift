import AgentKit
import EDHOC
import KeyExchange
import MbedCrypto
import Secrets
import Synchronization

/// A broker in memory that may lose, repeat and invent, with a server behind it.
final class World: Transport {
    /// What becomes of one message.
    enum Fate: Sendable { case pass, drop, twice }

    private struct State {
        var links: [FakeLink] = []
        var isUp = true
        var refusals = 0
        var refusedLinks = 0
        var sent: [(topic: String, payload: [UInt8])] = []
        var fate: @Sendable (_ topic: String, _ number: Int) -> Fate = { _, _ in .pass }
        var count = 0

        mutating func nextFate(_ topic: String) -> Fate {
            count += 1
            return fate(topic, count)
        }
    }

    private let state = Mutex(State())
    let server: FakeServer
    let bundle: Bundle
    /// Signs the fleet's orders.
    let commandKey: any SigningKey

    init(token: Bool = true, isOld: Bool = false, kid: [UInt8] = Array(1...8)) throws {
        commandKey = try crypto.generateSigningKey(.es256)
        let key = try crypto.generateAgreementKey(.p256)
        let ccs = CCS.encode(
            subject: nil,
            kid: kid,
            curve: .p256,
            publicKey: key.publicKey
        )
        let credential = try Credential(ccs: ccs, sentByValue: false)
        let token = token ? EnrolmentToken(id: Array(1...8), secret: material(5, count: 32)) : nil
        server = FakeServer(credential: credential, key: key, token: token)
        bundle = Bundle(
            fleet: fleet,
            group: GroupName(checked: "lamps"),
            broker: Bundle.Broker(host: "127.0.0.1", port: 1883, authority: []),
            enrolPassword: material(0x61, count: 16),
            server: credential,
            commandKey: isOld ? nil : commandKey.publicKey,
            anchor: isOld ? 0 : 1,
            token: token,
            expires: nil
        )
    }

    /// Decides what becomes of each message from now on.
    func setFate(_ fate: @escaping @Sendable (_ topic: String, _ number: Int) -> Fate) {
        state.withLock { $0.fate = fate }
    }

    /// What agents have sent.
    var sent: [(topic: String, payload: [UInt8])] { state.withLock(\.sent) }

    /// Lets the broker go down or come back.
    func setUp(_ isUp: Bool) {
        let links = state.withLock { state in
            state.isUp = isUp
            return state.links
        }
        for link in links { link.deliver(isUp ? .connected : .disconnected("the broker is down")) }
    }

    func link(_ settings: LinkSettings) throws(LinkError) -> any Link {
        FakeLink(settings, self)
    }

    /// Lets the broker refuse the device's own account so many times on each of its next links.
    func refuseAccount(times: Int, links: Int = 1) {
        state.withLock { ($0.refusals, $0.refusedLinks) = (times, links) }
    }

    func joined(_ link: FakeLink) {
        let (isUp, refusals) = state.withLock { state in
            state.links.append(link)
            guard link.settings.username != "@enrol" else { return (state.isUp, 0) }
            guard state.refusedLinks > 0 else { return (state.isUp, 0) }
            state.refusedLinks -= 1
            return (state.isUp, state.refusals)
        }
        for _ in 0..<refusals { link.deliver(.refused("bad password")) }
        guard refusals == 0 else { return }
        link.deliver(isUp ? .connected : .disconnected("the broker is down"))
    }

    func left(_ link: FakeLink) { state.withLock { $0.links.removeAll { $0 === link } } }

    /// A message from an agent.
    func publish(_ payload: [UInt8], to topic: String) throws(LinkError) {
        let fate = state.withLock { state -> Fate? in
            guard state.isUp else { return nil }
            state.sent.append((topic, payload))
            return state.nextFate(topic)
        }
        guard let fate else { throw LinkError("the broker is down") }
        for _ in 0..<fate.copies {
            Task {
                let answer = await server.handle(payload, from: topic)
                if let answer { deliver(answer, to: topic.dropLast(2) + "down") }
            }
        }
    }

    /// A message to the agents that read this topic.
    func deliver(_ payload: [UInt8], to topic: String, isRetained: Bool = false) {
        let (links, fate) = state.withLock { state in (state.links, state.nextFate(topic)) }
        for link in links where link.settings.topics.contains(topic) {
            for _ in 0..<fate.copies {
                link.deliver(.message(topic: topic, payload: payload, isRetained: isRetained))
            }
        }
    }

    func order(_ payload: [UInt8]) {
        deliver(payload, to: "latchkey/1/\(fleet)/device/\(lamp)/order", isRetained: true)
    }

    func nudge(isRetained: Bool = false) {
        deliver([], to: "latchkey/1/\(fleet)/device/\(lamp)/nudge", isRetained: isRetained)
    }
}

extension World.Fate {
    fileprivate var copies: Int {
        switch self {
        case .pass: 1
        case .drop: 0
        case .twice: 2
        }
    }
}

/// An agent's connection to the broker in memory.
final class FakeLink: Link {
    let settings: LinkSettings
    private let world: World
    private let sink = Mutex<(@Sendable (LinkEvent) -> Void)?>(nil)

    init(_ settings: LinkSettings, _ world: World) {
        self.settings = settings
        self.world = world
    }

    func start(_ deliver: @escaping @Sendable (LinkEvent) -> Void) async throws(LinkError) {
        sink.withLock { $0 = deliver }
        world.joined(self)
    }

    func send(_ payload: [UInt8], to topic: String) throws(LinkError) {
        try world.publish(payload, to: topic)
    }

    func close() async { world.left(self) }

    func deliver(_ event: LinkEvent) { sink.withLock(\.self)?(event) }
}
